"""``request.oauthprov``: all that views, ours and a host's, need of the provider."""

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
"""Bytes of a body that are read at all; forms and documents are refused at half of that."""


class AcceptLanguage(Protocol):
    """The languages that a browser prefers."""

    def lookup(self, language_tags: Sequence[str], *, default: str) -> str | None:
        """Return the best of ``language_tags`` (RFC 4647 section 3.4)."""


class Request(HostRequest, Protocol):
    """A Pyramid request as our views see it. Views take it from here, so that a slip is found.

    Of ``environ`` only texts are read. ``matchdict`` is what the route's pattern matched.
    """

    oauthprov: RequestTools
    body: bytes

    @property
    def matchdict(self) -> Mapping[str, str]:
        """What the pattern of the route matched."""

    @property
    def registry(self) -> Registry:
        """The app's registry."""

    @property
    def response(self) -> Response:
        """What the renderer of the view makes the response of."""

    @property
    def localizer(self) -> Localizer:
        """What translates into the language of the request."""

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
        """The Content-Length, None where there is none."""

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""

    @property
    def script_name(self) -> str:
        """The path that the app is mounted at."""

    @property
    def path_info(self) -> str:
        """The path below ``script_name``, decoded."""

    @property
    def query_string(self) -> str:
        """The query as it came."""

    @property
    def accept_language(self) -> AcceptLanguage:
        """The languages that the browser prefers."""

    def add_finished_callback(self, callback: Callable[[Any], object]) -> None:
        """Call back when the request is over."""

    def add_response_callback(self, callback: Callable[[Any, Any], object]) -> None:
        """Call back with the request and its response."""


class ViewInfo(Protocol):
    """What Pyramid tells a view deriver of a view: its options, and the app's registry."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The view options."""

    @property
    def registry(self) -> Registry:
        """The app's registry."""


class RequestTools:
    """The provider as one request sees it. ``kind`` is that of the view being run.

    ``token_in_form`` tells whether the view takes an access token in its form.
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
        """What the app has of ours."""
        return site_of(self._request.registry)

    @property
    def people(self) -> BuiltInAccounts:
        """The built-in accounts, for pages that exist only with them."""
        if self.site.people is None:
            raise RuntimeError("the accounts are the host's: there are no built-in accounts")
        return self.site.people

    @property
    def outbox(self) -> Outbox:
        """What sends mail, for pages that exist only where mail can be sent."""
        if self.site.outbox is None:
            raise RuntimeError(
                "no mail can be sent: oauthprov.mail.url is empty, and there is no mailer"
            )
        return self.site.outbox

    @property
    def provider(self) -> Provider:
        """The protocol."""
        return self.site.provider

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self.site.settings

    @reify
    def session(self) -> BrowserSession:
        """The browser behind the request."""
        return BrowserSession(self._request)

    @reify
    def person(self) -> SignedIn | None:
        """Who is signed in, as the account source says."""
        return self.site.accounts.signed_in(self._request)

    def others(self) -> Sequence[SignedIn]:
        """Return who else is signed in in this browser, as the account source says."""
        return self.site.accounts.others(self._request)

    @property
    def visitor(self) -> Visitor:
        """The browser and who is signed in there, as the protocol takes them."""
        return Visitor(self.session.browser, self.person, self.others, self._request)

    @reify
    def call(self) -> Call:
        """The request as the protocol takes it. Raises Rejected when the body is over 64 KiB."""
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
        """Return :attr:`call` to ``oauthprov.<name>``, where clients prove who they are.

        Raises Rejected as it does.
        """
        return replace(self.call, audiences=(self.url("token"), self.url(name)))

    def query(self, *names: str) -> dict[str, str]:
        """Return the given parameters of a page's query; the rest are dropped, empty is absent.

        Raises Rejected when the query is malformed or repeats one of them.
        """
        return _read(lambda: params.from_query(self.call, frozenset(names)))

    def form(self, *names: str) -> dict[str, str]:
        """Return the given fields of the form that was posted, once its CSRF token is checked.

        Raises Rejected when it isn't an urlencoded form in UTF-8, repeats a field, or isn't ours.
        """
        known = frozenset(names) | {csrf.FIELD}
        fields = _read(lambda: params.from_body(self.call, known))
        csrf.check(self._request, fields.pop(csrf.FIELD, ""))
        return fields

    def url(self, name: str, _query: dict[str, str] | None = None, **parts: str) -> str:
        """Return the URL of ``oauthprov.<name>``, from the issuer and never from Host."""
        url = self._request.route_url(f"oauthprov.{name}", _app_url=self.site.base_url, **parts)
        return f"{url}?{urlencode(_query)}" if _query else str(url)

    def has_page(self, name: str) -> bool:
        """Tell whether the route ``oauthprov.<name>`` exists: a feature switched off has none."""
        mapper = self._request.registry.getUtility(IRoutesMapper)
        return mapper.get_route(f"oauthprov.{name}") is not None

    def login_url(self, page: str, interaction: str | None = None) -> str:
        """Return where to sign in before going on to ``page``, or to a stored request there."""
        mark = {"interaction": interaction} if interaction else None
        return self.site.accounts.login_url(self._request, self.url(page, mark))

    def again_url(self, interaction: str) -> str | None:
        """Return where to sign in again for a stored request, None where nobody can."""
        onward = self.url("authorize", {"interaction": interaction})
        return self.site.accounts.reauthentication_url(self._request, onward)

    def selection_url(self, interaction: str) -> str | None:
        """Return where to choose an account for a stored request, None where nobody can."""
        onward = self.url("authorize", {"interaction": interaction})
        return self.site.accounts.selection_url(self._request, onward)

    def account_chosen(self, return_to: str, person: SignedIn) -> None:
        """Note that ``person`` was chosen on a host's page for the request at ``return_to``.

        For a page of ``AccountSource.selection_url``, which then leads to ``return_to``. Whatever
        isn't a request that began in this browser is left as it is.
        """
        query = dict(parse_qsl(urlsplit(return_to).query))
        if "interaction" in query:
            self.provider.authorization.choose(query["interaction"], person, self.session.browser)

    def registration_url(self, interaction: str) -> str:
        """Return where to make an account for a stored request, or at least to sign in."""
        onward = self.url("authorize", {"interaction": interaction})
        made = self.site.accounts.registration_url(self._request, onward)
        return made or self.login_url("authorize", interaction)

    def _body(self) -> bytes:
        too_large = Rejected("invalid_request", "The request body is too large.", 413)
        if (self._request.content_length or 0) > BODY_LIMIT:
            raise too_large
        try:
            # A chunked body has no length to go by.
            body: bytes = self._request.body_file.read(BODY_LIMIT + 1)
        except OSError:
            raise Rejected("invalid_request", "The request body is incomplete.") from None
        if len(body) > BODY_LIMIT:
            raise too_large
        if body:
            self._request.body = body  # a host's tools may want to read it again
        return body


def _read(parse: Callable[[], params.Parsed]) -> dict[str, str]:
    try:
        return dict(parse().strict())
    except OAuth2Error as wrong:
        raise Rejected(str(wrong.error), str(wrong.description)) from None


def look_for_work(event: NewRequest) -> None:
    """Look now and then for work that another process left undone: after a restart above all.

    Here and not in a thread, so that a server may fork until the first request.
    """
    site_of(event.request.registry).provider.look()


def includeme(config: Configurator) -> None:
    """Add the one request attribute, and look for work before each request."""
    config.add_subscriber(look_for_work, NewRequest)
    config.add_request_method(RequestTools, "oauthprov", reify=True)
