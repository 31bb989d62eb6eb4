"""oauthlib's endpoints as this server assembles them, and the validator that serves them."""
