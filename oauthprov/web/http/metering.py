"""Counting requests, whichever way they are answered, and answering those for the metrics."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING

from oauthprov.errors import StorageError
from oauthprov.metrics import catalog
from oauthprov.protocol.admin.key_state import key_states
from oauthprov.protocol.admin.server import lengths
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import Reply, problem, with_body

if TYPE_CHECKING:
    from oauthprov.metrics.exposition import Exposition
    from oauthprov.metrics.meters import Meters
    from oauthprov.metrics.series import Labels
    from oauthprov.protocol.provider import Provider
    from oauthprov.web.http.exchange import Exchange
    from oauthprov.web.http.metrics_listener import Listener

_OURS = "oauthprov."
QUEUED = 1000
"""The most entries of a queue that are counted."""
OTHER = "other"
"""The endpoint of a request that belongs to no route of ours."""


class Metering:
    """The metrics of one app. ``secret`` is what a reader must present, empty for nothing.

    ``listener`` serves them on an address of their own, from the first request on.
    """

    def __init__(self, meters: Meters, exposition: Exposition, secret: str) -> None:
        self.meters = meters
        self.listener: Listener | None = None
        self._exposition = exposition
        self._secret = secret.encode()

    def count(self, exchange: Exchange, endpoint: str, status: int) -> None:
        """Count a request that ends now."""
        events = exchange.events
        seconds = perf_counter() - exchange.began
        method = exchange.environ["REQUEST_METHOD"]
        self.meters.request(endpoint, method, status, events.error, events.grant_type, seconds)
        if self.listener is not None:
            self.listener.look()

    def count_routed(self, exchange: Exchange, route: object, status: int) -> None:
        """Count a request that Pyramid has answered; ``route`` is the one that it matched."""
        name = str(getattr(route, "name", ""))
        endpoint = name.removeprefix(_OURS) if name.startswith(_OURS) else OTHER
        self.count(exchange, endpoint, status)

    def read(self, authorization: str | None, accept: str | None) -> Reply:
        """Return the metrics to somebody who presents the secret (RFC 6750 section 2.1)."""
        if self._secret and not self._is_right(authorization or ""):
            refused = Rejected(
                "invalid_token",
                "Send the secret of the metrics as a bearer token.",
                401,
                {"WWW-Authenticate": 'Bearer realm="metrics"'},
            )
            return problem(refused)
        text, media_type = self._exposition.text(accept or "")
        return with_body(text, media_type)

    def _is_right(self, authorization: str) -> bool:
        scheme, _, sent = authorization.partition(" ")
        given = sent.strip().encode("utf-8", "surrogatepass")
        return hmac.compare_digest(given, self._secret) and scheme.lower() == "bearer"


def metering_of(provider: Provider, meters: Meters, version: str) -> Metering:
    """Return the metering of an app, with a listener if the settings name an address for it."""
    from oauthprov.metrics.exposition import Exposition
    from oauthprov.web.http.metrics_listener import Listener

    settings = provider.settings
    exposition = Exposition(meters, lambda: _computed(provider, version), provider.clock)
    made = Metering(meters, exposition, settings.metrics_secret)
    if settings.metrics_listen is not None:
        made.listener = Listener(made, *settings.metrics_listen)
    return made


def _computed(provider: Provider, version: str) -> Iterator[tuple[catalog.Metric, Labels, float]]:
    """Yield the values that are found out at a scrape; a failure of the storage is one of them."""
    yield catalog.BUILD, (version,), 1
    try:
        queues = lengths(provider.storage, QUEUED)
        keys = key_states(provider.storage, provider.settings, provider.clock())
    except StorageError:
        yield catalog.STORAGE_UP, (), 0
        return
    yield catalog.STORAGE_UP, (), 1
    for queue, length in queues.items():
        yield catalog.QUEUES, (queue,), length
    for key in keys:
        yield catalog.KEY_AGE, (key.alg,), key.age
        if key.remaining is not None:
            yield catalog.KEY_ROTATION, (key.alg,), key.remaining
