"""``request.oauthprov``: the provider's interface for views, ours and a host's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from pyramid.config import Configurator
from pyramid.events import NewRequest
from pyramid.i18n import Localizer
from pyramid.registry import Registry
from pyramid.response import Response

from oauthprov import deadline, logs
from oauthprov.accounts import BuiltInAccounts, HostRequest, PasswordResets, SignedIn
from oauthprov.errors import OAuth2Error
from oauthprov.factors import Factors
from oauthprov.mail import Outbox
from oauthprov.protected_resource.requirements import Required
from oauthprov.protected_resource.tokens import TokenInfo, TokenProblem
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Call, Visitor
from oauthprov.settings import Settings
from oauthprov.web import csrf
from oauthprov.web.errors import to_response
from oauthprov.web.http import bearer
from oauthprov.web.http.exchange import EXCHANGE, Exchange
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import AcceptLanguage
from oauthprov.web.reify import reify
from oauthprov.web.session import BrowserSession
from oauthprov.web.site import Site, site_of


class Request(HostRequest, Protocol):
    """What our views use of a Pyramid request; of ``environ`` they read only text."""

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
    """The provider in the context of one request. ``kind`` is the kind of the running view."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.kind = "endpoint"

    @reify
    def exchange(self) -> Exchange:
        """The request as WSGI has it; it has an id and a time limit for storage from now on."""
        request = self._request
        environ: dict[str, Any] = request.environ  # type: ignore[assignment]
        # Taken out, so that an environ that is used again doesn't bring it to another request.
        known: Exchange | None = environ.pop(EXCHANGE, None)
        if known is not None:  # the execution policy has given it its id and time limit
            known.host_request = request
            return known
        made = Exchange(site_of(request.registry), request.environ, self._read, request)
        bound = logs.request_id.set(made.request_id)
        request.add_finished_callback(lambda _: logs.request_id.reset(bound))
        scope = made.events.__enter__()
        request.add_finished_callback(lambda _: scope.__exit__())
        begun = deadline.begin()
        request.add_finished_callback(lambda _: deadline.end(begun))
        return made

    def begin(self) -> None:
        """Give the request its id and its time limit, if it has none yet."""
        _ = self.exchange

    def _read(self, limit: int) -> bytes:
        body: bytes = self._request.body_file.read(limit)
        if body:
            self._request.body = body  # a host's tools may read it again
        return body

    def protect(self, options: Mapping[str, Any]) -> None:
        """Prepare for a view that :mod:`oauthprov.resource` protects, with its options."""
        self.kind = "endpoint"
        self.exchange.token_in_form = bool(options.get("oauth_token_in_form"))

    def token_at(self, resource: str | None = None) -> TokenInfo | TokenProblem:
        """Return the access token of the request, if it is valid for its resource."""
        return bearer.token_at(self.exchange, resource)

    def accepted(
        self, found: TokenInfo | TokenProblem, required: Required
    ) -> TokenInfo | TokenProblem:
        """Return the token if it meets what is ``required``, once its proof is used up."""
        if given := bearer.nonce_header(self.exchange):
            self._request.add_response_callback(lambda _, response: response.headers.update(given))
        return bearer.accepted(self.exchange, found, required)

    def refusal(
        self, problem: TokenProblem, required: Required, resource: str | None = None
    ) -> Response:
        """Return the error response, which names what is ``required``."""
        return to_response(bearer.refusal(self.exchange, problem, required, resource))

    @property
    def request_id(self) -> str:
        """The id of the request in the log."""
        return self.exchange.request_id

    @property
    def site(self) -> Site:
        """The provider's objects in this app."""
        return self.exchange.site

    @property
    def people(self) -> BuiltInAccounts:
        """The built-in accounts; only for pages that require them."""
        if self.site.people is None:
            raise RuntimeError("the accounts are the host's: there are no built-in accounts")
        return self.site.people

    @property
    def password_resets(self) -> PasswordResets:
        """The password resets of the built-in accounts; only for pages that require them."""
        if self.site.password_resets is None:
            raise RuntimeError("the accounts are the host's: their passwords are its matter")
        return self.site.password_resets

    @property
    def factors(self) -> Factors:
        """The second factors of the built-in accounts; only for pages that require them."""
        if self.site.factors is None:
            raise RuntimeError("the accounts are the host's: their second factors are its matter")
        return self.site.factors

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
        person = self.site.accounts.signed_in(self._request)
        self.exchange.events.is_known |= person is not None
        return person

    def others(self) -> Sequence[SignedIn]:
        """Return the other users signed in in this browser, from the account source."""
        return self.site.accounts.others(self._request)

    @property
    def visitor(self) -> Visitor:
        """The browser and its signed-in users, for the protocol."""
        return Visitor(self.session.browser, self.person, self.others, self._request)

    @property
    def call(self) -> Call:
        """The request, for the protocol. Raises Rejected if the body is over 64 KiB."""
        return self.exchange.call

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
        url = self.site.url(name, **parts)
        return f"{url}?{urlencode(_query)}" if _query else url

    def has_page(self, name: str) -> bool:
        """Return whether the route ``oauthprov.<name>`` exists: disabled features have none."""
        return self.site.has_page(name)

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


class _Tools:
    """Makes :class:`RequestTools` for a request that it is bound to.

    Pyramid binds each request method to each request by ``__get__``. For an attribute that is
    computed (``reify=True``) it would make a class for each request instead, which costs more than
    a small view.
    """

    def __call__(self, request: Request) -> RequestTools:
        return RequestTools(request)

    def __get__(self, request: Request, kind: type) -> RequestTools:
        return RequestTools(request)


def includeme(config: Configurator) -> None:
    """Add ``request.oauthprov``, and look for work before each request."""
    config.add_subscriber(look_for_work, NewRequest)
    config.add_request_method(_Tools(), "oauthprov")
