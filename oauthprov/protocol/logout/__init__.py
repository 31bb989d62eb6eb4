"""Ending sessions, consents and accounts, and telling the clients of it."""
