"""``request.oauthprov`` of an app without storage, its documents and its 503."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.registry import Registry
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from webob.multidict import MultiDict

from oauthprov import logs, serial
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.challenges import challenge_of
from oauthprov.protected_resource.client_certificates import Presented, Proxy, certified
from oauthprov.protected_resource.cross_origin import EVERY_ORIGIN, PREFLIGHT
from oauthprov.protected_resource.metadata import (
    CACHEABLE,
    covering,
    document_of,
    document_url,
    path_in,
    place_of,
    url_at,
)
from oauthprov.protected_resource.requirements import Required, meeting
from oauthprov.protected_resource.tokens import (
    MALFORMED,
    UNPROVEN,
    TokenInfo,
    TokenProblem,
    presented,
    valid_at,
)
from oauthprov.resource_server.proofs import UsedProofs
from oauthprov.resource_server.unavailable import Unavailable
from oauthprov.settings.resource_server import ResourceServer
from oauthprov.settings.values import Resource

if TYPE_CHECKING:
    from oauthprov.protocol.keys.dpop import DPoPProof

RETRY_AFTER = "5"
"""Seconds after which a client may try again."""

SETTINGS = "oauthprov.resource_server.settings"
TOKENS = "oauthprov.resource_server.tokens"
CLOCK = "oauthprov.resource_server.clock"
PROOFS = "oauthprov.resource_server.proofs"
PROXY = "oauthprov.resource_server.proxy"
"""The keys of the app's registry."""

_FORM = "application/x-www-form-urlencoded"

log = logs.logger("oauthprov.resource_server")


class Tokens(Protocol):
    """What knows the tokens of this app: the issuer's answers, or its keys."""

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a valid token, None for any other. Raises Unavailable."""


class Request(Protocol):
    """What is read of a Pyramid request."""

    @property
    def environ(self) -> Mapping[str, Any]:
        """The environ of WSGI."""

    @property
    def registry(self) -> Registry:
        """The app's registry."""

    @property
    def method(self) -> str:
        """The method."""

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""

    @property
    def POST(self) -> MultiDict[str, str]:
        """The form of a posted body."""

    @property
    def path_info(self) -> str:
        """The path below ``script_name``, decoded."""

    @property
    def query_string(self) -> str:
        """The query, unparsed."""


class RequestTools:
    """``request.oauthprov``: guards the views of this app (:class:`oauthprov.resource.Guard`)."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: ResourceServer = request.registry[SETTINGS]
        self._token: TokenInfo | TokenProblem | None = None
        self._token_in_form = False
        self._proven: DPoPProof | TokenProblem | None = None
        self._first_use: bool | None = None

    def protect(self, options: Mapping[str, Any]) -> None:
        """Prepare for a view that :mod:`oauthprov.resource` protects, with its options."""
        self._token_in_form = bool(options.get("oauth_token_in_form"))

    def token_at(self, resource: str | None = None) -> TokenInfo | TokenProblem:
        """Return the token of the request, if it is valid for its resource.

        The issuer is asked at most once per request. The proof of a bound token is verified, but
        not used up. Raises Unavailable.
        """
        if self._token is None:
            self._token = self._presented()
        here = self._resource(resource)
        found = valid_at(self._token, here)
        if isinstance(found, TokenProblem) or found.confirmation is None:
            return found
        if bindings.is_to_certificate(found.confirmation):
            return certified(found, self._certificate)
        if self._proven is None:
            self._proven = self._proof(found, here)
        return self._proven if isinstance(self._proven, TokenProblem) else found

    @property
    def _certificate(self) -> Presented:
        proxy: Proxy | None = self._request.registry[PROXY]
        return None if proxy is None else proxy.certificate(self._request.environ)

    def _proof(self, found: TokenInfo, here: Resource | None) -> DPoPProof | TokenProblem:
        # Apps that introspect load no library for JWTs before the first token with a proof.
        from oauthprov.protected_resource.possession import proof_of

        environ = self._request.environ
        return proof_of(
            found,
            authorization=environ["HTTP_AUTHORIZATION"],
            proof=environ.get("HTTP_DPOP"),
            method=self._request.method,
            urls=[url_at((here or self._settings.resources[0]).uri, environ)],
            now=self._now(),
        )

    def _now(self) -> int:
        clock: Callable[[], float] = self._request.registry[CLOCK]
        return int(clock())

    def accepted(
        self, found: TokenInfo | TokenProblem, required: Required
    ) -> TokenInfo | TokenProblem:
        """Return the token if it meets all that is ``required``, once its proof is used up.

        Raises Unavailable.
        """
        found = meeting(found, required, self._now())
        if isinstance(found, TokenProblem) or not bindings.needs_proof(found.confirmation):
            return found
        if self._first_use is None and not isinstance(self._proven, TokenProblem | None):
            used: UsedProofs = self._request.registry[PROOFS]
            self._first_use = used.is_first_use(self._proven)
        return found if self._first_use else replace(UNPROVEN, why="the proof was used before")

    def _presented(self) -> TokenInfo | TokenProblem:
        try:
            in_form = self._in_form() if self._token_in_form else []
        except ValueError:  # it can't be decoded
            return MALFORMED
        if len(in_form) > 1 or not all(map(str.isascii, in_form)):
            return MALFORMED
        header = self._request.environ.get("HTTP_AUTHORIZATION")
        tokens: Tokens = self._request.registry[TOKENS]
        return presented(header, in_form[0] if in_form else None, tokens.token_info)

    def _in_form(self) -> list[str]:
        """Return the tokens in a posted form (RFC 6750 section 2.2); empty ones are absent."""
        if self._request.method != "POST" or self._request.content_type.lower() != _FORM:
            return []
        return [token for token in self._request.POST.getall("access_token") if token]

    def refusal(
        self, problem: TokenProblem, required: Required, resource: str | None = None
    ) -> Response:
        """Return the error response, which names what is ``required``."""
        if problem.error is not None:
            known = self._token if isinstance(self._token, TokenInfo) else None
            fields = {"endpoint": "resource", "error": problem.error}
            more = {"client_id": known.client_id} if known is not None else {}
            said = problem.why or problem.description
            log.info("refused: %s", said, extra=fields | more)
        here = self._resource(resource)
        document = None if here is None else document_url(here)
        authorization = self._request.environ.get("HTTP_AUTHORIZATION")
        issuer = self._settings.issuer
        made = challenge_of(problem, issuer, required, document, authorization=authorization)
        response = _in_json(made.body, made.status, made.headers)
        response.headerlist.extend(made.challenges)
        return response

    def _resource(self, named: str | None) -> Resource | None:
        resources = self._settings.resources
        if named is not None:
            return next((r for r in resources if r.uri == named), None)
        return covering(resources, path_in(self._request.environ))


def document(request: Request) -> Response:
    """Return the metadata of the resource whose path and query are in the URL (RFC 9728)."""
    settings: ResourceServer = request.registry[SETTINGS]
    asked = request.path_info, request.query_string
    for resource in settings.resources:
        if place_of(resource) == asked:
            certificates = request.registry[PROXY] is not None
            made = document_of(settings.issuer, resource, certificates=certificates)
            return _in_json(made, 200, CACHEABLE | EVERY_ORIGIN)
    raise HTTPNotFound()


def preflight(request: Request) -> Response:
    """Let browser apps of every origin read the metadata."""
    headers = PREFLIGHT | {"Access-Control-Allow-Methods": "GET", "Allow": "GET"}
    return Response(status=204, headerlist=list(headers.items()))


def unavailable(context: Unavailable, request: Request) -> Response:
    """Return 503: nobody knows whether the token is valid."""
    said = "The authorization server gives no answer. Try again in a moment."
    body = {"error": "temporarily_unavailable", "error_description": said}
    return _in_json(body, 503, {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"})


def _in_json(body: Mapping[str, object], status: int, headers: Mapping[str, str]) -> Response:
    every = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff", **headers}
    return Response(serial.dumps(body), status=status, headerlist=list(every.items()))


def includeme(config: Configurator) -> None:
    """Add ``request.oauthprov``, the documents at their well-known URLs, and the 503."""
    settings: ResourceServer = config.registry[SETTINGS]
    config.add_request_method(RequestTools, "oauthprov", reify=True)
    config.add_exception_view(unavailable, context=Unavailable)
    ours = {"require_csrf": False, "permission": NO_PERMISSION_REQUIRED}
    prefix, config.route_prefix = config.route_prefix, None  # well-known URLs are at the root
    for number, path in enumerate(dict.fromkeys(place_of(r)[0] for r in settings.resources)):
        name = f"oauthprov.protected_resource.{number}"
        config.add_route(name, path)
        config.add_view(document, route_name=name, request_method="GET", **ours)
        config.add_view(preflight, route_name=name, request_method="OPTIONS", **ours)
    config.route_prefix = prefix
