"""Revisions 0009 to 0017: what users, developers and operators need beside it."""
