"""The pages for users: sign-in, consent, and their account."""
