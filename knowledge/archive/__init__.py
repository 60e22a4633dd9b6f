"""Archives of conversations: read once, kept as replies with what they answered.

archive     a JSONL or Parquet file of conversations, or a folder of them
session     a stretch of a conversation without a long silence
burst       messages that one side wrote in a row; the customer's are read as one message
turn        a customer's burst and what the agent wrote before the customer wrote again
reply       one message of an agent, with the turn it stands in
outcome     what came of a conversation or followed a reply, as a number from 0 to 1
"""
