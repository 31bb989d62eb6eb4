"""Ending sessions, consents and accounts, and notifying the clients."""
