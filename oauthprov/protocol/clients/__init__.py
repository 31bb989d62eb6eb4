"""Clients: what may be registered for one, and how the protocol reads it."""
