"""Calls the protected resource, and renews the access token when needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from requests.utils import parse_dict_header

from oauthprov.demo.errors import AccessExpired, AccessRemoved, OAuthFailure
from oauthprov.demo.provider import Provider
from oauthprov.demo.sessions import BrowserSession
from oauthprov.demo.tokens import Tokens

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """The resource's response: the members of its JSON object, or why there are none."""

    status: int
    members: tuple[tuple[str, str], ...] = ()
    error: str = ""
    description: str = ""


def call_resource(provider: Provider, browser: BrowserSession) -> Answer:
    """Return the response of the resource to the browser's access token.

    An access token that has expired, or that the resource rejects as invalid, is renewed once.
    Raises ``AccessRemoved`` or ``AccessExpired``, and forgets the tokens, if no valid token is
    left; ``OAuthFailure`` if the provider refuses to renew it for another reason;
    ``ProviderUnavailable``; and ``NotConnected`` if there are no tokens.
    """
    with _tokens_of(browser) as tokens:
        renewed = tokens.expired(provider.clock())
        if renewed:
            tokens = renew(provider, browser)
        answer = provider.call(tokens)
        if answer.status_code == 401 and not renewed:
            if tokens.refresh_token is None:
                raise AccessRemoved
            answer = provider.call(renew(provider, browser))
        return _read(answer)


def renew(provider: Provider, browser: BrowserSession) -> Tokens:
    """Renew, store and return the browser's tokens. Raises the errors of ``call_resource``."""
    with _tokens_of(browser) as tokens:
        if tokens.refresh_token is None:
            raise AccessExpired
        try:
            browser.tokens = provider.refresh(tokens)
        except OAuthFailure as failure:
            if failure.code == "invalid_grant":
                raise AccessRemoved from None
            raise
        return browser.tokens


@contextmanager
def _tokens_of(browser: BrowserSession) -> Iterator[Tokens]:
    # One at a time: two requests of one browser with the same refresh token would look like a
    # replay, for which the provider revokes the grant (RFC 9700 section 4.14.2).
    with browser.lock:
        try:
            yield browser.held_tokens()
        except (AccessRemoved, AccessExpired):
            browser.tokens = None
            raise


def _read(answer: requests.Response) -> Answer:
    status = answer.status_code
    if status != 200:
        _, _, challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")
        parameters = parse_dict_header(challenge)
        return Answer(
            status,
            error=(parameters.get("error") or "")[:100],
            description=(parameters.get("error_description") or "")[:300],
        )
    try:
        document = answer.json()
    except ValueError:
        return Answer(status, description="The answer is not JSON.")
    if not isinstance(document, dict):
        document = {"(answer)": document}
    return Answer(status, members=tuple((k, _text(v)) for k, v in document.items()))


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_LONGEST]
