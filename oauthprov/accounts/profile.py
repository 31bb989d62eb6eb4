"""The profile that users enter: the standard claims (OpenID Connect Core section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from oauthprov.messages import N_

LIMIT = 200
URL_LIMIT = 1000

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_PHONE = re.compile(r"\+[0-9][0-9 ().-]{2,38}(;ext=[0-9]{1,10})?")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_YEAR = re.compile(r"[0-9]{4}")
_ZONE = re.compile(r"(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/.+")

LANGUAGES = (
    *("ar", "bn", "cs", "da", "de", "de-AT", "de-CH", "el", "en-GB", "en-US", "es", "es-MX"),
    *("fa", "fi", "fr", "fr-CA", "he", "hi", "hu", "id", "it", "ja", "ko", "nb", "nl", "pl"),
    *("pt-BR", "pt-PT", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh-Hans", "zh-Hant"),
)
"""Suggestions for ``locale``; every other tag of BCP 47 is accepted as well."""


class WrongProfile(Exception):
    """The profile is invalid; ``problems`` has a sentence for each wrong field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(problems.values()))


@dataclass(frozen=True, slots=True)
class Field:
    """A claim that users fill in; ``check`` returns the value to store, or raises ValueError."""

    name: str
    scope: str
    check: Callable[[str], str]


def checked(given: Mapping[str, str], before: Mapping[str, object]) -> dict[str, object]:
    """Return the claims for the fields in ``given``, which replace the claims ``before``.

    Empty fields give no claim. An e-mail address or telephone number stays verified only if it is
    unchanged. Raises WrongProfile, which lists all wrong fields.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in FIELDS:
        text = given.get(field.name, "").strip()
        try:
            if text:
                values[field.name] = field.check(text)
        except ValueError as wrong:
            problems[field.name] = str(wrong)
    if problems:
        raise WrongProfile(problems)
    made: dict[str, object] = {n: v for n, v in values.items() if n not in ADDRESS}
    address = {name: values[name] for name in ADDRESS if name in values}
    if address:
        made["address"] = {"formatted": _formatted(address)} | address
    for name in ("email", "phone_number"):
        if name in made:
            kept = made[name] == before.get(name) and before.get(f"{name}_verified") is True
            made[f"{name}_verified"] = kept
    return made


def shown(claims: Mapping[str, object]) -> dict[str, str]:
    """Return the fields from which :func:`checked` made ``claims``."""
    address = claims.get("address")
    flat = {**claims, **(address if isinstance(address, dict) else {})}
    return {field.name: str(flat.get(field.name, "")) for field in FIELDS}


def zones() -> list[str]:
    """Return suggestions for ``zoneinfo``: the time zones of places, sorted."""
    return sorted(filter(_ZONE.fullmatch, available_timezones()))


def _line(given: str) -> str:
    if len(given) > LIMIT:
        raise ValueError(N_("Use at most ${n} characters.", n=LIMIT))
    if not given.isprintable():
        raise ValueError(N_("Use one line, without control characters."))
    return given


def _lines(given: str) -> str:
    lines = [_line(line) for line in given.replace("\r\n", "\n").split("\n")]
    return _length("\n".join(lines), LIMIT)


def _length(given: str, limit: int) -> str:
    if len(given) > limit:
        raise ValueError(N_("Use at most ${n} characters.", n=limit))
    return given


def _url(given: str) -> str:
    wrong = ValueError(N_("Give an address that begins with https:// or http://."))
    # urlsplit drops tabs and line breaks, and browsers read a backslash as a slash.
    if len(given) > URL_LIMIT or any(not "!" <= c <= "~" or c == "\\" for c in given):
        raise wrong
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise wrong
    return given


def _email(given: str) -> str:
    if len(given) > LIMIT or not _EMAIL.fullmatch(given) or not given.isprintable():
        raise ValueError(N_("This is not a valid e-mail address."))
    return given


def _phone_number(given: str) -> str:
    if not _PHONE.fullmatch(given):
        raise ValueError(N_("Begin with + and the country code."))
    return given


def _birthdate(given: str) -> str:
    """Accept a date, a date with the year 0000 for an unknown year, or a year alone."""
    wrong = ValueError(N_("Write the day like 2000-12-31, or only the year."))
    if _YEAR.fullmatch(given):
        return given
    try:
        # The year 0000 means that it is withheld; a leap year in its place allows February 29.
        date.fromisoformat(given.replace("0000-", "2000-", 1))
    except ValueError:
        raise wrong from None
    if len(given) != len("2000-12-31"):
        raise wrong
    return given


def _zoneinfo(given: str) -> str:
    if given not in available_timezones():
        raise ValueError(N_("Write the time zone like Europe/Paris."))
    return given


def _locale(given: str) -> str:
    if len(given) > LIMIT or not _LOCALE.fullmatch(given):
        raise ValueError(N_("Write the language like en or en-GB."))
    return given


def _formatted(address: Mapping[str, str]) -> str:
    town = " ".join(address[n] for n in ("postal_code", "locality") if n in address)
    lines = (address.get("street_address"), town, address.get("region"), address.get("country"))
    return "\n".join(line for line in lines if line)


FIELDS = (
    Field("name", "profile", _line),
    Field("given_name", "profile", _line),
    Field("middle_name", "profile", _line),
    Field("family_name", "profile", _line),
    Field("nickname", "profile", _line),
    Field("profile", "profile", _url),
    Field("picture", "profile", _url),
    Field("website", "profile", _url),
    Field("gender", "profile", _line),
    Field("birthdate", "profile", _birthdate),
    Field("zoneinfo", "profile", _zoneinfo),
    Field("locale", "profile", _locale),
    Field("email", "email", _email),
    Field("phone_number", "phone", _phone_number),
    Field("street_address", "address", _lines),
    Field("postal_code", "address", _line),
    Field("locality", "address", _line),
    Field("region", "address", _line),
    Field("country", "address", _line),
)
ADDRESS = tuple(field.name for field in FIELDS if field.scope == "address")
