"""Passkeys, with a real authenticator in software and real storage."""
