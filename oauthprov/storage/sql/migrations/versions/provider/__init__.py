"""Revisions 0001 to 0008: the provider, OpenID Connect, registration and logout."""
