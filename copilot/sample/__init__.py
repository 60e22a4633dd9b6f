"""A made-up beauty brand to try the copilot on, with a world whose truth is known.

The brand (products, documents, scripts, tags) is written by hand in the folder `brand`; its people, their orders and
their conversations are generated from a seed.

The words used here: an *archetype* is a kind of customer; *ease* is how ready a customer is to buy (tier 0 to 3); a
*need* is what a conversation is about; a script's *effect* is what it adds to the probability of a sale; *standing* is
how good an agent is, from -1 to 1; the *plan* is the list of effects planted in the world.
"""
