"""What arrives in an open page by itself.

A *listener* is a page that follows, over one event stream. *News* is what the hub tells; the *broadcast* turns it into
*page events*, which bring fragments drawn on the server, each once for all pages that show the same. *Presence* is who
looks at a conversation, and who is writing there.
"""
