"""The demo's client of the provider: it makes all HTTP requests, with Authlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests.auth import HTTPBasicAuth

from oauthprov.demo.addresses import is_loopback
from oauthprov.demo.authorization import PendingAuthorization
from oauthprov.demo.errors import OAuthFailure, ProviderUnavailable
from oauthprov.demo.metadata import ProviderMetadata, metadata_url
from oauthprov.demo.settings import Settings
from oauthprov.demo.tokens import Tokens

_TIMEOUT = (3, 10)
_METADATA_SECONDS = 300


class Provider:
    """One authorization server, and the resource that its tokens give access to.

    Every method may raise ``ProviderUnavailable``.
    """

    def __init__(self, settings: Settings, clock: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self._metadata: tuple[int, ProviderMetadata] | None = None

    def metadata(self) -> ProviderMetadata:
        """Return the provider's metadata, at most five minutes old."""
        now, cached = self.clock(), self._metadata
        if cached is None or now - cached[0] >= _METADATA_SECONDS:
            cached = self._metadata = now, self._discover()
        return cached[1]

    def authorization_url(self, pending: PendingAuthorization) -> str:
        """Return the URL of the authorization request ``pending``."""
        asked = {} if pending.sign_in is None else pending.sign_in.parameters()
        with self._session(code_challenge_method="S256") as session:
            url, _ = session.create_authorization_url(
                pending.metadata.authorization_endpoint,
                state=pending.state,
                code_verifier=pending.code_verifier,
                redirect_uri=self.settings.redirect_uri,
                scope=pending.scope or None,
                resource=self._resource(pending),
                **asked,
            )
        return str(url)

    def exchange(self, code: str, pending: PendingAuthorization) -> Tokens:
        """Return the tokens for ``code``. Raises ``OAuthFailure``."""
        endpoint = pending.metadata.token_endpoint
        with self._session() as session, _usable_answers(endpoint):
            answer = session.fetch_token(
                endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=pending.code_verifier,
                redirect_uri=self.settings.redirect_uri,
                resource=self._resource(pending),
                auth=self._client_auth(),
                allow_redirects=False,
            )
        return self._tokens(answer, scope=pending.scope)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Return new tokens for the refresh token of ``tokens``. Raises ``OAuthFailure``."""
        endpoint = self.metadata().token_endpoint
        with self._session() as session, _usable_answers(endpoint):
            answer = session.refresh_token(
                endpoint,
                refresh_token=tokens.refresh_token,
                resource=self.settings.resource_indicator,
                auth=self._client_auth(),
                allow_redirects=False,
            )
        renewed = self._tokens(answer, scope=" ".join(tokens.scopes))
        return replace(
            renewed,
            refresh_token=renewed.refresh_token or tokens.refresh_token,
            refreshes=tokens.refreshes + 1,
        )

    def revoke(self, tokens: Tokens) -> None:
        """Revoke ``tokens`` at the provider (RFC 7009). Raises ``OAuthFailure``."""
        endpoint = self.metadata().revocation_endpoint
        if endpoint is None:
            raise ProviderUnavailable("The provider offers no revocation.")
        kind = "refresh_token" if tokens.refresh_token else "access_token"
        with self._session() as session, _usable_answers(endpoint):
            answer = session.revoke_token(
                endpoint,
                token=tokens.refresh_token or tokens.access_token,
                token_type_hint=kind,
                auth=self._client_auth(),
                allow_redirects=False,
            )
            if answer.status_code != 200:
                raise _refusal(answer)

    def call(self, tokens: Tokens) -> requests.Response:
        """Return the response of the protected resource to the access token (RFC 6750)."""
        url = self.settings.resource
        with self._session(token=_bearing(tokens)) as session, _usable_answers(url):
            answer: requests.Response = session.get(url, allow_redirects=False)
        if answer.status_code >= 500:
            raise ProviderUnavailable(f"{url} answered with status {answer.status_code}.")
        return answer

    def document(self, url: str, tokens: Tokens | None = None) -> object:
        """Return the decoded JSON at ``url``, requested with the access token if given."""
        token = None if tokens is None else _bearing(tokens)
        with self._session(token=token) as session, _usable_answers(url):
            answer = session.get(url, withhold_token=token is None, allow_redirects=False)
            if answer.status_code != 200:
                raise ProviderUnavailable(f"{url} answered with status {answer.status_code}.")
            return answer.json()

    def _discover(self) -> ProviderMetadata:
        document = self.document(metadata_url(self.settings.issuer))
        return ProviderMetadata.parse(document, self.settings.issuer)

    def _resource(self, pending: PendingAuthorization) -> str | None:
        # A token for a resource isn't valid at UserInfo.
        return None if pending.sign_in else self.settings.resource_indicator

    def _session(self, **options: object) -> OAuth2Session:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            default_timeout=_TIMEOUT,
            **options,
        )
        # A proxy from the environment couldn't reach a provider on this machine.
        session.trust_env = not is_loopback(self.settings.issuer)
        return session

    def _client_auth(self) -> HTTPBasicAuth | None:
        # Authlib's own method omits the form encoding of RFC 6749 section 2.3.1. Without a secret,
        # Authlib sends the client id in the body, as a public client must.
        if self.settings.client_secret is None:
            return None
        return HTTPBasicAuth(
            quote_plus(self.settings.client_id or ""), quote_plus(self.settings.client_secret)
        )

    def _tokens(self, answer: Mapping[str, Any], *, scope: str) -> Tokens:
        return Tokens.parse(answer, scope=scope, now=self.clock())


def _bearing(tokens: Tokens) -> dict[str, str]:
    return {"access_token": tokens.access_token, "token_type": "Bearer"}


@contextmanager
def _usable_answers(url: str) -> Iterator[None]:
    # Exceptions of the libraries may contain request data: their text isn't passed on.
    try:
        yield
    except AuthlibBaseError as error:
        raise OAuthFailure(str(error.error), str(error.description or "")) from None
    except requests.Timeout:
        raise ProviderUnavailable(f"{url} didn't answer in time.") from None
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "unknown"
        raise ProviderUnavailable(f"{url} answered with status {status}.") from None
    except requests.ConnectionError:
        raise ProviderUnavailable(f"{url} can't be reached.") from None
    except (requests.RequestException, ValueError, TypeError):
        raise ProviderUnavailable(f"{url} gave an answer that can't be read.") from None


def _refusal(answer: requests.Response) -> Exception:
    document = answer.json() if answer.status_code < 500 else None
    if not isinstance(document, dict) or not isinstance(document.get("error"), str):
        return ProviderUnavailable(f"{answer.url} answered with status {answer.status_code}.")
    return OAuthFailure(document["error"], str(document.get("error_description") or ""))
