"""The live server, as the checks look at it: each document and page is requested once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from oauthprov.doctor.stored import now
from oauthprov.failures import FetchError
from oauthprov.fetch.asking import Answer, Asker
from oauthprov.protected_resource.metadata import well_known
from oauthprov.settings import Settings

AUTHORIZATION_SERVER = "oauth-authorization-server"
OPENID_PROVIDER = "openid-configuration"
STRANGER = "https://doctor.invalid"
"""An origin that no client has (RFC 6761 section 6.4)."""
PATIENCE = 3.0
"""Seconds for a response that comes at once if it comes."""


@dataclass(slots=True)
class Live:
    """The server at ``base``, the URL that stands for the issuer.

    ``plain`` is the same host by http, None where that says nothing.
    """

    settings: Settings
    base: str
    asker: Asker
    clock: Callable[[], int] = now
    patience: float = PATIENCE
    plain: str | None = None
    _kept: dict[str, Answer | FetchError] = field(default_factory=dict, init=False)

    @classmethod
    def at(cls, settings: Settings, url: str | None) -> Live:
        """Return the server at ``url``, by default at the issuer."""
        base = (url or settings.issuer).rstrip("/")
        parts = urlsplit(base)
        usual = parts.scheme == "https" and ":" not in parts.netloc.rpartition("]")[2]
        plain = f"http://{parts.netloc}/" if usual else None
        return cls(settings, base, Asker(settings.fetch_ca_file), plain=plain)

    @property
    def secure(self) -> bool:
        """Whether the server is asked by https."""
        return self.base.startswith("https:")

    @property
    def metadata_url(self) -> str:
        """The URL of the metadata document (RFC 8414 section 3)."""
        return well_known(self.base, AUTHORIZATION_SERVER)

    @property
    def sign_in_url(self) -> str:
        """The URL of the sign-in page, which also sets cookies."""
        return f"{self.base}/login"

    def get(self, url: str) -> Answer:
        """GET ``url`` once, with the origin of a stranger. Raises FetchError."""
        if url not in self._kept:
            try:
                self._kept[url] = self.asker.ask(url, headers={"Origin": STRANGER})
            except FetchError as failed:
                self._kept[url] = failed
        found = self._kept[url]
        if isinstance(found, FetchError):
            raise found
        return found

    def document(self, url: str) -> Mapping[str, object]:
        """GET a JSON object. Raises FetchError."""
        answer = self.get(url)
        if answer.status != 200:
            raise FetchError(f"{url} has status {answer.status}")
        try:
            read = json.loads(answer.content)
        except (ValueError, RecursionError):
            raise FetchError(f"{url} isn't JSON") from None
        if not isinstance(read, dict):
            raise FetchError(f"{url} isn't a JSON object")
        return read

    @property
    def metadata(self) -> Mapping[str, object]:
        """The metadata document. Raises FetchError."""
        return self.document(self.metadata_url)

    def endpoint(self, member: str) -> str | None:
        """Return the URL of an endpoint of the metadata, None if it isn't below the issuer.

        A server that lies can't send the requests elsewhere.
        """
        url, issuer = self.metadata.get(member), self.settings.issuer
        if isinstance(url, str) and url.startswith(f"{issuer}/"):
            return self.base + url.removeprefix(issuer)
        return None

    def at_root(self, path: str) -> str:
        """Return the URL of a path of the host."""
        return urlunsplit(urlsplit(self.base)._replace(path=path))
