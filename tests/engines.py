"""Which engines ``make test`` runs a test on, and which are left to ``make engines``.

What only calls the storage contract behaves on each engine as on the first: that is what the suite
of the contract proves, and ``make test`` runs that on every engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def engines(every: Iterable[str], *first: str) -> list[Any]:
    """Return the parameters of a test: ``make test`` runs those named ``first``."""
    return [
        name if name in first else pytest.param(name, marks=pytest.mark.engines) for name in every
    ]
