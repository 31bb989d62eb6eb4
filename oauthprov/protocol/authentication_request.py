"""What OpenID Connect adds to an authorization request (Core section 3.1.2.1), once checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from oauthprov.protocol.claims import ClaimsRequest


@dataclass(slots=True)
class AuthenticationRequest:
    """Each check of ``authorization_checks`` fills in what it has read.

    ``openid`` tells whether it is an authentication request at all; without it nothing else but
    the words of ``response_type`` is set. ``hint`` is the account of the ``id_token_hint``.
    ``dropped`` are scopes that were asked for but may not be had in this way.
    """

    openid: bool = False
    response_type: frozenset[str] = frozenset({"code"})
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    nonce: str | None = None
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    login_hint: str | None = None
    hint: str | None = None
    dropped: frozenset[str] = frozenset()
