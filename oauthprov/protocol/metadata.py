"""The metadata document of the server, as data (RFC 8414)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oauthprov.protocol.authorize import checks
from oauthprov.protocol.clients import grant_types, methods, subjects
from oauthprov.protocol.request import claims
from oauthprov.protocol.token import id_tokens, pkce
from oauthprov.settings import Settings

AUTHORIZATION_SERVER = "oauth-authorization-server"
OPENID_PROVIDER = "openid-configuration"


def authorization_server(settings: Settings, entries: Mapping[str, object]) -> dict[str, object]:
    """Return the server's document (RFC 8414 section 2).

    ``entries`` are the members of the features that are switched on, such as their endpoints.
    """
    offered = [row.name for row in grant_types.offered(settings)]
    algorithms = list(settings.client_algorithms)
    document: dict[str, object] = {
        "issuer": settings.issuer,
        "response_types_supported": list(grant_types.response_types(offered)),
        "response_modes_supported": checks.response_modes(settings),
        "grant_types_supported": offered,
        "token_endpoint_auth_methods_supported": methods.registrable(settings),
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "code_challenge_methods_supported": [pkce.METHOD],
        "authorization_response_iss_parameter_supported": True,
        "authorization_signing_alg_values_supported": list(settings.keys_algorithms),
    } | _request_objects(settings)
    if settings.client_documents:
        document["client_id_metadata_document_supported"] = True
    if settings.dpop != "off":
        document["dpop_signing_alg_values_supported"] = algorithms
    if settings.mtls:
        document["tls_client_certificate_bound_access_tokens"] = True
    if settings.scopes:
        document["scopes_supported"] = [scope.name for scope in settings.scopes]
    if settings.resources:
        document["protected_resources"] = [resource.uri for resource in settings.resources]
    if "introspection_endpoint" in entries:
        confidential = methods.registrable(settings, confidential=True)
        document["introspection_endpoint_auth_methods_supported"] = confidential
        document["introspection_endpoint_auth_signing_alg_values_supported"] = algorithms
        signed_by = list(settings.keys_algorithms)
        document["introspection_signing_alg_values_supported"] = signed_by
    if "revocation_endpoint" in entries:
        document["revocation_endpoint_auth_methods_supported"] = methods.registrable(settings)
        document["revocation_endpoint_auth_signing_alg_values_supported"] = algorithms
    return document | dict(entries)


def _request_objects(settings: Settings) -> dict[str, object]:
    """Return the members about request objects (RFC 9101 section 10.5, Discovery section 3)."""
    document: dict[str, object] = {
        "request_parameter_supported": True,
        "request_uri_parameter_supported": settings.par != "required",
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": list(settings.client_algorithms),
    }
    if settings.message_signing:
        document["require_signed_request_object"] = True
    return document


def openid_provider(
    settings: Settings, acr_values: Sequence[str], prompts: Sequence[str]
) -> dict[str, object]:
    """Return the members of OpenID Connect (Discovery section 3, Initiating User Registration)."""
    declared = settings.scope_names
    named = [name for scope, names in claims.SCOPES.items() if scope in declared for name in names]
    document: dict[str, object] = {
        "subject_types_supported": list(subjects.types(settings)),
        "id_token_signing_alg_values_supported": list(settings.keys_algorithms),
        "userinfo_signing_alg_values_supported": list(settings.keys_algorithms),
        "claim_types_supported": ["normal"],
        "claims_supported": [*id_tokens.CLAIMS, *named],
        "claims_parameter_supported": True,
        "display_values_supported": ["page", "popup", "touch", "wap"],
        "ui_locales_supported": list(settings.languages),
        "prompt_values_supported": list(prompts),
    }
    if acr_values:
        document["acr_values_supported"] = list(acr_values)
    return document
