"""A recommender learned from past orders: what each customer buys within the next weeks.

The words of this subpackage:

- moment: a day at which the past is what was bought before it; everything a model sees of a moment was known then.
- horizon: for how many days after a moment purchases count as what came next.
- habit: what one customer does with one item bought before: how often, how regularly, when last.
- trend: what everybody does with an item lately.
- pull: how much all that a customer bought speaks for an item, by a linear model.
- profile: what is known of a customer beside the purchases, as tags.
- lift: by how much a tag raises or lowers what is bought of an item.
- candidate: a pair of customer and item that is worth scoring.
"""
