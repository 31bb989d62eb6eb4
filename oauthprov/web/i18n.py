"""The language of a page, and translatable texts in the domain ``oauthprov``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from translationstring import TranslationStringFactory

from oauthprov.messages import Message

if TYPE_CHECKING:
    from oauthprov.web.request import Request

_LOCALE = "_LOCALE_"
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"

_: Callable[..., str] = TranslationStringFactory("oauthprov")
"""Marks a text to be translated when a page shows it: returns a ``str`` with its message id."""


_DAYS = (
    _("${day} January ${year}"),
    _("${day} February ${year}"),
    _("${day} March ${year}"),
    _("${day} April ${year}"),
    _("${day} May ${year}"),
    _("${day} June ${year}"),
    _("${day} July ${year}"),
    _("${day} August ${year}"),
    _("${day} September ${year}"),
    _("${day} October ${year}"),
    _("${day} November ${year}"),
    _("${day} December ${year}"),
)
"""A day in each month: languages differ in the order, and in how a month is called in a date."""


class AcceptLanguage(Protocol):
    """The parsed Accept-Language header."""

    def lookup(self, language_tags: Sequence[str], *, default: str) -> str | None:
        """Return the best of ``language_tags`` (RFC 4647 section 3.4)."""


def translated(request: Request, text: str) -> str:
    """Return a text in the language of the page, whichever room it comes from.

    It is marked with ``_`` or ``N_`` where it stands, or a host translates it in a catalog of its
    own, as the sentences of scopes.
    """
    settle_language(request)
    if not text:
        return ""  # the message id of a catalog's header
    if not isinstance(text, Message):
        return str(request.localizer.translate(_(text)))
    values = {name: _value(request, value) for name, value in text.mapping.items()}
    return str(request.localizer.translate(_(text.template), mapping=values))


def _value(request: Request, value: object) -> object:
    if isinstance(value, Message):
        return translated(request, value)
    # An address would change places with its full stop: Unicode Standard Annex 9 section 2.4.
    rtl = request.localizer.translate(_("ltr")) == "rtl"
    return f"{_ISOLATE}{value}{_END_OF_ISOLATE}" if rtl else value


def too_many_attempts(seconds: int) -> str:
    """Return a sentence with the time to wait, in whole minutes, rounded up."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return _("Too many attempts. Try again in a minute.")
    if minutes < 120:
        return _("Too many attempts. Try again in ${n} minutes.", mapping={"n": minutes})
    return _("Too many attempts. Try again in ${n} hours.", mapping={"n": -(-minutes // 60)})


def day(request: Request, at: int) -> str:
    """Return a day as people write it; ``at`` is epoch seconds, the day is in UTC."""
    then = datetime.fromtimestamp(at, UTC)
    numbers = {"day": then.day, "year": then.year}
    return str(request.localizer.translate(_DAYS[then.month - 1], mapping=numbers))


def moment(request: Request, at: int) -> str:
    """Return a day and time, in UTC."""
    parts = {"day": day(request, at), "time": f"{datetime.fromtimestamp(at, UTC):%H:%M}"}
    return str(request.localizer.translate(_("${day}, ${time} UTC"), mapping=parts))


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
