"""Distinguished names as text (RFC 4514), and of certificates, in a form that compares.

A name is compared by its attribute types and values, in order. The string type by which a
certificate encodes a value makes no difference; letter case and blanks in a value do.
"""

from __future__ import annotations

import re

from cryptography import x509

RelativeName = frozenset[tuple[str, str]]
DistinguishedName = tuple[RelativeName, ...]
"""The relative names in the order of RFC 4514, the most specific first.

Each is a set of pairs: the dotted object identifier of a type, and a value.
"""

LIMIT = 1024
"""Characters of a name as text, at most."""

_TYPES = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "SERIALNUMBER": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "STREET": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "TITLE": "2.5.4.12",
    "BUSINESSCATEGORY": "2.5.4.15",
    "POSTALCODE": "2.5.4.17",
    "GIVENNAME": "2.5.4.42",
    "DNQUALIFIER": "2.5.4.46",
    "ORGANIZATIONIDENTIFIER": "2.5.4.97",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
    "JURISDICTIONC": "1.3.6.1.4.1.311.60.2.1.3",
}
_SHOWN = {
    oid: name
    for name, oid in _TYPES.items()
    if name in ("CN", "C", "L", "ST", "STREET", "O", "OU", "UID", "DC")
}
"""The types that RFC 4514 section 3 names; other types are written as their identifiers."""

_PART = re.compile(
    r" *([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+) *= *"
    r"(#(?:[0-9A-Fa-f]{2})+|(?:[^\\\"+,;<>\x00]|\\[\\\"+,;<>#= ]|\\[0-9A-Fa-f]{2})*?) *([,+]|\Z)"
)
_ESCAPE = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)")
_SPECIAL = re.compile(r'[\\"+,;<>]')
# The string types of ASN.1 (X.680), by their tags: what decodes them.
_STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}


def parse(text: str) -> DistinguishedName:
    """Return the name that a text writes.

    Blanks around commas, plus and equals signs make no difference, nor does the case of types.
    Raises ValueError.
    """
    names: list[RelativeName] = []
    pairs: list[tuple[str, str]] = []
    at, end = 0, ","
    while end:
        match = _PART.match(text, at) if len(text) <= LIMIT else None
        if match is None:
            raise ValueError("it isn't a distinguished name")
        pairs.append((_identifier(match[1]), _value(match[2])))
        at, end = match.end(), match[3]
        if end != "+":
            names.append(frozenset(pairs))
            pairs = []
    return tuple(names)


def _identifier(written: str) -> str:
    if written[0].isdigit():
        return written
    try:
        return _TYPES[written.upper()]
    except KeyError:
        raise ValueError(f"it has an unknown attribute type, {written}") from None


def _value(written: str) -> str:
    encoded = written.startswith("#")
    try:
        value = _decoded(written[1:]) if encoded else _ESCAPE.sub(_unescaped, written)
    except ValueError:
        raise ValueError("it has a value that can't be decoded") from None
    if not value or not value.isprintable():
        raise ValueError("it has a value that is empty or can't be shown")
    return value


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2]
    return bytes.fromhex(match[1].replace("\\", "")).decode()


def _decoded(digits: str) -> str:
    """Return the text of a value in BER (RFC 4514 section 2.4), shorter than 128 bytes."""
    ber = bytes.fromhex(digits)
    if len(ber) < 2 or ber[0] not in _STRINGS or ber[1] != len(ber) - 2 or ber[1] > 127:
        raise ValueError
    return ber[2:].decode(_STRINGS[ber[0]])


def written(name: DistinguishedName) -> str:
    """Return a name as text, always the same for the same name."""
    return ",".join("+".join(sorted(map(_pair, relative))) for relative in name)


def _pair(pair: tuple[str, str]) -> str:
    oid, value = pair
    escaped = _SPECIAL.sub(r"\\\g<0>", value)
    if value[1:].endswith(" "):
        escaped = f"{escaped[:-1]}\\ "
    if value[:1] in ("#", " "):
        escaped = f"\\{escaped}"
    return f"{_SHOWN.get(oid, oid)}={escaped}"


def name_of(found: x509.Name) -> DistinguishedName:
    """Return the name of a certificate. Raises ValueError for one with a value that is no text."""
    names = []
    for relative in reversed(found.rdns):
        pairs = [(one.oid.dotted_string, one.value) for one in relative]
        if not all(isinstance(value, str) for _, value in pairs):
            raise ValueError("a value of the name isn't a text")
        names.append(frozenset((oid, str(value)) for oid, value in pairs))
    return tuple(names)
