"""The provider's OpenID configuration (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.demo.errors import ProviderUnavailable
from oauthprov.demo.metadata import ProviderMetadata, endpoint, strings

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
"""The accepted signing algorithms: not ``none``, and none with a shared secret."""


@dataclass(frozen=True, slots=True)
class OpenIDMetadata:
    """The part of the provider's OpenID configuration that the demo uses."""

    provider: ProviderMetadata
    jwks_uri: str
    algorithms: tuple[str, ...]
    userinfo_endpoint: str | None
    end_session_endpoint: str | None

    @classmethod
    def parse(cls, document: object, issuer: str) -> OpenIDMetadata:
        """Return the configuration in ``document``, decoded JSON.

        Raises ``ProviderUnavailable`` unless it is for exactly ``issuer`` (section 4.3) and has a
        signing algorithm that the demo accepts.
        """
        provider = ProviderMetadata.parse(document, issuer)
        assert isinstance(document, dict)  # noqa: S101 - the line above raises for all else
        offered = strings(document, "id_token_signing_alg_values_supported")
        algorithms = tuple(alg for alg in ALGORITHMS if alg in offered)
        if not algorithms:
            raise ProviderUnavailable("The provider signs ID tokens with no known algorithm.")
        return cls(
            provider=provider,
            jwks_uri=endpoint(document, "jwks_uri"),
            algorithms=algorithms,
            userinfo_endpoint=_optional(document, "userinfo_endpoint"),
            end_session_endpoint=_optional(document, "end_session_endpoint"),
        )


def openid_configuration_url(issuer: str) -> str:
    """Return the URL of the OpenID configuration of ``issuer`` (section 4)."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def _optional(document: dict[str, object], name: str) -> str | None:
    return endpoint(document, name) if name in document else None
