"""``request.oauthprov``: the provider's interface for views, ours and a host's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyramid.config import Configurator
from pyramid.events import NewRequest
from pyramid.i18n import Localizer
from pyramid.interfaces import IRoutesMapper
from pyramid.registry import Registry
from pyramid.response import Response

from oauthprov import deadline, logs
from oauthprov.accounts import BuiltInAccounts, HostRequest, SignedIn
from oauthprov.errors import OAuth2Error
from oauthprov.mail import Outbox
from oauthprov.messages import N_
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Call, Visitor
from oauthprov.settings import Settings
from oauthprov.web import csrf
from oauthprov.web.errors import Rejected
from oauthprov.web.reify import reify
from oauthprov.web.session import BrowserSession
from oauthprov.web.site import Site, site_of

BODY_LIMIT = 65_536
"""The most bytes of a body that are read; forms and documents are refused at half of that."""


class AcceptLanguage(Protocol):
    """The parsed Accept-Language header."""

    def lookup(self, language_tags: Sequence[str], *, default: str) -> str | None:
        """Return the best of ``language_tags`` (RFC 4647 section 3.4)."""


class Request(HostRequest, Protocol):
    """The type of a Pyramid request in our views: the attributes that they use.

    Of ``environ`` only values that are text are read.
    """

    oauthprov: RequestTools
    body: bytes

    @property
    def matchdict(self) -> Mapping[str, str]:
        """The parts of the path that the route's pattern matched, by name."""

    @property
    def registry(self) -> Registry:
        """The app's registry."""

    @property
    def response(self) -> Response:
        """The response object that the view's renderer fills."""

    @property
    def localizer(self) -> Localizer:
        """The translator into the language of the request."""

    @property
    def host(self) -> str:
        """The Host header, with its port."""

    @property
    def scheme(self) -> str:
        """The scheme of the URL."""

    @property
    def path_qs(self) -> str:
        """Path and query."""

    @property
    def context(self) -> object:
        """The context of the view."""

    @property
    def body_file(self) -> IO[bytes]:
        """The body, unread."""

    @property
    def content_length(self) -> int | None:
        """The Content-Length, None if absent."""

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""

    @property
    def script_name(self) -> str:
        """The path under which the app is mounted."""

    @property
    def path_info(self) -> str:
        """The path below ``script_name``, decoded."""

    @property
    def query_string(self) -> str:
        """The query, unparsed."""

    @property
    def accept_language(self) -> AcceptLanguage:
        """The languages that the browser prefers."""

    def add_finished_callback(self, callback: Callable[[Any], object]) -> None:
        """Call ``callback`` with the request when it is finished."""

    def add_response_callback(self, callback: Callable[[Any, Any], object]) -> None:
        """Call ``callback`` with the request and its response."""


class ViewInfo(Protocol):
    """The information on a view that Pyramid passes to a view deriver."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The view options."""

    @property
    def registry(self) -> Registry:
        """The app's registry."""


class RequestTools:
    """The provider in the context of one request. ``kind`` is the kind of the running view.

    ``token_in_form`` is whether the view accepts an access token in a form.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.kind = "endpoint"
        self.token_in_form = False
        self.request_id = secrets.token_hex(8)
        bound = logs.request_id.set(self.request_id)
        request.add_finished_callback(lambda _: logs.request_id.reset(bound))
        begun = deadline.begin()
        request.add_finished_callback(lambda _: deadline.end(begun))

    @reify
    def site(self) -> Site:
        """The provider's objects in this app."""
        return site_of(self._request.registry)

    @property
    def people(self) -> BuiltInAccounts:
        """The built-in accounts; only for pages that require them."""
        if self.site.people is None:
            raise RuntimeError("the accounts are the host's: there are no built-in accounts")
        return self.site.people

    @property
    def outbox(self) -> Outbox:
        """The outbox; only for pages that require mail."""
        if self.site.outbox is None:
            raise RuntimeError(
                "no mail can be sent: oauthprov.mail.url is empty, and there is no mailer"
            )
        return self.site.outbox

    @property
    def provider(self) -> Provider:
        """The protocol's entry point."""
        return self.site.provider

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self.site.settings

    @reify
    def session(self) -> BrowserSession:
        """The session of the browser that sent the request."""
        return BrowserSession(self._request)

    @reify
    def person(self) -> SignedIn | None:
        """The signed-in user, from the account source."""
        return self.site.accounts.signed_in(self._request)

    def others(self) -> Sequence[SignedIn]:
        """Return the other users signed in in this browser, from the account source."""
        return self.site.accounts.others(self._request)

    @property
    def visitor(self) -> Visitor:
        """The browser and its signed-in users, for the protocol."""
        return Visitor(self.session.browser, self.person, self.others, self._request)

    @reify
    def call(self) -> Call:
        """The request, for the protocol. Raises Rejected if the body is over 64 KiB."""
        environ = self._request.environ
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        return Call(
            method=self._request.method,
            query=environ.get("QUERY_STRING", "").encode("latin-1"),
            body=self._body(),
            headers=headers,
            host_request=self._request,
        )

    def call_to(self, name: str) -> Call:
        """Return :attr:`call` for ``oauthprov.<name>``, an endpoint that authenticates clients.

        Raises Rejected if the body is over 64 KiB.
        """
        return replace(self.call, audiences=(self.url("token"), self.url(name)))

    def query(self, *names: str) -> dict[str, str]:
        """Return the named parameters of the query; empty ones count as absent.

        Raises Rejected if the query is malformed or repeats one of them.
        """
        return _read(lambda: params.from_query(self.call, frozenset(names)))

    def form(self, *names: str) -> dict[str, str]:
        """Check the CSRF token of the posted form and return its named fields.

        Raises Rejected if the body isn't a urlencoded form in UTF-8, repeats a field, or fails the
        CSRF check.
        """
        known = frozenset(names) | {csrf.FIELD}
        fields = _read(lambda: params.from_body(self.call, known))
        csrf.check(self._request, fields.pop(csrf.FIELD, ""))
        return fields

    def url(self, name: str, _query: dict[str, str] | None = None, **parts: str) -> str:
        """Return the URL of ``oauthprov.<name>``, based on the issuer, never on Host."""
        url = self._request.route_url(f"oauthprov.{name}", _app_url=self.site.base_url, **parts)
        return f"{url}?{urlencode(_query)}" if _query else str(url)

    def has_page(self, name: str) -> bool:
        """Return whether the route ``oauthprov.<name>`` exists: disabled features have none."""
        mapper = self._request.registry.getUtility(IRoutesMapper)
        return mapper.get_route(f"oauthprov.{name}") is not None

    def login_url(self, page: str, interaction: str | None = None) -> str:
        """Return the URL for signing in before ``page``, or before a stored request there."""
        mark = {"interaction": interaction} if interaction else None
        return self.site.accounts.login_url(self._request, self.url(page, mark))

    def again_url(self, interaction: str) -> str | None:
        """Return the URL for signing in again for a stored request, None if there is none."""
        onward = self.url("authorize", {"interaction": interaction})
        return self.site.accounts.reauthentication_url(self._request, onward)

    def selection_url(self, interaction: str) -> str | None:
        """Return the URL for choosing an account for a stored request, None if there is none."""
        onward = self.url("authorize", {"interaction": interaction})
        return self.site.accounts.selection_url(self._request, onward)

    def account_chosen(self, return_to: str, person: SignedIn) -> None:
        """Record that ``person`` was chosen on a host's page for the request at ``return_to``.

        The page of ``AccountSource.selection_url`` calls this and then redirects to ``return_to``.
        Does nothing unless ``return_to`` is for a request that began in this browser.
        """
        query = dict(parse_qsl(urlsplit(return_to).query))
        if "interaction" in query:
            self.provider.authorization.choose(query["interaction"], person, self.session.browser)

    def registration_url(self, interaction: str) -> str:
        """Return the URL for signing up for a stored request, or else for signing in."""
        onward = self.url("authorize", {"interaction": interaction})
        made = self.site.accounts.registration_url(self._request, onward)
        return made or self.login_url("authorize", interaction)

    def _body(self) -> bytes:
        too_large = Rejected("invalid_request", N_("The request body is too large."), 413)
        if (self._request.content_length or 0) > BODY_LIMIT:
            raise too_large
        try:
            # A chunked body has no Content-Length.
            body: bytes = self._request.body_file.read(BODY_LIMIT + 1)
        except OSError:
            raise Rejected("invalid_request", N_("The request body is incomplete.")) from None
        if len(body) > BODY_LIMIT:
            raise too_large
        if body:
            self._request.body = body  # a host's tools may read it again
        return body


def _read(parse: Callable[[], params.Parsed]) -> dict[str, str]:
    try:
        return dict(parse().strict())
    except OAuth2Error as wrong:
        raise Rejected(str(wrong.error), str(wrong.description)) from None


def look_for_work(event: NewRequest) -> None:
    """Look from time to time for work that another process left undone, as after a restart.

    Done on requests and not in a thread, so that a server may fork until the first request.
    """
    site_of(event.request.registry).provider.look()


def includeme(config: Configurator) -> None:
    """Add ``request.oauthprov``, and look for work before each request."""
    config.add_subscriber(look_for_work, NewRequest)
    config.add_request_method(RequestTools, "oauthprov", reify=True)
