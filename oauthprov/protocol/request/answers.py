"""What goes into the provider and comes out of it: plain values, no request, no response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from oauthprov.accounts import SignedIn
from oauthprov.records import Client, Consent, Digest, Grant

ResponseMode = Literal["query", "fragment", "form_post"]
"""Where the parameters of an authorization response go."""
Step = Literal["login", "reauthenticate", "create", "select_account", "consent", "logout"]
"""What a person has to do: sign in, do so again, make an account, choose one, allow, sign out."""

Again = Literal["another_account", "prompt", "max_age", "acr"]
"""Why somebody who is signed in has to sign in again: what of the request their session lacks."""

Others = Callable[[], Sequence[SignedIn]]
"""Who else is signed in in the browser; storage is read only when it is called."""


def nobody_else() -> Sequence[SignedIn]:
    """Return that nobody is: :data:`Others` of a browser with one account."""
    return ()


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, and who is signed in there.

    ``browser`` is the digest of the secret that names it, ``person`` the active account, if there
    is one, ``others`` gives the other accounts. ``host_request`` is handed to the account source
    as it is.
    """

    browser: Digest
    person: SignedIn | None = None
    others: Others = nobody_else
    host_request: object = None

    @property
    def everybody(self) -> tuple[SignedIn, ...]:
        """The accounts that are signed in, the active one first. May read storage."""
        return (*filter(None, [self.person]), *self.others())


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in. ``query`` and ``body`` are raw bytes; header names lower-case.

    ``audiences`` are the URLs that a client's assertion may name beside the issuer.
    ``host_request`` is handed to the account source as it is.
    """

    method: str
    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    audiences: tuple[str, ...] = ()
    host_request: object = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer to a client; ``body`` None means an empty one."""

    status: int
    body: Mapping[str, object] | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """An authorization response for a proven ``redirect_uri``; ``params`` include ``iss``."""

    redirect_uri: str
    params: tuple[tuple[str, str], ...]
    response_mode: ResponseMode = "query"


@dataclass(frozen=True, slots=True)
class InteractionRequired:
    """A person must act first; ``interaction_id`` works in their browser only.

    ``otherwise`` answers the client where there is no page for ``step``; None: there always is.
    """

    step: Step
    interaction_id: str
    otherwise: Redirect | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits at a sign-in page, and the user name that is expected there.

    ``sign_in`` tells whether whoever is signed in now must sign in again, or as somebody else.
    ``ui_locales`` are the language tags that the client prefers, best first. ``again`` says why
    ``person``, whose session would serve the request, has to sign in again, None if they needn't.
    """

    client: Client
    login_hint: str | None
    sign_in: bool
    ui_locales: tuple[str, ...] = ()
    person: SignedIn | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that may not be sent to a client, so a person is told (RFC 6749 section 4.1.2.1).

    ``error`` is a registered code, ``description`` one fixed sentence, ``status`` the HTTP status.
    """

    error: str
    description: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a consent page asks for: a scope or resource in words, and if it is new."""

    name: str
    sentence: str
    new: bool


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """What a consent page shows. ``destination`` is where Allow leads, in words or as a host.

    ``person`` is whose account it is about: of the accounts in this browser, not always the active
    one.
    """

    interaction_id: str
    person: SignedIn
    client: Client
    scopes: tuple[Asked, ...]
    resources: tuple[Asked, ...]
    destination: str
    redirect_uri: str
    granted_before: int | None
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogoutQuestion:
    """What the page shows that asks whether to sign ``person`` out.

    ``client`` is who wants it. Without one nothing is stored, and ``interaction_id`` is None.
    """

    interaction_id: str | None
    client: Client | None
    person: SignedIn


@dataclass(frozen=True, slots=True)
class LogoutRedirect:
    """What follows a request to sign out.

    ``ends`` is who is to be signed out now. ``redirect`` is where the client wants people to go
    on; with ``stays`` they see a page of ours that leads there.
    """

    ends: SignedIn | None
    client: Client | None = None
    redirect: Redirect | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What a live access token stands for. ``account_id`` is None for a client's own token.

    ``subject`` is what the client calls the account: nothing else may be told to it. ``claims`` is
    what of the claims parameter was granted with it, as JSON.
    """

    account_id: str | None
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    grant_id: str | None
    claims: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A client that an account has let in.

    ``client`` is None when it is gone or disabled, ``consent`` when it never had to ask.
    ``scopes`` are those allowed, in words; ``grants`` the live grants.
    """

    client_id: str
    client: Client | None
    consent: Consent | None
    scopes: tuple[Asked, ...]
    created_at: int
    last_used_at: int
    grants: tuple[Grant, ...]
