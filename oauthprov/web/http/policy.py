"""Answers endpoints for clients straight from WSGI, before Pyramid makes a request of it.

It is an execution policy, Pyramid's own door in front of its router. Only the standalone server
has it: nothing that a host adds to its app, such as a tween or a subscriber, sees these requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyramid.registry import Registry
from pyramid.router import default_execution_policy

from oauthprov import deadline, logs
from oauthprov.web.http import problems
from oauthprov.web.http.exchange import EXCHANGE, Exchange
from oauthprov.web.http.problems import Rejected

if TYPE_CHECKING:
    from oauthprov.web.http.endpoint import Endpoint, Page
    from oauthprov.web.site import Site

Policy = Callable[[dict[str, Any], Any], Any]


def straight_from_wsgi(registry: Registry, site_of: Callable[[Registry], Site]) -> Policy:
    """Return the execution policy of the standalone server.

    Paths and methods that it doesn't know are the router's, and so are requests that take a page.
    """
    endpoints: dict[str, Endpoint | Page] = registry.setdefault("oauthprov.endpoints", {})

    def policy(environ: dict[str, Any], router: Any) -> Any:  # noqa: ANN401 - Pyramid's types
        endpoint = endpoints.get(environ.get("PATH_INFO", ""))
        if endpoint is None or environ["REQUEST_METHOD"] not in endpoint.handlers:
            return default_execution_policy(environ, router)
        site = site_of(registry)
        if site.people is None:  # the host's account source needs Pyramid's request
            return default_execution_policy(environ, router)
        return _answer(site, endpoint, environ, router)

    return policy


def _answer(
    site: Site,
    endpoint: Endpoint | Page,
    environ: dict[str, Any],
    router: Any,  # noqa: ANN401 - Pyramid's types
) -> Any:  # noqa: ANN401
    exchange = Exchange(site, environ)
    bound = logs.request_id.set(exchange.request_id)
    begun = deadline.begin()
    try:
        with exchange.events:
            site.provider.look()
            reply = endpoint.answer(exchange, _said_of)
            if reply is None:
                environ[EXCHANGE] = exchange
                return default_execution_policy(environ, router)
        if site.transport_security is not None:
            reply.headers["Strict-Transport-Security"] = site.transport_security
        if site.metering is not None:
            site.metering.count(exchange, endpoint.name, reply.status)
        return reply
    finally:
        deadline.end(begun)
        logs.request_id.reset(bound)


def _said_of(error: Exception) -> Rejected:
    undecodable = isinstance(error, UnicodeDecodeError)
    return problems.undecodable(error) if undecodable else problems.unexpected(error)
