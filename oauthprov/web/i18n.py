"""The language of a page, and sentences ready to be translated: the domain is ``oauthprov``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from translationstring import TranslationStringFactory

if TYPE_CHECKING:
    from oauthprov.web.request import Request

_LOCALE = "_LOCALE_"

_: Callable[..., str] = TranslationStringFactory("oauthprov")
"""Makes a text that is translated when a page shows it: a ``str`` that knows its message id."""


def marked(text: str) -> str:
    """Return a text that another room marked with ``N_``, so that a page translates it."""
    return _(text)


def too_many_attempts(seconds: int) -> str:
    """Say how long to wait: whole minutes, rounded up."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return _("Too many attempts. Try again in a minute.")
    if minutes < 120:
        return _("Too many attempts. Try again in ${n} minutes.", mapping={"n": minutes})
    return _("Too many attempts. Try again in ${n} hours.", mapping={"n": -(-minutes // 60)})


def settle_language(request: Request, ui_locales: Iterable[str] = ()) -> None:
    """Choose the language of what ``request`` is answered with, before anything is translated.

    ``ui_locales`` are tags, best first (OpenID Connect Core section 3.1.2.1); they are looked up
    by RFC 4647 section 3.4, as the browser's are after them. It is chosen once a request.
    """
    # Else Pyramid's negotiator reads query and body by lenient rules, and fails on bad ones.
    if getattr(request, _LOCALE, None) is None:
        setattr(request, _LOCALE, _chosen(request, ui_locales).replace("-", "_"))


def _chosen(request: Request, ui_locales: Iterable[str]) -> str:
    languages: tuple[str, ...] = request.oauthprov.settings.languages
    known = {tag.lower(): tag for tag in languages}
    for wished in ui_locales:
        tag = wished.lower()
        while tag:
            if tag in known:
                return known[tag]
            tag = tag.rpartition("-")[0]
    return str(request.accept_language.lookup(languages, default=languages[0]))
