"""How strongly a person has signed in: the methods that were proven, and the ``acr`` they give.

``amr`` are methods of RFC 8176. There are three levels of ``acr``, each of which satisfies a
request for a lower one: a password, several factors, and several factors of which one can't be
phished (OpenID Connect Extended Authentication Profile ACR Values, ``phr``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PASSWORD = ("pwd",)
_SEVERAL = "mfa"
_POSSESSION = ("otp", "pop")
_UNPHISHABLE = "pop"


def joined(*parts: Iterable[str]) -> tuple[str, ...]:
    """Return the methods of ``parts`` as one ``amr``.

    ``mfa`` comes last; it is added when something known and something possessed were both proven.
    """
    methods = dict.fromkeys(method for part in parts for method in part)
    several = methods.pop(_SEVERAL, "") is None
    if several or ("pwd" in methods and any(method in methods for method in _POSSESSION)):
        return (*methods, _SEVERAL)
    return tuple(methods)


def is_complete(amr: Sequence[str]) -> bool:
    """Return whether the methods are several factors."""
    return _SEVERAL in amr


@dataclass(frozen=True, slots=True)
class Levels:
    """The values of ``acr`` for the three levels."""

    password: str = "1"  # noqa: S105 - a level of assurance (ISO/IEC 29115)
    mfa: str = "mfa"
    phr: str = "phr"

    def met_by(self, amr: Sequence[str]) -> tuple[str, ...]:
        """Return every ``acr`` that a sign-in by these methods satisfies, the highest first."""
        if not is_complete(amr):
            return (self.password,)
        if _UNPHISHABLE not in amr:
            return self.mfa, self.password
        return self.phr, self.mfa, self.password
