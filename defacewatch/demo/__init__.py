"""The demonstration: a portal, a mailbox and a Bot API server of our own, on loopback."""
