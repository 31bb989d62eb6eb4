"""The values that the provider takes and returns; they are independent of any web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from oauthprov.accounts import SignedIn
from oauthprov.protected_resource.client_certificates import Presented
from oauthprov.protocol.clients.documents.fetching import Ration, unrationed
from oauthprov.records import Client, Consent, Digest, Grant
from oauthprov.settings import Weight

if TYPE_CHECKING:
    from oauthprov.protocol.request.waiting import WaitingRequest

ResponseMode = Literal["query", "fragment", "form_post"]
"""Where the parameters of an authorization response go."""
Step = Literal[
    "login", "reauthenticate", "step_up", "create", "select_account", "consent", "logout"
]
"""What the user must do.

Sign in, sign in again, prove more than they have, create or choose an account, consent, log out.
"""

Again = Literal["another_account", "prompt", "max_age", "acr"]
"""Why a signed-in user must sign in again: which demand of the request their session fails."""

Others = Callable[[], Sequence[SignedIn]]
"""Returns the other accounts signed in in this browser; reads storage only when it is called."""


def nobody_else() -> Sequence[SignedIn]:
    """Return no accounts: :data:`Others` of a browser with at most one account."""
    return ()


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser and the accounts signed in there.

    ``browser`` is the digest of the secret that identifies it, ``person`` the active account, if
    any; ``others`` returns the other accounts. ``host_request`` is passed to the account source
    unchanged.
    """

    browser: Digest
    person: SignedIn | None = None
    others: Others = nobody_else
    host_request: object = None

    @property
    def everybody(self) -> tuple[SignedIn, ...]:
        """The signed-in accounts, the active one first. May read storage."""
        return (*filter(None, [self.person]), *self.others())


@dataclass(frozen=True, slots=True)
class Call:
    """A request as received. ``query`` and ``body`` are raw bytes; header names are lower-case.

    ``audiences`` are the URLs that a client assertion may name besides the issuer. ``url`` is that
    of the endpoint, made of the issuer and not of the Host header; a DPoP proof must name it, or
    the ``alias`` that clients with certificates use. ``certificate`` is what the proxy hands on.
    ``host_request`` is passed to the account source unchanged. ``ration`` is asked before the
    document of a client is fetched.
    """

    method: str
    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    audiences: tuple[str, ...] = ()
    url: str = ""
    alias: str | None = None
    certificate: Presented = None
    host_request: object = None
    ration: Ration = unrationed


@dataclass(frozen=True, slots=True)
class SignedBody:
    """A JWT as the body of a response, and its media type."""

    jwt: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to a client, in JSON or as a JWT; a ``body`` of None means an empty one."""

    status: int
    body: Mapping[str, object] | SignedBody | None
    headers: Mapping[str, str] = field(default_factory=dict)


class Outcome:
    """What a request of a browser leads to; each kind has a row in ``web.responder``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Redirect(Outcome):
    """An authorization response for a proven ``redirect_uri``; ``params`` include ``iss``.

    ``sign`` makes a JWT of them, None if the client gets them as they are.
    """

    redirect_uri: str
    params: tuple[tuple[str, str], ...]
    response_mode: ResponseMode = "query"
    sign: Callable[[tuple[tuple[str, str], ...]], str] | None = field(
        default=None, repr=False, compare=False
    )

    @property
    def sent(self) -> tuple[tuple[str, str], ...]:
        """The parameters that the client gets: ``params``, or a JWT of them."""
        return self.params if self.sign is None else (("response", self.sign(self.params)),)


@dataclass(frozen=True, slots=True)
class InteractionRequired(Outcome):
    """The user must act first; ``interaction_id`` works in their browser only.

    ``otherwise`` is how the request ends if there is no page for ``step``; None if there always is
    one.
    """

    step: Step
    interaction_id: str
    otherwise: Outcome | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits at a sign-in page, and the user name to fill in there.

    ``sign_in`` tells whether the signed-in user must sign in again or with another account.
    ``ui_locales`` are the language tags that the client prefers, best first. ``person`` is the
    user whose session would serve the request; ``again`` says why they must sign in again, None if
    they needn't. ``wanted`` are values of ``acr``: the user must prove more to satisfy one of
    them; empty if they needn't.
    """

    client: Client
    login_hint: str | None
    sign_in: bool
    ui_locales: tuple[str, ...] = ()
    person: SignedIn | None = None
    again: Again | None = None
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal(Outcome):
    """An error that may not go to the client and is shown to the user (RFC 6749 section 4.1.2.1).

    ``error`` is a registered code, ``description`` one fixed sentence, ``status`` the HTTP status.
    ``sent`` are the parameters at fault, for the developer who sees the page: printable ASCII
    that anyone may have written into a link. ``client`` is the client that the request names, if
    there is one: a page may lead back to it. It isn't proven that the client made the request.
    """

    error: str
    description: str
    status: int = 400
    sent: tuple[tuple[str, str], ...] = ()
    client: Client | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of a consent page: a scope or resource in words, and whether it is new.

    ``weight`` is what a scope may do to the user's data.
    """

    name: str
    sentence: str
    new: bool
    weight: Weight = "read"


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """What a consent page shows of the ``request`` that waits.

    ``person`` is the account that the request is for, not always the active one of the browser.
    """

    interaction_id: str
    person: SignedIn
    request: WaitingRequest
    scopes: tuple[Asked, ...]
    resources: tuple[Asked, ...]
    granted_before: int | None

    @property
    def client(self) -> Client:
        """The client that asks."""
        return self.request.client

    @property
    def destination(self) -> str:
        """Where Allow leads, in words or as a host."""
        return self.request.destination


@dataclass(frozen=True, slots=True)
class LogoutQuestion(Outcome):
    """What the page shows that asks ``person`` to confirm signing out.

    ``client`` is the client that requests the logout. Without a client nothing is stored, and
    ``interaction_id`` is None.
    """

    interaction_id: str | None
    client: Client | None
    person: SignedIn


@dataclass(frozen=True, slots=True)
class LogoutRedirect(Outcome):
    """What follows a logout request.

    ``ends`` is the user to sign out now. ``redirect`` is the redirect that the client requested;
    with ``stays`` the user sees a page of this server that leads there.
    """

    ends: SignedIn | None
    client: Client | None = None
    redirect: Redirect | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """A client with access to an account.

    ``client`` is None if it was removed or disabled, ``consent`` if the client never needed one.
    ``scopes`` are the allowed scopes, in words; ``grants`` the live grants. If the account has
    more grants than are read, these are some of them, and ``last_used_at`` is None.
    """

    client_id: str
    client: Client | None
    consent: Consent | None
    scopes: tuple[Asked, ...]
    created_at: int
    last_used_at: int | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class ConnectedApps:
    """A page of the clients with access to an account.

    ``next`` is the cursor of the next page, None on the last.
    """

    apps: tuple[ConnectedApp, ...]
    next: str | None
