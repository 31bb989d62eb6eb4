"""The interface by which a host supplies its own users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from oauthprov.records import Digest

_TYPES: Mapping[str, tuple[type, ...]] = {
    "auth_time": (int,),
    "amr": (tuple,),
    "acr": (str, NoneType),
    "sid": (str, NoneType),
    "session_ends_at": (int, NoneType),
    "meets": (tuple,),
    "could_meet": (tuple, NoneType),
    "admin": (bool,),
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user who is signed in in this browser.

    ``account_id`` is stable, never reused, ASCII, at most 200 characters; ``sub`` in tokens is
    made from it. ``auth_time`` is the time of the authentication (epoch seconds), ``amr`` are its
    methods (RFC 8176), ``acr`` is its level or context, one of ``AccountSource.acr_values``.
    ``session_key`` is the key of the provider's session; None for a host's accounts. ``sid``
    identifies the session, the provider's or the host's: it stays the same while the same user
    signs in again, and is never used again after a sign-out. ``session_ends_at`` is the latest end
    of the session (epoch seconds), None when unknown; grants that are bound to the session expire
    then. ``epoch`` is the epoch of a built-in account (``records.Account``), and 0 for a host's.
    ``meets`` are all values of ``acr`` that the sign-in satisfies, the highest first; empty means
    ``acr`` alone. ``could_meet`` are those that it would satisfy if the user proved everything
    that they have set up, None when unknown. A ``developer`` may register clients where only
    developers may, an ``admin`` may open the pages below ``/admin``.
    Raises TypeError for an ``account_id`` that isn't a ``str``, and for other values of a wrong
    type: tokens and records have them.
    """

    account_id: str
    name: str
    auth_time: int
    amr: tuple[str, ...] = ()
    session_key: Digest | None = None
    developer: bool = False
    acr: str | None = None
    sid: str | None = None
    session_ends_at: int | None = None
    epoch: int = 0
    meets: tuple[str, ...] = ()
    could_meet: tuple[str, ...] | None = None
    admin: bool = False

    @property
    def acrs(self) -> tuple[str, ...]:
        """Every value of ``acr`` that the sign-in satisfies, the highest first."""
        return self.meets or tuple(filter(None, [self.acr]))

    def __post_init__(self) -> None:
        if not isinstance(self.account_id, str):
            kind = type(self.account_id).__name__
            raise TypeError(f"account_id must be a str, not {kind}: return str(user.id)")
        for name, types in _TYPES.items():
            if not isinstance(getattr(self, name), types):
                raise TypeError(f"{name} has the wrong type: {type(getattr(self, name)).__name__}")
        if not all(isinstance(method, str) for method in self.amr):
            raise TypeError("amr must be a tuple of str")


class HostRequest(Protocol):
    """The part of a Pyramid request that this package uses.

    A source that uses more attributes of the host's request, such as ``request.dbsession``,
    declares its type: ``AccountSource[MyRequest]``.
    """

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The WSGI environ; only values that are text are read."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are case-insensitive."""

    @property
    def remote_addr(self) -> str | None:
        """The IP address of the request's sender."""

    @property
    def registry(self) -> Mapping[str, object]:
        """The registry of the app."""

    def route_url(self, route_name: str, **parts: object) -> str:
        """Return the URL of a route."""

    def route_path(self, route_name: str, **parts: object) -> str:
        """Return the path of a route."""


if TYPE_CHECKING:
    from typing_extensions import TypeVar as _TypeVar

    RequestT = _TypeVar("RequestT", bound=HostRequest, contravariant=True, default=HostRequest)
else:
    RequestT = TypeVar("RequestT", contravariant=True)


class AccountSource(ABC, Generic[RequestT]):
    """Finds the signed-in user and the pages for signing in.

    A host passes its own source to ``set_oauth_accounts``. ``acr_values`` are the authentication
    contexts that a sign-in may have; the metadata lists them. Set ``can_step_up`` if
    :meth:`step_up_url` is implemented. Set ``can_sign_out`` if
    :meth:`sign_out` is implemented: clients may then request a logout. Set ``names_sessions`` if
    ``SignedIn.sid`` is set: clients then receive back-channel logouts. Set ``names_admins`` if
    ``SignedIn.admin`` is set: there are admin pages then, for clients, tokens, keys and health.
    Only the source of the built-in accounts sets ``keeps_accounts``: each of its accounts is a
    record in the provider's storage, and an account without a record has been removed.
    """

    acr_values: tuple[str, ...] = ()
    can_step_up: bool = False
    can_sign_out: bool = False
    names_sessions: bool = False
    keeps_accounts: bool = False
    names_admins: bool = False

    @abstractmethod
    def signed_in(self, request: RequestT) -> SignedIn | None:
        """Return the user who is signed in in the browser that sent ``request``, or None."""

    @abstractmethod
    def login_url(self, request: RequestT, return_to: str) -> str:
        """Return the URL of the sign-in page, which then redirects to ``return_to``."""

    def name_of(self, account_id: str, request: RequestT) -> str | None:
        """Return the display name of the account, or None if the account no longer exists."""
        return None

    def claims(self, account_id: str, request: RequestT) -> Mapping[str, object]:
        """Return the claims of the account, by the names of OpenID Connect Core section 5.1.

        ``groups``, a list of names, is released by the scope of that name.

        ``request`` may come from a client instead of a browser, for example to the token endpoint.

        Values are JSON. A client receives only the claims that it was granted; ``sub`` and the
        claims about the sign-in come from the provider. May read storage, once.
        """
        name = self.name_of(account_id, request)
        return {} if name is None else {"name": name}

    def reauthentication_url(self, request: RequestT, return_to: str) -> str | None:
        """Return the URL of the page where a signed-in user signs in again, or as another user.

        Afterwards ``auth_time`` must be the time of the new sign-in. Return None if there is no
        such page: a client that requests a new sign-in then receives ``login_required``.
        """
        return None

    def step_up_url(self, request: RequestT, return_to: str) -> str | None:
        """Return the URL of the page where a signed-in user proves more, for a higher ``acr``.

        Afterwards ``auth_time`` must be the time of that proof. By default users sign in again.
        """
        return self.reauthentication_url(request, return_to)

    def others(self, request: RequestT) -> Sequence[SignedIn]:
        """Return the other users who are signed in in that browser, besides :meth:`signed_in`.

        A request whose ``id_token_hint`` names one of them is answered for that session. Called
        only for requests that need it.
        """
        return ()

    def selection_url(self, request: RequestT, return_to: str) -> str | None:
        """Return the URL of the page where a user chooses an account, None if there is none.

        After the choice :meth:`signed_in` must return the chosen user, and the page must call
        ``request.oauthprov.account_chosen(return_to, person)`` before it redirects to
        ``return_to``. By default users sign in again instead.
        """
        return self.reauthentication_url(request, return_to)

    def registration_url(self, request: RequestT, return_to: str) -> str | None:
        """Return the URL of the sign-up page, None if users can't create an account."""
        return None

    def sign_out(self, request: RequestT) -> Sequence[tuple[str, str]]:
        """End the session of the browser that sent ``request``: no user stays signed in there.

        Return headers for the response, such as those from ``pyramid.security.forget``.
        """
        return ()
