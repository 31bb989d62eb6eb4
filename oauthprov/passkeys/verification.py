"""Whether a response proves that its sender holds the private key.

Web Authentication Level 3 sections 7.1 (registration) and 7.2 (authentication). The library
``webauthn`` checks the type, challenge and origin of the client data, the Relying Party, the
flags, the key and the signature. It compares nothing with earlier uses: that is done here. It
takes 15 MB and a tenth of a second to load, so this module is loaded at the first use of a
passkey: commands, and servers of a host's own accounts, never load it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    RegistrationCredential,
)

from oauthprov.credentials import base64url
from oauthprov.passkeys.refusal import Refused
from oauthprov.passkeys.relying_party import RelyingParty
from oauthprov.passkeys.responses import Assertion, Attestation
from oauthprov.records import Passkey

_NO_MODEL = "00000000-0000-0000-0000-000000000000"
_KEY_LIMIT = 4096
_DETAIL_LIMIT = 200


@dataclass(frozen=True, slots=True)
class NewKey:
    """A proven new key; ``public_key`` is base64url, ``aaguid`` is empty if none was given."""

    public_key: str
    sign_count: int
    aaguid: str
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A proven use of a passkey."""

    sign_count: int
    backed_up: bool
    user_verified: bool


def new_key(party: RelyingParty, sent: Attestation) -> NewKey:
    """Verify the registration of a passkey. Raises Refused.

    Who made the authenticator isn't asked for, so an attestation is only checked for consistency.
    """
    credential = RegistrationCredential(
        id=base64url(sent.credential_id),
        raw_id=sent.credential_id,
        response=AuthenticatorAttestationResponse(
            client_data_json=sent.client_data, attestation_object=sent.attestation_object
        ),
    )
    try:
        proven = verify_registration_response(
            credential=credential,
            expected_challenge=sent.challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except Exception as wrong:  # the library raises errors of many types
        raise Refused("unproven", _in_one_line(wrong)) from None
    if proven.credential_id != sent.credential_id:
        raise Refused("unproven", "the key is of another credential")
    if len(proven.credential_public_key) > _KEY_LIMIT:
        raise Refused("unproven", "the public key is too long")
    return NewKey(
        public_key=base64url(proven.credential_public_key),
        sign_count=proven.sign_count,
        aaguid="" if proven.aaguid == _NO_MODEL else proven.aaguid,
        backup_eligible=proven.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=proven.credential_backed_up,
    )


def use(party: RelyingParty, passkey: Passkey, sent: Assertion) -> Use:
    """Verify that ``passkey`` has signed the challenge of ``sent``. Raises Refused.

    The caller judges the sign count: only after this is it known to be the authenticator's.
    """
    credential = AuthenticationCredential(
        id=base64url(sent.credential_id),
        raw_id=sent.credential_id,
        response=AuthenticatorAssertionResponse(
            client_data_json=sent.client_data,
            authenticator_data=sent.authenticator_data,
            signature=sent.signature,
        ),
    )
    public_key = base64.urlsafe_b64decode(passkey.public_key + "==")
    try:
        proven = verify_authentication_response(
            credential=credential,
            expected_challenge=sent.challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
        )
    except Exception as wrong:  # the library raises errors of many types
        raise Refused("unproven", _in_one_line(wrong)) from None
    eligible = proven.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    if eligible != passkey.backup_eligible:
        raise Refused("unproven", "the passkey can be synced now but couldn't before, or not now")
    return Use(proven.new_sign_count, proven.credential_backed_up, proven.user_verified)


def _in_one_line(wrong: Exception) -> str:
    """Return what is wrong, for the log; it may quote what the browser sent."""
    return f"{type(wrong).__name__} {ascii(str(wrong))[:_DETAIL_LIMIT]}"
