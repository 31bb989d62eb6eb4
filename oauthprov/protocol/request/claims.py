"""Claims: which a client requests, by scope or one by one, and which it receives.

OpenID Connect Core sections 5.1, 5.4 and 5.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from oauthprov.protocol.keys.json_object import parse_object

GROUPS = "groups"

SCOPES: Mapping[str, tuple[str, ...]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    GROUPS: ("groups",),
}
"""The claims that each scope stands for (section 5.4); ``groups`` is no standard, but usual."""

OURS = ("sub", "acr", "auth_time")
"""Claims that a client may request one by one and that never come from the account."""

_SCOPE_OF = {name: scope for scope, names in SCOPES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requested claim; ``values``, if any, are the only acceptable ones."""

    essential: bool = False
    values: tuple[object, ...] = ()

    def met_by(self, value: object) -> bool:
        """Tell whether ``value`` is acceptable."""
        # Compared as JSON, since 1 and True are equal in Python.
        return not self.values or json.dumps(value) in map(json.dumps, self.values)


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """The claims parameter: the claims requested from UserInfo and in the ID token, by name."""

    userinfo: Mapping[str, Wanted] = field(default_factory=dict)
    id_token: Mapping[str, Wanted] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: str) -> ClaimsRequest:
        """Read the parameter; ignore unknown members. Raises ValueError that says what's wrong."""
        return cls._of(parse_object(raw))

    @classmethod
    def load(cls, dumped: str | None) -> ClaimsRequest:
        """Read the output of :meth:`dump`."""
        # parse() would apply its depth limit, and dump() nests ``value`` one level deeper.
        return cls._of(json.loads(dumped)) if dumped else cls()

    @classmethod
    def _of(cls, members: Mapping[str, Any]) -> ClaimsRequest:
        return cls(_members(members, "userinfo"), _members(members, "id_token"))

    def dump(self) -> str | None:
        """Return the request as JSON for a record, None when it requests nothing."""
        if not self.userinfo and not self.id_token:
            return None
        members = {"userinfo": _plain(self.userinfo), "id_token": _plain(self.id_token)}
        asked = {name: wanted for name, wanted in members.items() if wanted}
        return json.dumps(asked, separators=(",", ":"))

    def within(self, scopes: Iterable[str]) -> ClaimsRequest:
        """Return the requested claims that belong to ``scopes``, and those in :data:`OURS`."""
        known = {*OURS, *(name for scope in scopes for name in SCOPES.get(scope, ()))}
        return ClaimsRequest(
            {name: wanted for name, wanted in self.userinfo.items() if name in known},
            {name: wanted for name, wanted in self.id_token.items() if name in known},
        )

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes whose sentences describe the requested claims to the user."""
        names = (*self.userinfo, *self.id_token)
        return tuple(dict.fromkeys(_SCOPE_OF[name] for name in names if name in _SCOPE_OF))


def selected(
    known: Mapping[str, object], scopes: Iterable[str], asked: Mapping[str, Wanted]
) -> dict[str, object]:
    """Return the claims to release out of ``known``: those of the scopes, and those in ``asked``.

    A claim whose value isn't one of the requested values is left out. Protocol claims never come
    from an account.
    """
    names = dict.fromkeys(name for scope in scopes for name in SCOPES.get(scope, ()))
    names |= dict.fromkeys(name for name in asked if name in _SCOPE_OF)
    found = {name: known[name] for name in names if known.get(name) is not None}
    anything = Wanted()
    return {n: value for n, value in found.items() if asked.get(n, anything).met_by(value)}


def of_account(asked: Mapping[str, Wanted], scopes: Iterable[str]) -> bool:
    """Tell whether any of the claims or scopes needs the account's data."""
    return any(name in _SCOPE_OF for name in asked) or any(scope in SCOPES for scope in scopes)


def _members(members: Mapping[str, Any], name: str) -> dict[str, Wanted]:
    given = members.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError(f"has a member {name} that is not an object")
    return {claim: _wanted(claim, how) for claim, how in given.items()}


def _wanted(claim: str, how: object) -> Wanted:
    if how is None:
        return Wanted()
    if not isinstance(how, dict):
        raise ValueError(f"has {_shown(claim)}, which is neither null nor an object")
    essential, values = how.get("essential", False), how.get("values", [])
    if not isinstance(essential, bool) or not isinstance(values, list):
        raise ValueError(f"has {_shown(claim)} with an invalid value")
    single = [how["value"]] if "value" in how else []
    return Wanted(essential, (*single, *values))


def _shown(claim: str) -> str:
    return claim if claim in _SCOPE_OF or claim in OURS else "a claim"


def _plain(asked: Mapping[str, Wanted]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name, wanted in asked.items():
        how = {"essential": True} if wanted.essential else {}
        plain[name] = (how | ({"values": list(wanted.values)} if wanted.values else {})) or None
    return plain
