"""The signed word by which a page says what the request before has done."""

from __future__ import annotations

import re

from oauthprov.protocol.sessions import browser_key
from oauthprov.web.responder import DONE_FOR
from tests.site import Browser

_SIGNED = re.compile(r"(?<=[?&]done=)(\w+)\.\d+\.[\w-]{43}(?=&|$)")


def query_of(browser: Browser, word: str) -> str:
    """The query that a redirect gives this browser now."""
    cookies = {cookie.name: cookie.value for cookie in browser.page.cookiejar}
    [sent] = [value for name, value in cookies.items() if name.endswith("oauthprov_bid")]
    signed = f"{word}.{browser.site.clock() + DONE_FOR}"
    keyring = browser.site.wsgi.registry["oauthprov"].provider.keyring
    return f"done={signed}.{keyring.sign('done', f'{browser_key(sent)} {signed}')}"


def in_words(location: str) -> str:
    """A URL with the word alone, once it is shown to be signed."""
    words, signed = _SIGNED.subn(r"\1", location)
    assert signed == 1, location
    return words
