"""Signing in with OpenID Connect: what the demo client does beside OAuth."""
