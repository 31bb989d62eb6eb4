"""Asking the issuer about tokens (RFC 7662), over our own HTTP client.

It fails closed: whatever isn't a correct answer of the issuer raises Unavailable.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from urllib.parse import quote_plus

from oauthprov import logs
from oauthprov.failures import FetchBusy, FetchError, UnexpectedStatus
from oauthprov.fetch import Fetcher
from oauthprov.fetch.target import Target
from oauthprov.protected_resource.metadata import well_known
from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource_server import answers
from oauthprov.resource_server.unavailable import Unavailable
from oauthprov.settings.resource_server import ResourceServer
from oauthprov.settings.values import FetchAllow

AUTHORIZATION_SERVER = "oauth-authorization-server"
LIMIT = 65_536
"""Bytes of a response, at most."""
TOKEN_LIMIT = 8192
"""Characters of a token, at most: a longer one is invalid without a question."""
PAUSE = 1
"""Seconds without a question after the issuer didn't respond or refused our client."""

_JSON = ("application/json",)

log = logs.logger(__name__)


def fetcher_of(settings: ResourceServer) -> Fetcher:
    """Return an HTTP client that may connect to the issuer, wherever it is, and nowhere else."""
    issuer = Target.parse(settings.issuer, loopback_http=True)
    return Fetcher(
        FetchAllow(places=frozenset({(issuer.host, issuer.port)})),
        settings.ca_file,
        loopback_http=True,
        seconds=settings.timeout,
    )


class Introspection:
    """The issuer's introspection endpoint. ``clock`` returns epoch seconds.

    The endpoint is read from the issuer's metadata before the first question.
    """

    def __init__(
        self, settings: ResourceServer, fetcher: Fetcher, clock: Callable[[], float]
    ) -> None:
        self._issuer = settings.issuer
        self._fetcher = fetcher
        self._clock = clock
        self._headers = {"Authorization": _basic(settings.client_id, settings.client_secret)}
        self._endpoint: str | None = None
        self._finding = threading.Lock()
        self._failed_at: float | None = None

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a live bearer token, None for any other. Raises Unavailable."""
        if len(raw) > TOKEN_LIMIT:
            return None
        try:
            return self._asked(raw)
        except UnexpectedStatus as wrong:
            self._explain(wrong.status)
            raise Unavailable(str(wrong)) from None
        except FetchError as error:
            if not isinstance(error, FetchBusy):
                self._failed_at = self._clock()
            log.warning("can't introspect a token: %s", error)
            raise Unavailable(str(error)) from None
        except ValueError as wrong:
            # Not the response itself: it may hold anything.
            log.error("the response of the issuer is invalid: %s", _sentence(wrong))
            raise Unavailable("the response of the issuer is invalid") from None

    def _asked(self, raw: str) -> TokenInfo | None:
        endpoint = self._endpoint or self._found()
        self._check_pause()
        form = {"token": raw, "token_type_hint": "access_token"}
        got = self._fetcher.submit(
            endpoint, form, headers=self._headers, media_types=_JSON, limit=LIMIT
        )
        return answers.token_info(answers.parsed(got.content), self._issuer)

    def _found(self) -> str:
        """Return the endpoint that the issuer's metadata names (RFC 8414 section 3)."""
        with self._finding:
            if self._endpoint is not None:
                return self._endpoint
            self._check_pause()
            url = well_known(self._issuer, AUTHORIZATION_SERVER)
            try:
                got = self._fetcher.fetch(url, media_types=_JSON, limit=LIMIT, loopback_http=True)
            except FetchBusy:
                raise
            except FetchError:
                self._failed_at = self._clock()  # before another thread takes its turn
                raise
            document = answers.parsed(got.content)
            if document.get("issuer") != self._issuer:
                raise ValueError("the issuer in the metadata is another one")
            endpoint = document.get("introspection_endpoint")
            if not isinstance(endpoint, str) or _origin(endpoint) != _origin(self._issuer):
                raise ValueError("the metadata names no introspection endpoint at the issuer")
            self._endpoint = endpoint
            return endpoint

    def _check_pause(self) -> None:
        """Raise Unavailable within PAUSE of a failure, so that few threads wait for the issuer."""
        failed_at = self._failed_at
        if failed_at is not None and 0 <= self._clock() - failed_at < PAUSE:
            raise Unavailable("the issuer failed a moment ago")

    def _explain(self, status: int) -> None:
        if status == 401:
            self._failed_at = self._clock()
            log.error(
                "the issuer refuses our client: check oauthprov.resource_server.client_id and"
                " client_secret"
            )
            return
        if status == 404:
            self._endpoint = None  # the issuer may have moved it
        log.warning("can't introspect a token: the response has status %s", status)


def _basic(client_id: str, secret: str) -> str:
    """Return the Authorization header, its parts form-encoded (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _origin(url: str) -> tuple[str, int, bool]:
    target = Target.parse(url, loopback_http=True)
    return target.host, target.port, target.tls


def _sentence(wrong: ValueError) -> str:
    """Return our own sentence; the errors of decoders quote what they read."""
    plain = type(wrong) is ValueError
    return str(wrong) if plain else "it isn't JSON"
