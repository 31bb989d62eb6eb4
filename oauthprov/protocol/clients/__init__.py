"""Clients: what may be registered of one, and what the protocol reads of it."""
