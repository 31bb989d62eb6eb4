"""Responses of browsers, as text that anybody may have written: strict JSON, size and base64url.

The format is that of ``PublicKeyCredential.toJSON()`` (Web Authentication Level 3 section 5.1).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from oauthprov.passkeys.refusal import Refused
from oauthprov.serial import loads

TEXT_LIMIT = 16 * 1024
"""Characters of a response."""
CREDENTIAL_ID_LIMIT = 1023
"""Bytes of a credential id (section 4)."""
_TRANSPORTS = frozenset({"ble", "hybrid", "internal", "nfc", "smart-card", "usb"})
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_HANDLE_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Response:
    """What both kinds of response have; ``challenge`` is the one that the browser was given."""

    credential_id: bytes
    client_data: bytes
    challenge: str


@dataclass(frozen=True, slots=True)
class Attestation(Response):
    """The response of ``navigator.credentials.create()``."""

    attestation_object: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assertion(Response):
    """The response of ``navigator.credentials.get()``.

    ``user_handle`` is the account id that a discoverable passkey was made for, None if absent.
    """

    authenticator_data: bytes
    signature: bytes
    user_handle: str | None


def attestation(text: str) -> Attestation:
    """Parse a response of ``create()``. Raises Refused."""
    credential_id, body = _credential(text)
    client_data = _bytes(body, "clientDataJSON")
    listed = body.get("transports")
    transports = listed if isinstance(listed, list) else []
    return Attestation(
        credential_id=credential_id,
        client_data=client_data,
        challenge=_challenge(client_data),
        attestation_object=_bytes(body, "attestationObject"),
        transports=tuple(sorted(_TRANSPORTS.intersection(filter(_is_text, transports)))),
    )


def assertion(text: str) -> Assertion:
    """Parse a response of ``get()``. Raises Refused."""
    credential_id, body = _credential(text)
    client_data = _bytes(body, "clientDataJSON")
    return Assertion(
        credential_id=credential_id,
        client_data=client_data,
        challenge=_challenge(client_data),
        authenticator_data=_bytes(body, "authenticatorData"),
        signature=_bytes(body, "signature"),
        user_handle=_handle(body) if body.get("userHandle") is not None else None,
    )


def _credential(text: str) -> tuple[bytes, dict[str, Any]]:
    if len(text) > TEXT_LIMIT:
        raise Refused("malformed", "the response is too long")
    sent = _object(text.encode("utf-8", "replace"), "response")
    body = sent.get("response")
    if not isinstance(body, dict) or sent.get("type") != "public-key":
        raise Refused("malformed", "no public key credential")
    credential_id = _bytes(sent, "rawId")
    if not 0 < len(credential_id) <= CREDENTIAL_ID_LIMIT or sent.get("id") != sent["rawId"]:
        raise Refused("malformed", "the id isn't that of a credential")
    return credential_id, body


def _challenge(client_data: bytes) -> str:
    """Return the challenge. Raises Refused if the page was in a frame of another site."""
    said = _object(client_data, "clientDataJSON")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Refused("unproven", "the page was in a frame of another site")
    return _bytes(said, "challenge").decode("ascii", "replace")


def _handle(body: dict[str, Any]) -> str:
    raw = _bytes(body, "userHandle")
    if len(raw) > _HANDLE_LIMIT:
        raise Refused("malformed", "the userHandle is too long")
    return raw.decode("ascii", "replace")


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        value = loads(raw)
    except ValueError:
        raise Refused("malformed", f"the {what} isn't JSON") from None
    if not isinstance(value, dict):
        raise Refused("malformed", f"the {what} isn't a JSON object")
    return value


def _bytes(members: dict[str, Any], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not _BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        raise Refused("malformed", f"{name} isn't base64url")
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
