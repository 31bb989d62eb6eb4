"""The authorization server as an app elsewhere sees it, over our own HTTP client.

It fails closed: whatever isn't a correct response of the issuer raises Unavailable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from oauthprov import logs
from oauthprov.failures import FetchBusy, FetchError, JoseError, UnexpectedStatus
from oauthprov.fetch import Fetcher
from oauthprov.fetch.target import Target
from oauthprov.protected_resource.metadata import well_known
from oauthprov.resource_server import answers
from oauthprov.resource_server.unavailable import Unavailable
from oauthprov.settings.resource_server import ResourceServer
from oauthprov.settings.values import FetchAllow

AUTHORIZATION_SERVER = "oauth-authorization-server"
LIMIT = 65_536
"""Bytes of a response, at most."""
TOKEN_LIMIT = 8192
"""Characters of a token, at most: a longer one is invalid, whoever would have to say so."""
PAUSE = 1
"""Seconds without a request after the issuer didn't respond or refused our client."""

_JSON = ("application/json",)
_KEY_SET = ("application/jwk-set+json", "application/json")

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


class Issuer:
    """The issuer's endpoints. ``clock`` returns epoch seconds.

    Its metadata is read before the first request. Every method must run within :meth:`asked_to`.
    """

    def __init__(self, url: str, fetcher: Fetcher, clock: Callable[[], float]) -> None:
        self.url = url
        self._fetcher = fetcher
        self._clock = clock
        self._metadata: Mapping[str, object] | None = None
        self._finding = threading.Lock()
        self._failed_at: float | None = None

    @contextmanager
    def asked_to(self, what: str) -> Iterator[None]:
        """Turn every failure within into Unavailable; ``what`` names the work in the log."""
        try:
            yield
        except UnexpectedStatus as wrong:
            self._explain(what, wrong.status)
            raise Unavailable(str(wrong)) from None
        except FetchError as error:
            self._note_failure(error)
            log.warning("can't %s: %s", what, error)
            raise Unavailable(str(error)) from None
        except (ValueError, JoseError) as wrong:
            # Not the response itself: it may hold anything.
            log.error("the response of the issuer is invalid: %s", _sentence(wrong))
            raise Unavailable("the response of the issuer is invalid") from None

    def submit(self, name: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
        """POST ``form`` to the endpoint that the metadata calls ``name``; return the JSON."""
        url = self._found(name)
        self._check_pause()
        return self._fetcher.submit(
            url, form, headers=headers, media_types=_JSON, limit=LIMIT
        ).content

    def key_set(self) -> bytes:
        """Return the JWK Set (RFC 7517 section 5) that the metadata names."""
        url = self._found("jwks_uri")
        self._check_pause()
        return self._fetcher.fetch(
            url, media_types=_KEY_SET, limit=LIMIT, loopback_http=True
        ).content

    def _found(self, name: str) -> str:
        """Return a URL at the issuer from its metadata (RFC 8414 section 3)."""
        url = (self._metadata or self._read()).get(name)
        if not isinstance(url, str) or _origin(url) != _origin(self.url):
            self._metadata = None
            raise ValueError(f"the metadata names no {name} at the issuer")
        return url

    def _read(self) -> Mapping[str, object]:
        with self._finding:
            if self._metadata is not None:
                return self._metadata
            self._check_pause()
            url = well_known(self.url, AUTHORIZATION_SERVER)
            try:
                got = self._fetcher.fetch(url, media_types=_JSON, limit=LIMIT, loopback_http=True)
            except FetchError as error:
                self._note_failure(error)  # before another thread takes its turn
                raise
            document = answers.parsed(got.content)
            if document.get("issuer") != self.url:
                raise ValueError("the issuer in the metadata is another one")
            self._metadata = document
            return document

    def _check_pause(self) -> None:
        """Raise Unavailable within PAUSE of a failure, so that few threads wait for the issuer."""
        failed_at = self._failed_at
        if failed_at is not None and 0 <= self._clock() - failed_at < PAUSE:
            raise Unavailable("the issuer failed a moment ago")

    def _note_failure(self, error: FetchError) -> None:
        if not isinstance(error, FetchBusy):
            self._failed_at = self._clock()

    def _explain(self, what: str, status: int) -> None:
        if status == 401:
            self._failed_at = self._clock()
            log.error(
                "the issuer refuses our client: check oauthprov.resource_server.client_id,"
                " client_auth_method, and client_secret or client_key"
            )
            return
        if status == 404:
            self._metadata = None  # the issuer may have moved it
        log.warning("can't %s: the response has status %s", what, status)


def _origin(url: str) -> tuple[str, int, bool]:
    target = Target.parse(url, loopback_http=True)
    return target.host, target.port, target.tls


def _sentence(wrong: ValueError | JoseError) -> str:
    """Return our own sentence; the errors of decoders quote what they read."""
    plain = isinstance(wrong, JoseError) or type(wrong) is ValueError
    return str(wrong) if plain else "it isn't JSON"
