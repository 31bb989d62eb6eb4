"""What the checks have found in an authorization request, with OpenID Connect or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oauthprov.protocol.request.claims import ClaimsRequest, Wanted


@dataclass(slots=True)
class CheckedRequest:
    """Each check in ``authorize.checks`` fills in the fields that it reads.

    ``openid`` tells whether this is an authentication request (OpenID Connect Core 3.1.2.1); if
    not, only the checks of every request have run. ``hint`` is the subject of the
    ``id_token_hint``; ``subject_of`` maps an account id to the client's ``sub``. ``acr_values``
    are the requested values that this server supports. ``step_up`` are the values of ``acr`` that
    a signed-in user can reach by proving more, None if the account source has no page for that.
    ``ui_locales`` are the language tags that the client prefers, best first. ``dropped`` are
    requested scopes that this request can't be granted. ``confirmation`` names the key that the
    code must be bound to (:mod:`oauthprov.protected_resource.bindings`), None for none.
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
    step_up: frozenset[str] | None = None
    ui_locales: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()
    confirmation: str | None = None
    subject_of: Callable[[str], str] = str

    @property
    def means_somebody(self) -> bool:
        """Whether the request names an account, by id_token_hint or by ``sub`` (Core 5.5.1)."""
        return self.hint is not None or any(wanted.values for wanted in self._subs)

    def means(self, account_id: str) -> bool:
        """Tell whether the request means this account; a request that names none means any."""
        sub = self.subject_of(account_id)
        return self.hint in (None, sub) and all(wanted.met_by(sub) for wanted in self._subs)

    @property
    def _subs(self) -> tuple[Wanted, ...]:
        members = self.claims.id_token, self.claims.userinfo
        return tuple(member["sub"] for member in members if "sub" in member)
