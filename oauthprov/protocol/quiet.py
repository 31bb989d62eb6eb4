"""oauthlib kept from logging what it shouldn't."""

from __future__ import annotations

import logging


def quiet() -> None:
    """Keep oauthlib's loggers at INFO or above: at DEBUG they print codes and tokens.

    Those that the logging configuration has set one by one are raised too.
    """
    known = logging.root.manager.loggerDict
    names = ["oauthlib", *(name for name in known if name.startswith("oauthlib."))]
    for logger in map(logging.getLogger, names):
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)
