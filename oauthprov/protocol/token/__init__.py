"""Client authentication, and the life of codes, access tokens, refresh tokens and ID tokens."""
