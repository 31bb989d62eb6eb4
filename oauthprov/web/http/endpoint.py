"""An endpoint for clients: one declaration, served by Pyramid's views and straight from WSGI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oauthprov.events import refused_with
from oauthprov.web.http.cross_origin import Policy
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.problems import OURS, Rejected, problem_of
from oauthprov.web.http.reply import Reply, problem

Handler = Callable[[Exchange], Reply]
Shortcut = Callable[[Exchange], Reply | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The handlers of an endpoint by method, and what every response of it has.

    ``headers`` are those of its kind, ``cors`` says which origins may read the response, ``name``
    is its route's without ``oauthprov.``.
    """

    handlers: Mapping[str, Handler]
    headers: Mapping[str, str]
    cors: Policy | None = None
    name: str = ""

    def answer(self, exchange: Exchange, otherwise: Callable[[Exception], Rejected]) -> Reply:
        """Return the response to a request with one of its methods, errors included.

        ``otherwise`` says what is sent for an exception that isn't ours.
        """
        try:
            reply = self.handlers[exchange.method](exchange)
        except OURS as error:
            reply = _refused(problem_of(error))
        except Exception as error:
            reply = _refused(otherwise(error))
        headers = reply.headers
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = exchange.request_id
        if self.cors is not None:
            headers.update(self.cors(exchange, reply.status))
        return reply


def _refused(said: Rejected) -> Reply:
    refused_with(said.error)
    return problem(said)


@dataclass(frozen=True, slots=True)
class Page:
    """The shortcuts of a page by method, the headers of its responses, and its route's name.

    A shortcut answers a request that takes no page. Otherwise it returns None, and leaves to the
    page's view, in the exchange, what it has found out.
    """

    handlers: Mapping[str, Shortcut]
    headers: Mapping[str, str]
    name: str = ""

    def answer(self, exchange: Exchange, otherwise: object = None) -> Reply | None:
        """Return the response, None if the view must answer, as it does after an exception."""
        reply = self.handlers[exchange.method](exchange)
        if reply is not None:
            reply.headers = {**self.headers, **reply.headers, "X-Request-Id": exchange.request_id}
        return reply
