"""How the pages ask for each second factor: a line here, and a macro in ``factor_parts.pt``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oauthprov.factors import Factor, WrongProof
from oauthprov.records import Account
from oauthprov.serial import dumps
from oauthprov.web.factors.passkey_words import refused
from oauthprov.web.i18n import _
from oauthprov.web.request import Request


def _nothing(request: Request, account: Account) -> Mapping[str, object]:
    return {}


def no_text(request: Request, wrong: WrongProof) -> str | None:
    """Return None."""
    return None


@dataclass(frozen=True, slots=True)
class Way:
    """How a factor is asked for.

    ``name`` is that of the :class:`~oauthprov.factors.Factor` and of the macro, which writes the
    field ``answer``. ``offer`` is the text of the link to it, ``wrong`` that after a wrong answer,
    unless ``refused`` returns another. ``values`` are further values of the macro, for the account
    that signs in. ``guessable`` tells that answers are short enough for guesses of some weeks.
    """

    name: str
    offer: str
    wrong: str
    values: Callable[[Request, Account], Mapping[str, object]] = _nothing
    refused: Callable[[Request, WrongProof], str | None] = no_text
    guessable: bool = False


def _request(request: Request, account: Account) -> Mapping[str, object]:
    tools = request.oauthprov
    options = tools.factors.passkeys.step_options(account.account_id, tools.session.browser)
    return {"request_options": dumps(options).decode()}


WAYS = (
    Way(
        "passkey",
        _("Use a passkey"),
        _("This passkey didn't work. Try again, or use another way."),
        _request,
        refused,
    ),
    Way(
        "totp",
        _("Use your authenticator app"),
        _("This code is wrong, or it was used before. Enter the one that the app shows now."),
        guessable=True,
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
