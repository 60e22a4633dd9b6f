"""The customer portrait: what is known of a customer, as of any moment, made ready to be understood.

Words: a *deed* is something the customer did (an event), a *saying* a message of the customer, a *talk* a conversation;
a *move* is what one of them adds to the *intent*; a *fifth* tells where a customer stands among the shop's customers
(5 the best); a *preference* stands on its *evidence*; the *timeline* has everything, newest first.
"""
