"""Discovery: the provider's metadata (RFC 8414)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc8414 import get_well_known_url

from oauthprov.demo.addresses import is_secure
from oauthprov.demo.errors import ProviderUnavailable
from oauthprov.demo.scopes import scope_values

_SCOPES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The part of the authorization server metadata that the demo uses."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None
    scopes_supported: tuple[str, ...]
    iss_parameter_supported: bool

    @classmethod
    def parse(cls, document: object, issuer: str) -> ProviderMetadata:
        """Return the metadata in ``document``, decoded JSON.

        Raises ``ProviderUnavailable`` unless it is for exactly ``issuer`` (RFC 8414 section 3.3)
        and has all that the demo needs, including PKCE with S256.
        """
        if not isinstance(document, dict):
            raise ProviderUnavailable("The provider's metadata is not a JSON object.")
        if document.get("issuer") != issuer:
            raise ProviderUnavailable(
                f"The metadata speaks for the issuer {document.get('issuer')!r}, "
                f"but the demo is set up for {issuer!r}."
            )
        if "S256" not in strings(document, "code_challenge_methods_supported"):
            raise ProviderUnavailable("The provider's metadata doesn't offer PKCE with S256.")
        scopes = scope_values(" ".join(strings(document, "scopes_supported")))
        return cls(
            issuer=issuer,
            authorization_endpoint=endpoint(document, "authorization_endpoint"),
            token_endpoint=endpoint(document, "token_endpoint"),
            revocation_endpoint=(
                endpoint(document, "revocation_endpoint")
                if "revocation_endpoint" in document
                else None
            ),
            scopes_supported=scopes[:_SCOPES_SHOWN],
            iss_parameter_supported=(
                document.get("authorization_response_iss_parameter_supported") is True
            ),
        )


def metadata_url(issuer: str) -> str:
    """Return the URL of the metadata of ``issuer``: its path comes last (RFC 8414 section 3)."""
    return str(get_well_known_url(issuer.rstrip("/"), external=True))


def strings(document: dict[str, Any], name: str) -> list[str]:
    """Return the strings in the list ``name``, none if it isn't a list."""
    values = document.get(name)
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []


def endpoint(document: dict[str, Any], name: str) -> str:
    """Return the URL ``name``. Raises ``ProviderUnavailable`` unless tokens may be sent there."""
    url = document.get(name)
    if not isinstance(url, str) or not is_secure(url):
        raise ProviderUnavailable(
            f"The provider's metadata names no {name} that is https, or http to this machine."
        )
    return url
