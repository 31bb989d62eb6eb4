"""Why requests are refused: a closed list.

The client receives only the error, so the reasons may be as precise as an operator needs. None of
them quotes a secret, a code or a token.
"""

from __future__ import annotations

import logging
from enum import StrEnum


class Reason(StrEnum):
    """Why a request was refused, or another fact about it that an operator should know.

    Each has a ``meaning``, one sentence. The values are stable: dashboards search for them.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Reason:
        """Make a member from its value and its meaning."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made

    CODE_UNKNOWN = "code_unknown", "No such authorization code is stored."
    CODE_EXPIRED = "code_expired", "The authorization code has expired."
    CODE_OF_ANOTHER_CLIENT = (
        "code_of_another_client",
        "The authorization code was issued to another client.",
    )
    CODE_REPLAYED = (
        "code_replayed",
        "The authorization code was redeemed before, so its grant is now revoked.",
    )
    VERIFIER_WRONG = (
        "verifier_wrong",
        "The code_verifier doesn't match the code_challenge of the authorization request.",
    )
    VERIFIER_UNEXPECTED = (
        "verifier_unexpected",
        "The request has a code_verifier, but the authorization request had no code_challenge.",
    )
    REDIRECT_URI_MISMATCH = (
        "redirect_uri_mismatch",
        "The redirect_uri differs from that of the authorization request.",
    )
    REDIRECT_URI_UNREGISTERED = (
        "redirect_uri_unregistered",
        "The client hasn't registered the redirect_uri.",
    )
    POST_LOGOUT_REDIRECT_URI_UNREGISTERED = (
        "post_logout_redirect_uri_unregistered",
        "The client hasn't registered the post_logout_redirect_uri.",
    )
    ID_TOKEN_HINT_REFUSED = (
        "id_token_hint_refused",
        "The id_token_hint can't be verified, or was issued to another client.",
    )
    REFRESH_TOKEN_UNKNOWN = "refresh_token_unknown", "No such refresh token is stored."
    REFRESH_TOKEN_EXPIRED = "refresh_token_expired", "The refresh token has expired."
    REFRESH_TOKEN_REVOKED = "refresh_token_revoked", "The grant of the refresh token is revoked."
    REFRESH_TOKEN_OF_ANOTHER_CLIENT = (
        "refresh_token_of_another_client",
        "The refresh token was issued to another client.",
    )
    REFRESH_TOKEN_REPLAYED = (
        "refresh_token_replayed",
        "The refresh token was used before, so its grant is now revoked.",
    )
    RECEIPT_USED = (
        "receipt_used",
        "A used refresh token was sent again within the grace period and got the same response.",
    )
    DEVICE_CODE_UNKNOWN = "device_code_unknown", "No such device code is stored."
    DEVICE_CODE_EXPIRED = "device_code_expired", "The device code has expired."
    DEVICE_CODE_OF_ANOTHER_CLIENT = (
        "device_code_of_another_client",
        "The device code was issued to another client.",
    )
    USER_CODE_WRONG = "user_code_wrong", "No device waits with the user code that was typed."
    DEVICE_CODE_USED = "device_code_used", "The device code was redeemed before."
    ENDED = (
        "ended",
        "The account, consent or session behind the code or grant has ended.",
    )
    TOKEN_UNKNOWN = "token_unknown", "No such token is stored, or it isn't an access token."
    TOKEN_EXPIRED = "token_expired", "The token has expired."
    TOKEN_REVOKED = (
        "token_revoked",
        "The token or its grant is revoked, or the token has been used.",
    )
    TOKEN_OF_ANOTHER_CLIENT = (
        "token_of_another_client",
        "The token to revoke was issued to another client.",
    )
    INTROSPECTION_NOT_ALLOWED = (
        "introspection_not_allowed",
        "The client may not introspect this token.",
    )
    CLIENT_UNIDENTIFIED = (
        "client_unidentified",
        "The request names no client, or its credentials can't be read.",
    )
    CLIENT_UNKNOWN = "client_unknown", "The client is unknown or disabled."
    CLIENT_DOCUMENT_REFUSED = (
        "client_document_refused",
        "The document that the client_id is the URL of can't be fetched or used.",
    )
    CLIENT_DOCUMENT_BUSY = (
        "client_document_busy",
        "The document of the client isn't fetched now: there are too many fetches.",
    )
    CLIENT_METHOD_MISMATCH = (
        "client_method_mismatch",
        "The client didn't authenticate with its registered method.",
    )
    CLIENT_SECRET_WRONG = "client_secret_wrong", "The client secret is wrong."
    CLIENT_ASSERTION_REFUSED = (
        "client_assertion_refused",
        "The client assertion can't be verified.",
    )
    CLIENT_ASSERTION_REPLAYED = (
        "client_assertion_replayed",
        "The client assertion was used before.",
    )
    CLIENT_CERTIFICATE_REFUSED = (
        "client_certificate_refused",
        "The client's certificate is missing or can't be verified.",
    )
    DPOP_PROOF_MISSING = (
        "dpop_proof_missing",
        "The request has no DPoP proof, which the server, the client or the token requires.",
    )
    DPOP_PROOF_REFUSED = "dpop_proof_refused", "The DPoP proof can't be verified."
    DPOP_PROOF_REPLAYED = "dpop_proof_replayed", "The DPoP proof was used before."
    DPOP_NONCE_WRONG = (
        "dpop_nonce_wrong",
        "The DPoP proof has no nonce of this server's, or an old one.",
    )
    DPOP_KEY_MISMATCH = (
        "dpop_key_mismatch",
        "The DPoP proof is by another key than the one that the code or token is bound to.",
    )
    CERTIFICATE_MISSING = (
        "certificate_missing",
        "The request has no client certificate, which the client or the token requires.",
    )
    CERTIFICATE_MISMATCH = (
        "certificate_mismatch",
        "The client certificate is another one than the token is bound to.",
    )
    CLIENT_KEYS_BUSY = (
        "client_keys_busy",
        "The client's keys can't be fetched now, because too many fetches are in progress.",
    )
    GRANT_TYPE_UNSUPPORTED = (
        "grant_type_unsupported",
        "This server doesn't have the grant type.",
    )
    RESPONSE_TYPE_UNSUPPORTED = (
        "response_type_unsupported",
        "This server doesn't have the response type, or not for such a request.",
    )
    GRANT_TYPE_NOT_ALLOWED = (
        "grant_type_not_allowed",
        "The client isn't registered for the grant type.",
    )
    RESPONSE_TYPE_NOT_ALLOWED = (
        "response_type_not_allowed",
        "The client isn't registered for the response type.",
    )
    REQUEST_OBJECT_REFUSED = (
        "request_object_refused",
        "The signed request object can't be fetched, verified or used.",
    )
    NOT_PUSHED = "not_pushed", "The authorization request must be pushed, and wasn't."
    PUSHED_REQUEST_UNKNOWN = "pushed_request_unknown", "No such pushed request is stored."
    PUSHED_REQUEST_EXPIRED = "pushed_request_expired", "The pushed request has expired."
    PUSHED_REQUEST_USED = "pushed_request_used", "The pushed request was answered before."
    PUSHED_REQUEST_OF_ANOTHER_CLIENT = (
        "pushed_request_of_another_client",
        "The request was pushed by another client.",
    )
    SIGNING_KEY_SEALED = (
        "signing_key_sealed",
        "No signing key can be decrypted with oauthprov.secret, so no token can be signed.",
    )
    SCOPE_NOT_ALLOWED = (
        "scope_not_allowed",
        "A requested scope is unknown, or not allowed for the client or the grant.",
    )

    RESOURCE_NOT_ALLOWED = (
        "resource_not_allowed",
        "A requested resource is not declared, not one of the grant's, or one whose token can be"
        " for no other.",
    )

    @property
    def level(self) -> int:
        """The log level of its line."""
        return _LEVELS.get(self, logging.INFO)


_LEVELS = {
    Reason.CODE_REPLAYED: logging.WARNING,
    Reason.REFRESH_TOKEN_REPLAYED: logging.WARNING,
    Reason.RECEIPT_USED: logging.WARNING,
    Reason.CLIENT_ASSERTION_REPLAYED: logging.WARNING,
    Reason.DPOP_PROOF_REPLAYED: logging.WARNING,
    Reason.DPOP_KEY_MISMATCH: logging.WARNING,
    Reason.CERTIFICATE_MISMATCH: logging.WARNING,
    Reason.CLIENT_KEYS_BUSY: logging.WARNING,
    Reason.SIGNING_KEY_SEALED: logging.ERROR,
}
"""Levels other than INFO: a secret may have leaked, responses get lost, or nothing works."""
