"""Passes a new client secret from the form that creates it to the page that shows it once.

The response to the form is a redirect, so that reloading the next page doesn't post again. In
between only the browser holds the secret: sealed, in a cookie that the next page clears.
"""

from __future__ import annotations

import json

from oauthprov.accounts import SignedIn
from oauthprov.web import cookies
from oauthprov.web.request import Request

LIFETIME = 60
"""Seconds within which the page that shows the new secret must be loaded."""

_COOKIE = "oauthprov_secret"


def keep(request: Request, person: SignedIn, client_id: str, secret: str) -> None:
    """Set a cookie with ``secret``, sealed for this browser, this user and this client."""
    tools = request.oauthprov
    plaintext = json.dumps([tools.provider.clock() + LIFETIME, secret]).encode()
    sealed = tools.provider.keyring.seal(_label(request, person, client_id), plaintext)
    _write(request, client_id, sealed)


def take(request: Request, person: SignedIn, client_id: str) -> str | None:
    """Return the new secret and delete its cookie; None if there is none."""
    sealed = cookies.read(request.oauthprov.site, request.environ, _name(client_id))
    if sealed is None or request.method != "GET":  # a HEAD shows nothing
        return None
    _write(request, client_id, None)
    tools = request.oauthprov
    plaintext = tools.provider.keyring.open(_label(request, person, client_id), sealed)
    if plaintext is None:
        return None
    expires_at, secret = json.loads(plaintext)
    return str(secret) if tools.provider.clock() < expires_at else None


def _write(request: Request, client_id: str, sealed: str | None) -> None:
    cookies.write(request, _name(client_id), sealed, seconds=LIFETIME, same_site="Strict")


def _name(client_id: str) -> str:
    # One cookie per client, so that clients registered in two tabs don't overwrite each other's.
    return f"{_COOKIE}_{client_id}"


def _label(request: Request, person: SignedIn, client_id: str) -> str:
    binding = request.oauthprov.session.binding
    return json.dumps(["new client secret", client_id, person.account_id, binding])
