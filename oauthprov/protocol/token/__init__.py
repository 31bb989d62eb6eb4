"""The life of codes, access tokens, refresh tokens and ID tokens."""
