"""Proofs that the sender of a request holds a key: DPoP (RFC 9449 section 4).

Functions of the proof, the request and the time alone: they read no storage and no settings. The
caller stores the mark that makes a proof usable only once, after everything else is checked.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from oauthprov.credentials import digest, replay_key
from oauthprov.failures import JoseError
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS

TYPE = "dpop+jwt"
PROOF_LIMIT = 8192
"""Characters of a proof, at most."""
LIFETIME = 300
"""Seconds after ``iat`` for which a proof is accepted."""
JTI_LIMIT = 256
"""Characters of a ``jti``, at most."""

_REQUIRED = ("htm", "htu", "iat", "jti")
_TEXTS = ("htm", "htu", "jti", "ath", "nonce")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
# RFC 3986 section 3.3: what a segment of a path may hold as it is. WSGI doesn't tell an app
# whether one of these was sent percent-encoded.
_PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@-]")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class DPoPProof:
    """A verified proof: its sender holds the key with the ``thumbprint`` (RFC 7638).

    ``replay_key`` names the one use that it is good for, and must be remembered until
    ``expires_at``, in seconds since 1970. ``nonce`` is the server's value in it, if any.
    """

    thumbprint: str
    replay_key: str
    expires_at: int
    nonce: str | None = None


def verify_proof(
    proof: str,
    *,
    method: str,
    url: str,
    now: int,
    access_token: str | None = None,
    aliases: Collection[str] = (),
    algorithms: Collection[str] = ALGORITHMS,
) -> DPoPProof:
    """Return the proof in the value of a request's DPoP header, once it is verified (section 4.3).

    ``method`` and ``url`` are those of the request. The URL, and other ``aliases`` by which
    clients know it, are the server's own names for itself, never made of the Host header. ``now``
    is the time in seconds since 1970. With ``access_token`` the proof must be for this token.
    Raises JoseError.

    The caller checks the ``nonce`` if it demands one, refuses a ``replay_key`` that was used
    before, and compares ``thumbprint`` with the key that the token is bound to.
    """
    if "," in proof:
        raise JoseError("there is more than one DPoP header")
    if len(proof) > PROOF_LIMIT:
        raise JoseError("the proof is too large")
    verified, key = jose.verify_self_signed(proof, algorithms=algorithms, typ=TYPE)
    claims, jkt = verified.claims, str(key.kid)
    _check_form(claims)
    _check_request(claims, method, (url, *aliases), now)
    if access_token is not None:
        _check_token(claims, access_token)
    use = f"dpop {jkt} {method} {normalized(claims['htu'])}"
    return DPoPProof(
        thumbprint=jkt,
        replay_key=replay_key(use, claims["jti"]),
        # Another node, whose clock is behind, might still accept it.
        expires_at=math.ceil(claims["iat"]) + LIFETIME + 2 * jose.LEEWAY,
        nonce=claims.get("nonce"),
    )


def _check_form(claims: Mapping[str, Any]) -> None:
    missing = [name for name in _REQUIRED if name not in claims]
    if missing:
        raise JoseError(f"the proof lacks {', '.join(missing)}")
    for name in _TEXTS:
        if not isinstance(claims.get(name, ""), str):
            raise JoseError(f"the proof's {name} isn't a string")
    if not 1 <= len(claims["jti"]) <= JTI_LIMIT:
        raise JoseError(f"the proof's jti must have 1 to {JTI_LIMIT} characters")


def _check_request(
    claims: Mapping[str, Any], method: str, urls: Collection[str], now: int
) -> None:
    if claims["htm"] != method:
        raise JoseError("the proof is for another method")
    if normalized(claims["htu"]) not in map(normalized, urls):
        raise JoseError("the proof is for another URL")
    jose.check_times(claims, now)
    if now > claims["iat"] + LIFETIME:
        raise JoseError("the proof is too old")


def _check_token(claims: Mapping[str, Any], access_token: str) -> None:
    sent = claims.get("ath")
    if sent is None:
        raise JoseError("the proof lacks ath")
    if not hmac.compare_digest(
        sent.encode("utf-8", "surrogatepass"), digest(access_token).encode()
    ):
        raise JoseError("the proof is for another access token")


@lru_cache(maxsize=256)
def normalized(url: str) -> str:
    """Return an http or https URL in its normal form, without query and fragment.

    RFC 3986 sections 6.2.2 and 6.2.3: the case of scheme and host, percent-encoding, dot segments,
    default port and empty path make no difference. Raises JoseError for what isn't such a URL.
    """
    try:
        parts = urlsplit(url) if _PRINTABLE.fullmatch(url) else None
        port = parts and parts.port
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise JoseError("the proof's htu isn't an http or https URL")
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise JoseError("the proof's htu has a user name")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    path = _without_dots(_ESCAPE.sub(_escape, parts.path))
    return f"{parts.scheme}://{_ESCAPE.sub(_escape, host).lower()}{shown}{path}"


def _escape(match: re.Match[str]) -> str:
    if match[1] is None:
        raise JoseError("the proof's htu isn't properly percent-encoded")
    plain = unquote(match[0], "latin-1")
    return plain if _PLAIN.fullmatch(plain) else match[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4); an empty path becomes a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
