"""What an access token can be bound to: a row for each member of ``cnf`` (RFC 7800 section 3.1).

A bound token is worth nothing without a proof that the sender holds the key. Everywhere but in
``cnf`` a binding is one text, the confirmation: ``<member>:<value>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BEARER = "Bearer"
"""The type of an access token without a binding (RFC 6750)."""
JKT = "jkt"
X5T = "x5t#S256"


@dataclass(frozen=True, slots=True)
class Binding:
    """A kind of binding: its member of ``cnf``, and the ``token_type`` of tokens bound by it."""

    member: str
    token_type: str


BINDINGS: Mapping[str, Binding] = {
    binding.member: binding
    for binding in (
        Binding(JKT, "DPoP"),  # RFC 9449 sections 5 and 6: the thumbprint of the client's key
        # RFC 8705 section 3.1: the thumbprint of the client's certificate; TLS is the proof
        Binding(X5T, BEARER),
    )
}


def confirmation(member: str, value: str) -> str:
    """Return the confirmation of a binding."""
    return f"{member}:{value}"


def token_type(confirmed: str | None) -> str:
    """Return the ``token_type`` of tokens with this confirmation."""
    return BEARER if confirmed is None else BINDINGS[confirmed.partition(":")[0]].token_type


def is_known(confirmed: str) -> bool:
    """Tell whether tokens with this confirmation can be checked here.

    A newer version of the server may have issued others.
    """
    return confirmed.partition(":")[0] in BINDINGS


def needs_proof(confirmed: str | None) -> bool:
    """Tell whether each use of a token needs a proof made for it, and no certificate."""
    return token_type(confirmed) != BEARER


def is_to_certificate(confirmed: str | None) -> bool:
    """Tell whether a confirmation is that of a client certificate."""
    return confirmed is not None and confirmed.startswith(f"{X5T}:")


def cnf(confirmed: str) -> dict[str, str]:
    """Return the ``cnf`` that tells resource servers the confirmation."""
    member, _, value = confirmed.partition(":")
    return {member: value}


def confirmed_by(given: object) -> str | None:
    """Return the confirmation that a supported ``cnf`` tells, None for an absent one."""
    if not isinstance(given, Mapping):
        return None
    return next(confirmation(member, value) for member, value in given.items())


def is_supported(given: object) -> bool:
    """Tell whether a ``cnf`` is absent or understood.

    A token with any other must be refused: it demands a proof that can't be checked here.
    """
    if given is None:
        return True
    if not isinstance(given, Mapping) or len(given) != 1:
        return False
    return all(name in BINDINGS and isinstance(value, str) for name, value in given.items())
