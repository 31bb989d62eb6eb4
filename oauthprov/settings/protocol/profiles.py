"""The FAPI 2.0 profiles: one setting, the defaults of others that follow from it, what it forbids.

A profile never overrides what an .ini says. A setting that is absent gets the profile's default;
one that contradicts the profile stops the start, with a sentence that names both settings.
Sections are those of the FAPI 2.0 Security Profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from oauthprov.settings import values
from oauthprov.settings.reading import fetched
from oauthprov.settings.setting import setting
from oauthprov.settings.values import ALGORITHMS, PREFIX

SECURITY = "fapi2"
MESSAGE_SIGNING = "fapi2-message-signing"

_WEAK = ("RS256",)
"""Algorithms that section 5.4.1 leaves out."""


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """The FAPI 2.0 profiles."""

    profile: Literal["none", "fapi2", "fapi2-message-signing"] = setting(
        "profile",
        values.one_of("none", SECURITY, MESSAGE_SIGNING),
        "none",
        "Apply the rules of FAPI 2.0: `fapi2` (Security Profile), `fapi2-message-signing` (that "
        "and Message Signing), or `none`. It changes the defaults of other settings, and a "
        "setting that contradicts it stops the start.",
    )

    @property
    def fapi(self) -> bool:
        """Whether the rules of the FAPI 2.0 Security Profile apply."""
        return self.profile != "none"

    @property
    def message_signing(self) -> bool:
        """Whether those of FAPI 2.0 Message Signing apply too."""
        return self.profile == MESSAGE_SIGNING

    @property
    def client_algorithms(self) -> tuple[str, ...]:
        """The algorithms that clients may sign with: assertions, request objects, proofs."""
        return tuple(alg for alg in ALGORITHMS if not (self.fapi and alg in _WEAK))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a profile says of the setting ``key``, without ``oauthprov.``

    ``allows`` tells whether a value goes with it; ``must`` says which do, after the name of the
    setting. ``default`` is what the setting is if the .ini lacks it, None for its usual default.
    ``unless`` tells whether other settings make the rule needless, as ``otherwise`` names them.
    """

    key: str
    allows: Callable[[Any], bool]
    must: str
    default: str | None = None
    unless: Callable[[Mapping[str, Any]], bool] | None = None
    otherwise: str = ""

    @property
    def field(self) -> str:
        """The field of the settings that has the value."""
        return self.key.replace(".", "_")


def _is_required(value: str) -> bool:
    return value == "required"


def _is_not_off(value: str) -> bool:
    return value != "off"


def _has_certificates(given: Mapping[str, Any]) -> bool:
    return bool(given.get("mtls_format", "off") != "off")


def _is_off(value: bool) -> bool:
    return not value


def _up_to(most: int) -> Callable[[int], bool]:
    return lambda value: value <= most


def _are_strong(algorithms: tuple[str, ...]) -> bool:
    return not set(algorithms).intersection(_WEAK)


def _sign_strongly(resources: tuple[values.Resource, ...]) -> bool:
    return _are_strong(tuple(resource.alg for resource in resources))


RULES = (
    # 5.3.2.2: requests are pushed, and the request_uri lives for less than 600 s.
    Rule("par", _is_required, "must be required", default="required"),
    Rule("par_lifetime", _up_to(599), "must be less than 600"),
    # 5.3.2.2: response_type code with PKCE, and nothing comes from the authorization endpoint but
    # a code. A device shows its code to whoever is made to look at it.
    Rule("pkce", _is_required, "must be required"),
    Rule("openid.implicit", _is_off, "must be false"),
    Rule("device", _is_off, "must be false"),
    Rule("code_lifetime", _up_to(60), "must be at most 60"),
    # 5.3.2.1: every access token is bound, to the key of a proof or to a certificate.
    Rule(
        "dpop",
        _is_not_off,
        "must not be off",
        unless=_has_certificates,
        otherwise=f" and {PREFIX}mtls.format is off",
    ),
    # 5.4.1: PS256, ES256 or EdDSA with Ed25519.
    Rule("keys.algorithms", _are_strong, "must not include RS256", default="PS256"),
    Rule("resources", _sign_strongly, "must not name RS256"),
)
"""The rules of both profiles about settings."""


def defaults(given: Mapping[str, str]) -> dict[str, str]:
    """Return the defaults that the profile among the settings ``given`` changes, by key."""
    try:
        name = fetched(given.get(PREFIX + "profile", ""))
    except (ValueError, OSError):  # the problem is found when the setting itself is read
        return {}
    if name not in (SECURITY, MESSAGE_SIGNING):
        return {}
    return {PREFIX + rule.key: rule.default for rule in RULES if rule.default is not None}


def contradictions(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each setting that contradicts the profile.

    ``given`` has the values of the valid settings, by field.
    """
    name = given.get("profile", "none")
    if name == "none":
        return
    for rule in RULES:
        if rule.field not in given or (rule.unless is not None and rule.unless(given)):
            continue
        if not rule.allows(given[rule.field]):
            since = f"{PREFIX}profile is {name}{rule.otherwise}"
            yield f"{PREFIX}{rule.key} {rule.must}, since {since}"
