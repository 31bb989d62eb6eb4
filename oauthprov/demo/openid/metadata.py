"""What the provider says of OpenID Connect (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.demo.errors import ProviderUnavailable
from oauthprov.demo.metadata import ProviderMetadata, endpoint, strings

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
"""What the demo lets tokens be signed with: never ``none``, and nothing keyed by a secret."""


@dataclass(frozen=True, slots=True)
class OpenIDMetadata:
    """The part of the provider's OpenID configuration that the demo goes by."""

    provider: ProviderMetadata
    jwks_uri: str
    algorithms: tuple[str, ...]
    userinfo_endpoint: str | None
    end_session_endpoint: str | None

    @classmethod
    def parse(cls, document: object, issuer: str) -> OpenIDMetadata:
        """Return what ``document``, decoded JSON, says.

        Raises ``ProviderUnavailable`` unless it speaks for exactly ``issuer`` (section 4.3) and
        signs with something that the demo takes.
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
    """Return where ``issuer`` publishes its OpenID configuration (section 4)."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def _optional(document: dict[str, object], name: str) -> str | None:
    return endpoint(document, name) if name in document else None
