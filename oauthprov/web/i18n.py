"""The language of a page, and translatable texts in the domain ``oauthprov``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from translationstring import TranslationStringFactory

if TYPE_CHECKING:
    from oauthprov.web.request import Request

_LOCALE = "_LOCALE_"

_: Callable[..., str] = TranslationStringFactory("oauthprov")
"""Marks a text to be translated when a page shows it: returns a ``str`` with its message id."""


def marked(text: str) -> str:
    """Return a text, marked with ``N_`` elsewhere in the package, as one that pages translate."""
    return _(text)


def too_many_attempts(seconds: int) -> str:
    """Return a sentence with the time to wait, in whole minutes, rounded up."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return _("Too many attempts. Try again in a minute.")
    if minutes < 120:
        return _("Too many attempts. Try again in ${n} minutes.", mapping={"n": minutes})
    return _("Too many attempts. Try again in ${n} hours.", mapping={"n": -(-minutes // 60)})


def settle_language(request: Request, ui_locales: Iterable[str] = ()) -> None:
    """Choose the language of the response, before anything is translated.

    ``ui_locales`` are language tags, preferred first (OpenID Connect Core section 3.1.2.1). They
    are looked up as in RFC 4647 section 3.4, and the browser's languages after them. Only the
    first call for a request has an effect.
    """
    # Otherwise Pyramid's negotiator parses query and body leniently, and fails on malformed ones.
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
