"""How a passkey is set up: the options for the browser, and the passkey that it has made."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.factors import NewFactor, PasskeyFactor
from oauthprov.passkeys import Refused
from oauthprov.records import Account, Passkey
from oauthprov.serial import dumps
from oauthprov.web import i18n
from oauthprov.web.account.sessions import browser_in_words
from oauthprov.web.factors.passkey_words import tell_added
from oauthprov.web.request import Request

NAME = PasskeyFactor.name


def values(request: Request, account: Account, form: Mapping[str, str]) -> Mapping[str, object]:
    """Return the passkeys there are, and the options as JSON, None if there can be no more."""
    tools = request.oauthprov
    passkeys = tools.factors.passkeys
    mine = passkeys.of(account.account_id)
    if not passkeys.possible:
        return {"mine": mine, "creation_options": None}
    try:
        made = passkeys.creation_options(
            account.account_id, account.name, tools.session.browser, mine
        )
    except Refused:
        return {"mine": mine, "creation_options": None}
    return {"mine": mine, "creation_options": dumps(made).decode()}


def new(request: Request, account: Account, form: Mapping[str, str]) -> NewFactor:
    """Return the passkey that the browser has made, called after the browser.

    Raises WrongPasskey.
    """
    tools = request.oauthprov
    i18n.settle_language(request)
    browser = browser_in_words(request.environ.get("HTTP_USER_AGENT", ""))
    name = request.localizer.translate(browser)
    answer = form.get("answer", "")
    return tools.factors.passkey.new(account, answer, tools.session.browser, name)


def tell(request: Request, account: Account, made: NewFactor) -> None:
    """Tell the owner that the passkey was added."""
    if isinstance(made.record, Passkey):
        tell_added(request, account, made.record)
