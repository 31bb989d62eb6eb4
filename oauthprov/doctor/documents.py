"""Checks of the live server's documents: metadata, keys, readiness."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.doctor.live import AUTHORIZATION_SERVER, OPENID_PROVIDER, Live
from oauthprov.failures import FetchError
from oauthprov.protected_resource.metadata import well_known

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of private and symmetric keys (RFC 7518 section 6)."""
_SHOWN = 5


def _issuer(on: Live) -> Iterator[str]:
    said = on.metadata.get("issuer")
    if said != on.settings.issuer:
        yield f"the metadata has the issuer {said!r}, the settings {on.settings.issuer!r}"


def _addresses(on: Live) -> Iterator[str]:
    names = [OPENID_PROVIDER] if on.settings.openid else []
    urls = [f"{on.base}/.well-known/{name}" for name in names]
    if urlsplit(on.base).path:
        urls += [well_known(on.base, name) for name in names]
        urls.append(f"{on.base}/.well-known/{AUTHORIZATION_SERVER}")
    for url in urls:
        try:
            said = on.document(url).get("issuer")
        except FetchError as failed:
            yield str(failed)
            continue
        if said != on.settings.issuer:
            yield f"{url} has the issuer {said!r}"


def _endpoints(on: Live) -> Iterator[str]:
    for name, url in on.metadata.items():
        is_url = name.endswith("_endpoint") or name == "jwks_uri"
        if is_url and not str(url).startswith(f"{on.settings.issuer}/"):
            yield f"{name} is {url!r}, which isn't below the issuer"


def _mcp(on: Live) -> Iterator[str]:
    methods = on.metadata.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods:
        yield "code_challenge_methods_supported lacks S256"
    if on.metadata.get("authorization_response_iss_parameter_supported") is not True:
        yield "authorization_response_iss_parameter_supported isn't true"
    if on.settings.registration == "open" and not on.metadata.get("registration_endpoint"):
        yield "registration_endpoint is missing, though oauthprov.registration is open"
    described = on.metadata.get("client_id_metadata_document_supported") is True
    if on.settings.client_documents and not described:
        yield "client_id_metadata_document_supported isn't true"


def _other_settings(on: Live) -> Iterator[str]:
    if on.metadata.get("issuer") != on.settings.issuer:
        return  # it is another server altogether
    said = on.metadata.get("scopes_supported", [])
    ours = {scope.name for scope in on.settings.scopes}
    theirs = {str(name) for name in said} if isinstance(said, list) else set()
    if ours != theirs:
        names = ", ".join(sorted(ours ^ theirs)[:_SHOWN])
        yield f"the metadata and oauthprov.scopes differ in {names}"


def _keys(on: Live) -> Iterator[str]:
    url = on.endpoint("jwks_uri")
    if url is None:
        return
    keys = on.document(url).get("keys")
    every = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    if not every:
        yield f"{url} has no key"
    if any(_PRIVATE & key.keys() for key in every):
        yield f"{url} has a private key"


def _ready(on: Live) -> Iterator[str]:
    answer = on.get(f"{on.base}/readyz")
    if answer.status == 503:
        said: object = None
        with suppress(ValueError, RecursionError):
            said = json.loads(answer.content)
        yield f"/readyz has status 503: {said}"


CHECKS: tuple[Check[Live], ...] = (
    Check(
        "live.issuer",
        ERROR,
        "`issuer` of the metadata, character by character",
        "Clients refuse metadata of another issuer (RFC 8414 section 3.3).",
        "Start the server with this .ini, or correct oauthprov.issuer.",
        _issuer,
    ),
    Check(
        "live.well_known",
        ERROR,
        "the other well-known addresses: `/.well-known/openid-configuration`, and for an issuer"
        " with a path those with it before and behind",
        "OpenID Connect and MCP clients look there.",
        "Let the proxy pass /.well-known/ of the host on to the server, with the issuer's path"
        " behind it (docs/deployment.md).",
        _addresses,
    ),
    Check(
        "live.endpoints",
        ERROR,
        "the endpoints that the metadata names",
        "Something rewrites the metadata, and clients send codes and secrets elsewhere.",
        "Let no proxy rewrite bodies, and see which server answers.",
        _endpoints,
    ),
    Check(
        "live.mcp",
        ERROR,
        "what MCP clients need in the metadata: S256, `iss`, an endpoint to register at",
        "MCP clients refuse a server whose metadata doesn't name S256, and with several servers"
        " need iss (RFC 9207).",
        "See which server answers: oauthprov's metadata has all of it.",
        _mcp,
    ),
    Check(
        "live.settings",
        WARNING,
        "`scopes_supported`, against `oauthprov.scopes`",
        "The server was started with other settings than those that were checked.",
        "Restart the server, or check the .ini that it runs with.",
        _other_settings,
    ),
    Check(
        "live.keys",
        ERROR,
        "the key set at `jwks_uri`",
        "Clients can't verify ID tokens, or anybody can forge them.",
        "See which server answers, and in its log why it has no keys.",
        _keys,
    ),
    Check(
        "live.ready",
        ERROR,
        "`/readyz`",
        "The server can't issue tokens.",
        "Do what the response says.",
        _ready,
    ),
)
