"""The pages that people see: sign-in, consent, and their own account."""
