"""The key that the sender of a request holds, and the tokens that are bound to it (RFC 9449).

The proof is verified before the client authenticates, and used up by the commit that stores the
tokens: a request that is refused for another reason uses up neither its proof nor its code.
"""

from __future__ import annotations

from collections.abc import Collection

from oauthprov.errors import InvalidDPoPProofError, JoseError, UseDPoPNonceError
from oauthprov.events import Reason
from oauthprov.protected_resource import bindings
from oauthprov.protocol.clients.methods import is_confidential
from oauthprov.protocol.keys.dpop import verify_proof
from oauthprov.protocol.keys.dpop_nonces import current, is_good
from oauthprov.protocol.request.answers import Call
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.proofs import Possession, Proof
from oauthprov.records import Client, ReplayMark
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add

OFF = "off"
REQUIRED = "required"


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
    InvalidDPoPProofError without a proof where the server, the client or a resource requires one.
    """
    held, settings = context.possession, context.settings
    if held is None:
        demanded = settings.fapi or not settings.bound_resources.isdisjoint(targets)
        if demanded or settings.dpop == REQUIRED or client.dpop_bound_access_tokens:
            context.note(Reason.DPOP_PROOF_MISSING)
            raise InvalidDPoPProofError()
        return None
    _use_up(context, held)
    return held.confirmation


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
    return None if is_confidential(client) else context.confirmation


def is_proven(context: Context, confirmation: str | None) -> bool:
    """Tell whether the request proves what a code or token is bound to; notes if it doesn't."""
    if confirmation in (None, context.confirmation):
        return True
    missing = context.possession is None
    context.note(Reason.DPOP_PROOF_MISSING if missing else Reason.DPOP_KEY_MISMATCH)
    return False
