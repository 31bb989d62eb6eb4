"""The developer console: the clients of a user."""
