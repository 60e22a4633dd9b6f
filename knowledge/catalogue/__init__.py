"""What customers wish for, read out of what they write, and the products of a catalogue that have it.

The words of this package:

- fact: something a product's row says: its price, a value such as 肤质=油皮, or a quantity such as 15.6 inches.
- value: an attribute of a product and one of the texts it may have; category, brand and tags are attributes too.
- measure: the price, or an attribute that is counted in some unit.
- amount: a number, or a range of numbers, with its unit, in somebody's own words.
- wish: the criteria that a message states, at most one extreme (the cheapest), and the words that are left.
- shelf: the facts of some products, the other way round: from value or measure to products.
"""
