"""Protected resources: which of them a path belongs to, and their metadata (RFC 9728)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from oauthprov.settings.values import ALGORITHMS, OFFLINE_ACCESS, Resource

PROTECTED_RESOURCE = "oauth-protected-resource"
CACHEABLE = {"Cache-Control": "public, max-age=300"}
"""The header of a metadata document: caches may keep it for five minutes."""
_IN_PATHS = "/:@!$&'()*+,;=~"


def document_of(
    issuer: str,
    resource: Resource,
    dpop: Literal["off", "offered", "required"] = "offered",
    algorithms: Sequence[str] = ALGORITHMS,
    *,
    certificates: bool = False,
) -> dict[str, object]:
    """Return the metadata document of a resource (RFC 9728 section 2).

    ``dpop`` is whether tokens may or must be bound to a key (RFC 9449); a resource may demand it.
    ``algorithms`` are those that proofs may be signed with. With ``certificates`` tokens may be
    bound to one of the client instead (RFC 8705).
    """
    document: dict[str, object] = {
        "resource": resource.uri,
        "authorization_servers": [issuer],
        # Clients ask for it at the authorization server's, and a resource needs nothing of it.
        "scopes_supported": [name for name in resource.scopes if name != OFFLINE_ACCESS],
        "bearer_methods_supported": ["header"],
        "resource_name": resource.sentence,
    }
    if dpop != "off":
        document["dpop_signing_alg_values_supported"] = list(algorithms)
    if dpop == "required" or (resource.bound and not certificates):
        document["dpop_bound_access_tokens_required"] = True
    if certificates:
        document["tls_client_certificate_bound_access_tokens"] = True
    return document


def well_known(identifier: str, name: str) -> str:
    """Return the URL of the document ``name`` of an issuer or resource.

    The well-known part goes between the host and the path (RFC 8414 section 3, RFC 9728 3.1); a
    lone slash is no path.
    """
    parts = urlsplit(identifier)
    path = parts.path if parts.path != "/" else ""
    return urlunsplit(parts._replace(path=f"/.well-known/{name}{path}"))


def document_url(resource: Resource) -> str:
    """Return the URL of the metadata document of ``resource``."""
    return well_known(resource.uri, PROTECTED_RESOURCE)


def place_of(resource: Resource) -> tuple[str, str]:
    """Return the path, decoded, and the query of the URL of the document."""
    parts = urlsplit(document_url(resource))
    return unquote(parts.path), parts.query


def path_in(environ: Mapping[str, Any]) -> str:
    """Return the decoded path of a request, with the part under which the app is mounted."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path.encode("latin-1").decode("utf-8")


def url_at(base: str, environ: Mapping[str, Any]) -> str:
    """Return the URL of a request without its query, on the host of ``base`` and not of Host."""
    parts = urlsplit(base)
    path = quote(path_in(environ), safe=_IN_PATHS)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def covering(resources: Iterable[Resource], path: str) -> Resource | None:
    """Return the resource whose path is the longest prefix of ``path``, None for none."""
    found = [resource for resource in resources if _covers(resource, path)]
    return max(found, key=lambda resource: len(resource.uri), default=None)


def _covers(resource: Resource, path: str) -> bool:
    parts = urlsplit(resource.uri)
    base = unquote(parts.path).rstrip("/")
    return not parts.query and (path == base or path.startswith(base + "/"))
