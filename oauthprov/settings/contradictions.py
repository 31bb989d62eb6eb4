"""Checks for valid settings that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from oauthprov.settings.protocol import mtls, profiles
from oauthprov.settings.values import LOOPBACK, OPENID, PREFIX, resource_identity

_SECRET_LENGTH = 32
_PUBLISH_AHEAD = 600
_UNUSED_LIFETIME = 172_800
_LINK_LIFETIME = 300


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each problem; ``values`` lacks the invalid settings."""
    checks = (
        *(_secret, _pairwise, _issuer, _scopes, _resources),
        *(_registration, _sign_up, _factors, _mail, _keys, _dpop, _metrics),
        mtls.contradictions,
        profiles.contradictions,
    )
    return [sentence for check in checks for sentence in check(values)]


def _secret(values: Mapping[str, Any]) -> Iterator[str]:
    secret = values.get("secret", ("x" * _SECRET_LENGTH,))
    if not secret or any(len(part) < _SECRET_LENGTH for part in secret):
        yield f"{PREFIX}secret: each secret must have {_SECRET_LENGTH} or more characters"
    elif any(len(set(part)) < 10 for part in secret if "secret" in values):
        yield f"{PREFIX}secret looks like a placeholder: generate a random secret"


def _pairwise(values: Mapping[str, Any]) -> Iterator[str]:
    secret = values.get("openid_pairwise_secret", "")
    if secret and (len(secret) < _SECRET_LENGTH or len(set(secret)) < 10):
        yield f"{PREFIX}openid.pairwise_secret needs {_SECRET_LENGTH} or more random characters"
    elif secret and secret in values.get("secret", ()):
        # A shared secret would rotate, and every pairwise subject would change with it.
        yield f"{PREFIX}openid.pairwise_secret must differ from {PREFIX}secret, which rotates"


def _dpop(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("dpop") == "required" and values.get("openid_implicit"):
        # Tokens of that flow come from the authorization endpoint, where no proof can be sent.
        yield f"{PREFIX}openid.implicit must be false, since {PREFIX}dpop is required"
    for resource in values.get("resources", ()):
        demands = f"{PREFIX}resources, {resource.uri}: bound, but"
        certificates = values.get("mtls_format", "off") != "off"
        if resource.bound and values.get("dpop") == "off" and not certificates:
            yield f"{demands} {PREFIX}dpop and {PREFIX}mtls.format are off"
        if resource.bound and values.get("openid_implicit"):
            yield f"{demands} {PREFIX}openid.implicit gives tokens that can't be bound"


def _metrics(values: Mapping[str, Any]) -> Iterator[str]:
    secret = values.get("metrics_secret", "")
    if secret and (len(secret) < _SECRET_LENGTH or len(set(secret)) < 10):
        yield f"{PREFIX}metrics.secret needs {_SECRET_LENGTH} or more random characters"
    elif secret and secret in values.get("secret", ()):
        # Prometheus knows the one, and must not be able to forge anything with the other.
        yield f"{PREFIX}metrics.secret must differ from {PREFIX}secret"


def _issuer(values: Mapping[str, Any]) -> Iterator[str]:
    issuer = urlsplit(values.get("issuer", "https://"))
    loopback = values.get("development") and issuer.hostname in LOOPBACK
    if issuer.scheme != "https" and not loopback:
        yield f"{PREFIX}issuer must be an https URL (http only in development, on loopback)"


def _scopes(values: Mapping[str, Any]) -> Iterator[str]:
    declared = {scope.name for scope in values.get("scopes", ())}
    wanted = {PREFIX + "default_scopes": values.get("default_scopes", ())}
    wanted[PREFIX + "registration.scopes"] = values.get("registration_scopes", ())
    for resource in values.get("resources", ()):
        wanted[f"{PREFIX}resources, {resource.uri}"] = resource.scopes
    for where, names in wanted.items():
        unknown = [name for name in names if "scopes" in values and name not in declared]
        if unknown:
            yield f"{where} names undeclared scopes: {' '.join(unknown)}"


def _resources(values: Mapping[str, Any]) -> Iterator[str]:
    declared: dict[str, str] = {}
    for resource in values.get("resources", ()):
        first = declared.setdefault(resource_identity(resource.uri), resource.uri)
        if first is not resource.uri:
            yield f"{PREFIX}resources declares one resource twice: {first} and {resource.uri}"


def _registration(values: Mapping[str, Any]) -> Iterator[str]:
    # A client's use is recorded once a day, so its lifetime must be longer than a day.
    if 0 < values.get("registration_unused_lifetime", 0) < _UNUSED_LIFETIME:
        yield f"{PREFIX}registration.unused_lifetime must be 0 or at least {_UNUSED_LIFETIME}"


def _factors(values: Mapping[str, Any]) -> Iterator[str]:
    required = values.get("factors_required", ())
    # It is the default for admins, who then need none.
    if not values.get("factors", ("totp",)) and required not in ((), ("admins",)):
        yield f"{PREFIX}factors.required must be nobody, since {PREFIX}factors offers none"
    acrs = [values.get(f"acr_{level}", level) for level in ("password", "mfa", "phr")]
    if len(set(acrs)) < len(acrs):
        yield f"{PREFIX}acr.password, {PREFIX}acr.mfa and {PREFIX}acr.phr must differ"


def _sign_up(values: Mapping[str, Any]) -> Iterator[str]:
    declared = {scope.name for scope in values.get("scopes", ())}
    if values.get("signup_email", "no") != "no" and not declared >= {OPENID, "email"}:
        yield f"{PREFIX}signup.email needs the scopes {OPENID} and email: no client can ask for it"


def _mail(values: Mapping[str, Any]) -> Iterator[str]:
    server = values.get("mail_url")
    if server is None:
        return
    if server.host is None and not values.get("development", True):
        yield f"{PREFIX}mail.url may be console: only in development, since it prints the links"
    if server.host is not None and values.get("mail_sender", ...) is None:
        yield f"{PREFIX}mail.sender is required when mail.url names a mail server"
    if values.get("mail_link_lifetime", _LINK_LIFETIME) < _LINK_LIFETIME:
        yield f"{PREFIX}mail.link_lifetime must be {_LINK_LIFETIME} or more: delivery takes time"
    if 0 < values.get("mail_reset_lifetime", 0) < _LINK_LIFETIME:
        yield f"{PREFIX}mail.reset_lifetime must be 0 or at least {_LINK_LIFETIME}"


def _keys(values: Mapping[str, Any]) -> Iterator[str]:
    openid = OPENID in {scope.name for scope in values.get("scopes", ())}
    required = openid and values.get("profile", "none") == "none"
    if required and "RS256" not in values.get("keys_algorithms", ("RS256",)):
        # OpenID Connect Discovery section 3 requires RS256, FAPI 2.0 forbids it.
        yield f"{PREFIX}keys.algorithms must include RS256, since the scope openid is declared"
    algorithms = values.get("keys_algorithms")
    for resource in values.get("resources", ()):
        if algorithms and resource.alg and resource.alg not in algorithms:
            yield f"{PREFIX}keys.algorithms must include {resource.alg}, for {resource.uri}"
    ahead = values.get("keys_publish_ahead", _PUBLISH_AHEAD)
    if ahead < _PUBLISH_AHEAD:
        yield f"{PREFIX}keys.publish_ahead must be {_PUBLISH_AHEAD} or more: clients cache keys"
    if 0 < values.get("keys_rotate_every", 0) <= ahead:
        yield f"{PREFIX}keys.rotate_every must be more than {PREFIX}keys.publish_ahead"
