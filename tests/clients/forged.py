"""A token that nobody signed."""


def forged(token: str) -> str:
    """Return a token that says the same, with another signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{signature[::-1]}"
