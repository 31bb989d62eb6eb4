"""The endpoint for pushed authorization requests (RFC 9126)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import Reply, answered


def par(exchange: Exchange) -> Reply:
    """Store an authorization request; those of public clients are rationed by network."""

    def ration() -> None:
        wait = exchange.site.attempts.push(exchange.environ.get("REMOTE_ADDR", ""))
        if wait:
            raise Rejected(
                "temporarily_unavailable",
                "Too many requests were pushed from this network just now.",
                429,
                {"Retry-After": str(wait)},
            )

    pushed_requests = exchange.site.provider.pushed_requests
    return answered(pushed_requests.push(exchange.call_to("par"), ration))


def includeme(config: Configurator) -> None:
    """Add the endpoint, unless pushed requests are off."""
    offered = config.registry["oauthprov.settings"].par
    if offered == "off":
        return
    config.add_oauth_handler("par", "/oauth/par", post=par, cors="client")
    config.add_oauth_metadata(
        pushed_authorization_request_endpoint="oauthprov.par",
        require_pushed_authorization_requests=offered == "required",
    )
