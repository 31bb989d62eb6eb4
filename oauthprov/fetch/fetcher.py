"""A fetch: resolve the host, check every address, connect to one of them."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlencode

from oauthprov.failures import FetchBusy, FetchError
from oauthprov.fetch.exchange import Deadline, Lookup, connected, get, post, submit
from oauthprov.fetch.names import LOOKUPS, resolved
from oauthprov.fetch.places import Places
from oauthprov.fetch.target import Target
from oauthprov.settings import FetchAllow, Settings

SECONDS = 5.0
"""Seconds for a whole fetch, from resolving the host to the last byte."""
PARALLEL = 8
"""Fetches at a time, and as many posts; one more waits up to a second for its turn."""
PLACE_PATIENCE = 0.5
"""Seconds that a request waits for one of the places in ``places``."""

_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched document. ``max_age`` is its cache lifetime in seconds, None if not specified."""

    content: bytes
    media_type: str
    max_age: int | None


class _Lane:
    """The limits for one kind of request: posts and fetches don't wait for each other."""

    def __init__(self) -> None:
        self.turns = threading.BoundedSemaphore(PARALLEL)
        self.lookups = threading.BoundedSemaphore(LOOKUPS)


class Fetcher:
    """Fetches from and posts to clients' URLs. ``lookup`` is replaced only in tests.

    With ``loopback_http``, for development, it also posts to http URLs of this machine if
    ``allow`` permits it.
    """

    def __init__(
        self,
        allow: FetchAllow,
        ca_file: str = "",
        *,
        loopback_http: bool = False,
        seconds: float = SECONDS,
        lookup: Lookup = socket.getaddrinfo,
    ) -> None:
        self._allow = allow
        self._loopback_http = loopback_http
        self._seconds = seconds
        self._lookup = lookup
        self._ca_file = ca_file
        self._trusting: ssl.SSLContext | None = None
        self._places = Places()
        self._fetches, self._posts = _Lane(), _Lane()

    @classmethod
    def of(cls, settings: Settings) -> Fetcher:
        """Return the fetcher for these settings."""
        return cls(
            settings.fetch_allow, settings.fetch_ca_file, loopback_http=settings.development
        )

    def fetch(
        self, url: str, *, media_types: Collection[str], limit: int, loopback_http: bool = False
    ) -> Fetched:
        """GET ``url``: requires a 200 with one of ``media_types`` and at most ``limit`` bytes.

        It takes a few seconds at most. ``loopback_http`` also accepts http for this machine.
        Raises FetchError, UnexpectedStatus for another status.
        """
        target = Target.parse(url, loopback_http=loopback_http)
        with self._turn(target, self._fetches):
            deadline = Deadline(self._seconds)
            with self._connected(target, deadline, self._fetches) as connection:
                accept = ", ".join(media_types)
                response, content = get(target, connection, accept, limit, deadline)
            return _fetched(target, response, content, media_types)

    def submit(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        media_types: Collection[str],
        limit: int,
    ) -> Fetched:
        """POST ``form`` to ``url``, urlencoded, and return what :meth:`fetch` would.

        Raises the same errors. ``headers`` are sent too.
        """
        target = Target.parse(url, loopback_http=self._loopback_http)
        with self._turn(target, self._posts):
            deadline = Deadline(self._seconds)
            with self._connected(target, deadline, self._posts) as connection:
                body, accept = urlencode(form).encode("ascii"), ", ".join(media_types)
                response, content = submit(
                    target, connection, body, headers, accept, limit, deadline
                )
            return _fetched(target, response, content, media_types)

    def post(self, url: str, form: Mapping[str, str], seconds: float | None = None) -> int:
        """POST ``form`` to ``url``, urlencoded; return the status of the response.

        It takes at most ``seconds``, by default as long as a fetch. Raises FetchError.
        """
        target = Target.parse(url, loopback_http=self._loopback_http)
        with self._turn(target, self._posts):
            deadline = Deadline(self._seconds if seconds is None else min(seconds, self._seconds))
            with self._connected(target, deadline, self._posts) as connection:
                return post(target, connection, urlencode(form).encode("ascii"), deadline).status

    @contextmanager
    def waiting(
        self, url: str, client_id: str, patience: float = PLACE_PATIENCE
    ) -> Iterator[None]:
        """Hold one of the few places for requests that wait for a client's URL.

        Raises FetchBusy if there is no place for this client and this host, and FetchError for an
        invalid URL.
        """
        with self._places.place(client_id, Target.parse(url).host, patience):
            yield

    @contextmanager
    def _turn(self, target: Target, lane: _Lane) -> Iterator[None]:
        """Wait for a turn, and turn failures in it into FetchError."""
        if not lane.turns.acquire(timeout=1):
            raise FetchBusy(f"{target.host}: too many fetches are in progress")
        try:
            yield
        except HTTPException as error:
            raise FetchError(f"{target.host} sent invalid HTTP: {type(error).__name__}") from error
        except (OSError, ValueError) as error:
            raise FetchError(f"{target.host}: {error}") from error
        finally:
            lane.turns.release()

    @property
    def _context(self) -> ssl.SSLContext:
        # Loading the certificates is slow, so only servers that fetch do it. Two threads may both
        # do it at first; making one wait for a lock would be worse.
        if self._trusting is None:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._ca_file:
                context.load_verify_locations(cafile=self._ca_file)
            self._trusting = context
        return self._trusting

    def _connected(self, target: Target, deadline: Deadline, lane: _Lane) -> socket.socket:
        addresses = resolved(target, deadline, self._lookup, lane.lookups)
        for *_, place in addresses:
            target.check(place[0], self._allow)
        return connected(target, addresses, self._context, deadline)


def _fetched(
    target: Target, response: HTTPResponse, content: bytes, media_types: Collection[str]
) -> Fetched:
    media_type = response.headers.get_content_type()
    if media_type not in media_types:
        raise FetchError(f"{target.host} sent {media_type!r}")
    return Fetched(content, media_type, _max_age(response))


def _max_age(response: HTTPResponse) -> int | None:
    said = response.getheader("Cache-Control", "")
    if _NO_CACHE.search(said):
        return 0
    match = _MAX_AGE.search(said)
    return None if match is None else int(match[1])
