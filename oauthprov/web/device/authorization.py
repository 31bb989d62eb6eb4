"""The device authorization endpoint (RFC 8628 section 3.1)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import Reply, answered


def begin(exchange: Exchange) -> Reply:
    """Issue a device code and a user code, within the rate limit."""
    address, site = exchange.environ.get("REMOTE_ADDR", ""), exchange.site
    wait = site.attempts.device(address)
    if wait:
        sentence = "Too many devices have asked for access from this address just now."
        headers = {"Retry-After": str(wait)}
        raise Rejected("temporarily_unavailable", sentence, 429, headers)
    call, page = exchange.call_to("device_authorization"), site.url("device")
    return answered(site.provider.devices.begin(call, address, page))


def includeme(config: Configurator) -> None:
    """Add the endpoint, if devices may ask for access."""
    if not config.registry["oauthprov.settings"].device:
        return
    config.add_oauth_handler(
        "device_authorization", "/oauth/device_authorization", post=begin, cors="client"
    )
    config.add_oauth_metadata(device_authorization_endpoint="oauthprov.device_authorization")
