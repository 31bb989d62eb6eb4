"""A token with an invalid signature."""


def forged(token: str) -> str:
    """Return a token with the same claims and another signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{signature[::-1]}"
