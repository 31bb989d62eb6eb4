"""The failure for which an app without storage responds 503."""


class Unavailable(Exception):
    """The issuer gave no usable answer about a token; the message is for the log."""
