"""The pages of passkeys, with an authenticator in software."""
