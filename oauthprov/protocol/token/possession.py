"""The key that the sender of a request holds, and the tokens bound to it (RFC 9449, RFC 8705 3).

The proof is verified before the client authenticates, and used up by the commit that stores the
tokens: a request that is refused for another reason uses up neither its proof nor its code. A
certificate is no proof to use up: TLS proves its key anew for each connection.
"""

from __future__ import annotations

from collections.abc import Collection

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from oauthprov.errors import InvalidDPoPProofError, JoseError, UseDPoPNonceError
from oauthprov.events import Reason
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.client_certificates import ClientCertificate
from oauthprov.protocol.clients import demands
from oauthprov.protocol.clients.methods import is_confidential
from oauthprov.protocol.keys.dpop import verify_proof
from oauthprov.protocol.keys.dpop_nonces import current, is_good
from oauthprov.protocol.request.answers import Call
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.proofs import Possession, Proof
from oauthprov.records import Client, RefreshToken, ReplayMark
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add

OFF = "off"
_OVER_TLS = "The client must send this request over mutual TLS."
_NOT_REGISTERED = (
    "Only a client with tls_client_certificate_bound_access_tokens gets a token here."
)


def present(context: Context, call: Call) -> None:
    """Verify the proof of a request, if it has one, and keep it in the context.

    Raises InvalidDPoPProofError, UseDPoPNonceError.
    """
    sent = call.headers.get("dpop")
    if sent is None or context.settings.dpop == OFF:
        return
    try:
        made = verify_proof(
            sent,
            method=call.method,
            url=call.url,
            now=context.now,
            algorithms=context.settings.client_algorithms,
            aliases=() if call.alias is None else (call.alias,),
        )
    except JoseError as wrong:
        context.note(Reason.DPOP_PROOF_REFUSED, compared=wrong.reason)
        raise InvalidDPoPProofError() from wrong
    settings, now = context.settings, context.now
    if settings.dpop_nonce and not is_good(settings.secret, made.nonce, now):
        context.note(Reason.DPOP_NONCE_WRONG)
        raise UseDPoPNonceError()
    mark = ReplayMark(made.replay_key, made.expires_at)
    context.possession = Possession(
        bindings.confirmation(bindings.JKT, made.thumbprint),
        Proof(Add(mark), InvalidDPoPProofError, Reason.DPOP_PROOF_REPLAYED),
    )


def nonce_header(settings: Settings, now: int) -> dict[str, str]:
    """Return the header with the nonce for the client's next proof; none if there are no nonces.

    It is sent with every response, so that a client rarely needs a second request (section 8.2).
    """
    if settings.dpop == OFF or not settings.dpop_nonce:
        return {}
    return {"DPoP-Nonce": current(settings.secret, now)}


def bind(context: Context, client: Client, targets: Collection[str] = ()) -> str | None:
    """Return the confirmation of what ``client`` gets for ``targets``; None for bearer tokens.

    From now on the request's proof is one of those that its commit uses up, the last. Raises
    InvalidDPoPProofError without a proof where the server, the client or a resource requires one,
    InvalidRequestError without a certificate where the client requires one, or where nothing else
    could bind its token.
    """
    held, settings = context.possession, context.settings
    if client.tls_client_certificate_bound_access_tokens and _certificate(context) is None:
        _note_certificate(context)
        raise InvalidRequestError(_OVER_TLS)
    bound = confirmation(context, client)
    if held is None:
        if settings.dpop == OFF and demands.must_bind(settings, client, targets):
            context.note(Reason.CERTIFICATE_MISSING, compared="the client isn't registered for it")
            raise InvalidRequestError(_NOT_REGISTERED)
        if demands.must_prove_key(settings, client, targets):
            context.note(Reason.DPOP_PROOF_MISSING)
            raise InvalidDPoPProofError()
    else:
        _use_up(context, held)
    return bound


def confirmation(context: Context, client: Client) -> str | None:
    """Return what a token is bound to that ``client`` gets now; None for nothing.

    With a proof and a certificate it is bound to the key of the proof: it has one binding. Without
    a proof it is bound to the certificate, if the client is registered for that.
    """
    if context.possession is not None:
        return context.possession.confirmation
    wanted = client.tls_client_certificate_bound_access_tokens
    return _certificate(context) if wanted else None


def _certificate(context: Context) -> str | None:
    """Return the confirmation of the request's certificate, None without one."""
    found = context.certificate
    return found.confirmation if isinstance(found, ClientCertificate) else None


def held_key(context: Context) -> str | None:
    """Return the thumbprint of the key whose proof a request has, None without a proof.

    The proof is used up as by :func:`bind`.
    """
    held = context.possession
    if held is None:
        return None
    _use_up(context, held)
    return bindings.cnf(held.confirmation)[bindings.JKT]


def _use_up(context: Context, held: Possession) -> None:
    if held.proof not in context.proofs:
        context.proofs = (*context.proofs, held.proof)


def of_refresh_token(context: Context, client: Client) -> str | None:
    """Return the confirmation of a refresh token that ``client`` gets now.

    Only those of public clients are bound (section 5): a confidential client authenticates with
    each use, and may change its key.
    """
    return None if is_confidential(client) else confirmation(context, client)


def is_proven(context: Context, bound: str | None) -> bool:
    """Tell whether the request proves what a code or token is bound to; notes if it doesn't."""
    shown = _certificate(context)
    if bound in (None, context.confirmation, shown):
        return True
    if bindings.is_to_certificate(bound):
        _note_certificate(context)
    else:
        missing = context.possession is None
        context.note(Reason.DPOP_PROOF_MISSING if missing else Reason.DPOP_KEY_MISMATCH)
    return False


def check(context: Context, token: RefreshToken) -> None:
    """Check that the request proves what a refresh token is bound to.

    Raises InvalidGrantError for another key; without any InvalidDPoPProofError, or
    InvalidRequestError where it is a certificate.
    """
    if is_proven(context, token.confirmation):
        return
    if bindings.is_to_certificate(token.confirmation):
        if _certificate(context) is None:
            raise InvalidRequestError(_OVER_TLS)
    elif context.possession is None:
        raise InvalidDPoPProofError()
    raise InvalidGrantError()


def note_other_key(context: Context, client: Client) -> None:
    """Note that something is bound to another key than the request proves, or to none."""
    if client.tls_client_certificate_bound_access_tokens and context.possession is None:
        _note_certificate(context)
    else:
        context.note(Reason.DPOP_KEY_MISMATCH)


def _note_certificate(context: Context) -> None:
    found = context.certificate
    if isinstance(found, ClientCertificate):
        context.note(Reason.CERTIFICATE_MISMATCH)
    else:
        context.note(Reason.CERTIFICATE_MISSING, compared=None if found is None else found.why)
