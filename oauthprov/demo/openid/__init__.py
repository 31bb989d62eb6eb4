"""Signing in with OpenID Connect, in addition to OAuth."""
