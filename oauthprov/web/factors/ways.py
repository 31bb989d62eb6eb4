"""How the pages ask for each second factor: a line here, and a macro in ``factor_parts.pt``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oauthprov.factors import Factor
from oauthprov.records import Account
from oauthprov.web.i18n import _
from oauthprov.web.request import Request


def _nothing(request: Request, account: Account) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Way:
    """How a factor is asked for.

    ``name`` is that of the :class:`~oauthprov.factors.Factor` and of the macro, which writes the
    field ``answer``. ``offer`` is the text of the link to it, ``wrong`` that after a wrong answer.
    ``values`` are further values of the macro, for the account that signs in.
    """

    name: str
    offer: str
    wrong: str
    values: Callable[[Request, Account], Mapping[str, object]] = _nothing


WAYS = (
    Way(
        "totp",
        _("Use your authenticator app"),
        _("This code is wrong, or it was used before. Enter the one that the app shows now."),
    ),
    Way(
        "recovery",
        _("Use a recovery code"),
        _("This isn't one of your recovery codes, or it was used before."),
    ),
)


def ways_of(factors: Sequence[Factor]) -> list[Way]:
    """Return how ``factors`` are asked for, in their order."""
    known = {way.name: way for way in WAYS}
    return [known[factor.name] for factor in factors]
