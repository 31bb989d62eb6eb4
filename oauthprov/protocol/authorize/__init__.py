"""The authorization endpoint: the request, sign-in, consent, and the response."""
