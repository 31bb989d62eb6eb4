"""The seam through which a host brings its own users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from oauthprov.records import Digest


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who is signed in in this browser.

    ``account_id`` is stable, never reused, ASCII, at most 200 characters: tokens call it ``sub``.
    ``auth_time`` is when they proved who they are (epoch seconds), ``amr`` how (RFC 8176).
    ``acr`` is the level or context of that, in the words of ``AccountSource.acr_values``.
    ``session_key`` names a session of ours; None with a host's accounts. ``sid`` names the
    session, ours or the host's, for as long as the same person is in it, however often they sign
    in anew; after a sign-out it is never used again. ``session_ends_at`` is when the session ends
    at the latest (epoch seconds), None where that isn't known: grants that end with the session
    then end there. ``epoch`` is that of a built-in account (``records.Account``), and 0 for a
    host's. Raises TypeError for an ``account_id`` that is no text.
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

    def __post_init__(self) -> None:
        if not isinstance(self.account_id, str):
            kind = type(self.account_id).__name__
            raise TypeError(f"account_id must be a str, not {kind}: return str(user.id)")


class HostRequest(Protocol):
    """A Pyramid request, as far as this package knows it.

    A source may rely on more, whatever the host's own request has (``request.dbsession``): it says
    so as ``AccountSource[MyRequest]``.
    """

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The WSGI environ; values that aren't text aren't read."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names in any case."""

    @property
    def remote_addr(self) -> str | None:
        """The address that the request came from."""

    @property
    def registry(self) -> Mapping[str, object]:
        """The app's registry."""

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
    """Who is signed in, and how to sign in. A host passes its own to ``set_oauth_accounts``.

    ``acr_values`` are the authentication contexts that a sign-in may have, for the metadata.
    ``can_sign_out`` tells whether :meth:`sign_out` is there: clients may then ask for a logout.
    ``names_sessions`` tells whether ``SignedIn.sid`` is set: clients are then told of logouts.
    """

    acr_values: tuple[str, ...] = ()
    can_sign_out: bool = False
    names_sessions: bool = False

    @abstractmethod
    def signed_in(self, request: RequestT) -> SignedIn | None:
        """Return who is signed in in the browser that sent ``request``, or None."""

    @abstractmethod
    def login_url(self, request: RequestT, return_to: str) -> str:
        """Return where to send a person to sign in; ``return_to`` is where they go next."""

    def name_of(self, account_id: str, request: RequestT) -> str | None:
        """Return the name that people know the account by, or None when it is gone."""
        return None

    def claims(self, account_id: str, request: RequestT) -> Mapping[str, object]:
        """Return what is known of the account, by the names of OpenID Connect Core section 5.1.

        ``request`` is any: a client's to the token endpoint, say, with no browser behind it.

        Values are JSON. A client is told only what it was allowed to know of it; ``sub`` and all
        that says how somebody signed in come from the provider. May read storage, once.
        """
        name = self.name_of(account_id, request)
        return {} if name is None else {"name": name}

    def reauthentication_url(self, request: RequestT, return_to: str) -> str | None:
        """Return where somebody who is signed in signs in again, or as somebody else.

        ``auth_time`` must then be that of the new sign-in. None when there is no such page: a
        client that wants it is told ``login_required``.
        """
        return None

    def others(self, request: RequestT) -> Sequence[SignedIn]:
        """Return who else is signed in in that browser, beside :meth:`signed_in`.

        A client that means one of them, by a token that it got for that account, gets an answer
        by that session. It is called only when that matters.
        """
        return ()

    def selection_url(self, request: RequestT, return_to: str) -> str | None:
        """Return where somebody chooses an account, None when there is no such page.

        Whom they choose there, :meth:`signed_in` returns afterwards. Before the page leads to
        ``return_to`` it calls ``request.oauthprov.account_chosen(return_to, person)``. Unless a
        host has such a page, people sign in anew.
        """
        return self.reauthentication_url(request, return_to)

    def registration_url(self, request: RequestT, return_to: str) -> str | None:
        """Return where to make an account, None where people can only sign in."""
        return None

    def sign_out(self, request: RequestT) -> Sequence[tuple[str, str]]:
        """End the session of the browser that sent ``request``; nobody is signed in there then.

        Return headers for the response, such as those of ``pyramid.security.forget``.
        """
        return ()
