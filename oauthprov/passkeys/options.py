"""What pages pass to ``navigator.credentials``, as JSON with base64url for bytes.

Web Authentication Level 3 sections 5.4 and 5.5, in the format of 5.1.8 and 5.1.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oauthprov.credentials import base64url
from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.passkeys.relying_party import RelyingParty
from oauthprov.records import Passkey

Options = Mapping[str, object]

ALGORITHMS = (-8, -7, -257)
"""EdDSA, ES256 and RS256 (IANA COSE Algorithms): together every authenticator has one."""


def creation(
    party: RelyingParty,
    account_id: str,
    name: str,
    challenge: str,
    existing: Sequence[Passkey],
) -> Options:
    """Return the options of ``create()`` for an account and its user name.

    A passkey that the device can list by itself is preferred, since it needs no user name, and no
    second one is made on a device that has one.
    """
    return {
        "rp": {"id": party.id, "name": party.name},
        "user": {"id": base64url(account_id.encode()), "name": name, "displayName": name},
        "challenge": base64url(challenge.encode()),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": LIFETIME * 1000,
        "excludeCredentials": [_descriptor(passkey) for passkey in existing],
        "authenticatorSelection": {
            "residentKey": "preferred",
            "requireResidentKey": False,
            "userVerification": "preferred",
        },
        "attestation": "none",
    }


def request(
    party: RelyingParty,
    challenge: str,
    user_verification: str,
    allowed: Sequence[Passkey] = (),
) -> Options:
    """Return the options of ``get()``: for one of the ``allowed`` passkeys, or any if empty."""
    return {
        "rpId": party.id,
        "challenge": base64url(challenge.encode()),
        "timeout": LIFETIME * 1000,
        "userVerification": user_verification,
        "allowCredentials": [_descriptor(passkey) for passkey in allowed],
    }


def _descriptor(passkey: Passkey) -> Options:
    return {
        "type": "public-key",
        "id": passkey.credential_id,
        "transports": list(passkey.transports),
    }
