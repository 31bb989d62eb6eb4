"""How each second factor is set up: a line here, and a macro in ``factor_kinds.pt``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyotp
import segno

from oauthprov.factors import NewFactor, WrongProof, new_secret
from oauthprov.records import Account
from oauthprov.web.factors import notices, passkey_setup, passkey_words
from oauthprov.web.factors.ways import no_text
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

SETTING_UP = 1800
"""Seconds for which the key on a page can be set up."""

Form = Mapping[str, str]


def _tell(request: Request, account: Account, new: NewFactor) -> None:
    notices.added(request, account)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a factor is set up.

    ``name`` is that of the :class:`~oauthprov.factors.Factor` and of the macro. ``values`` returns
    the values of the macro, ``new`` the factor that a form proves, or raises WrongProof: both get
    the account and the form, which is empty on the first page. The fields of the form are
    ``answer`` and ``sealed``. ``wrong`` is the text after a wrong proof, unless ``refused``
    returns another. ``tell`` tells the owner of the new factor.
    """

    name: str
    title: str
    wrong: str
    values: Callable[[Request, Account, Form], Mapping[str, object]]
    new: Callable[[Request, Account, Form], NewFactor]
    refused: Callable[[Request, WrongProof], str | None] = no_text
    tell: Callable[[Request, Account, NewFactor], None] = _tell


def _app(request: Request, account: Account, form: Form) -> Mapping[str, object]:
    tools = request.oauthprov
    secret = _opened(request, account, form) or new_secret()
    ends = tools.provider.clock() + SETTING_UP
    sealed = tools.provider.keyring.seal(_label(account), json.dumps([secret, ends]).encode())
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=tools.settings.title)
    image = segno.make(uri, error="m", micro=False)
    return {
        "sealed": sealed,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "uri": uri,
        "image": image.svg_data_uri(scale=4, border=4, dark="#000", light="#fff"),
    }


def _new_app(request: Request, account: Account, form: Form) -> NewFactor:
    secret = _opened(request, account, form)
    if secret is None:
        raise WrongProof
    answer = form.get("answer", "")
    return NewFactor(request.oauthprov.factors.totp.record(account.account_id, secret, answer))


def _opened(request: Request, account: Account, form: Form) -> str | None:
    """Return the key that a page has shown to this account, None if that was too long ago."""
    provider = request.oauthprov.provider
    plain = provider.keyring.open(_label(account), form.get("sealed", ""))
    if plain is None:
        return None
    secret, ends = json.loads(plain)
    return str(secret) if provider.clock() < int(ends) else None


def _label(account: Account) -> str:
    return f"totp to be set up {account.account_id}"


KINDS = (
    Kind(
        "totp",
        _("Authenticator app"),
        _("This code is wrong. Enter the one that the app shows now, after scanning this image."),
        _app,
        _new_app,
    ),
    Kind(
        passkey_setup.NAME,
        _("Passkey"),
        _("This passkey couldn't be added. Try again."),
        passkey_setup.values,
        passkey_setup.new,
        passkey_words.refused,
        passkey_setup.tell,
    ),
)


def kind_of(name: str) -> Kind:
    """Return the kind of that name. Raises StopIteration if there is none."""
    return next(kind for kind in KINDS if kind.name == name)
