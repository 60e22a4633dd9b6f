"""From replies to candidates: what agents do, what customers wanted, and how it is best said.

skeleton    a reply without what varies from case to case: numbers, product names, personal data
move        replies that say the same thing in near the same words
cell        customers' messages that look alike
need        what a group of customers wanted, told by what agents answer: cells that the same moves answer
ordinary    a reply that is used alike whatever the customer wants, or that nobody else gives: what a script must beat
candidate   a move that answers a need, in its most typical words, with what varies as slots
playbook    what agents do next when the customer hesitates
"""
