"""What OpenID Connect adds to an authorization request (Core section 3.1.2.1), once checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oauthprov.protocol.request.claims import ClaimsRequest, Wanted


@dataclass(slots=True)
class AuthenticationRequest:
    """Each check of ``authorization_checks`` fills in what it has read.

    ``openid`` tells whether it is an authentication request at all; without it nothing else but
    the words of ``response_type`` is set. ``hint`` is the subject of the ``id_token_hint``;
    ``subject_of`` makes the subject, for the client, of an account. ``acr_values`` are those of
    the parameter that a sign-in here may have, ``ui_locales`` the language tags that the client
    prefers, best first. ``dropped`` are scopes that were asked for but may not be had in this way.
    """

    openid: bool = False
    response_type: frozenset[str] = frozenset({"code"})
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    nonce: str | None = None
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    login_hint: str | None = None
    hint: str | None = None
    acr_values: frozenset[str] = frozenset()
    ui_locales: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()
    subject_of: Callable[[str], str] = str

    @property
    def means_somebody(self) -> bool:
        """Whether an account is named: by id_token_hint, or a value for ``sub`` (Core 5.5.1)."""
        return self.hint is not None or any(wanted.values for wanted in self._subs)

    def means(self, account_id: str) -> bool:
        """Tell whether an account is the one that is meant; any is where none is named."""
        sub = self.subject_of(account_id)
        return self.hint in (None, sub) and all(wanted.met_by(sub) for wanted in self._subs)

    @property
    def _subs(self) -> tuple[Wanted, ...]:
        members = self.claims.id_token, self.claims.userinfo
        return tuple(member["sub"] for member in members if "sub" in member)
