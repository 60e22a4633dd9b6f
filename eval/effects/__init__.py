"""Whether a reply really helps, and how good each agent is, from conversations that nobody randomised.

Words: an *exposure* is a turn in which a candidate or an ordinary reply was sent, the *treated* rows and the
*comparison*; *propensity* is the chance of the candidate given all that was known before the turn; *evidence* is what
the data says of one candidate and one outcome; a *judgement* is the verdict on it among all that were looked at. An
effect is always a difference of probabilities, candidate less ordinary reply.
"""
