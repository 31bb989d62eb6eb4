"""A small relying party built on idpyoidc, with workarounds for the library."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptojwt.key_jar import KeyJar
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.oidc.authorization import Authorization
from idpyoidc.client.oidc.registration import Registration
from idpyoidc.client.rp_handler import RPHandler

from tests.clients.key import JWKS, KEY
from tests.conformance.browser import once
from tests.conformance.provider import Certified

Json = dict[str, Any]

RESPONSE_TYPES = ["code", "id_token", "id_token token"]
PKCE = {
    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
}
REQUEST_OBJECTS = {
    "function": "idpyoidc.client.oauth2.add_on.jar.add_support",
    "kwargs": {"request_type": "request_parameter", "with_jti": True},
}


class EveryResponseType(Authorization):
    """The library can do ``id_token token``, and registers only what it finds in this list."""

    _supports = Authorization._supports | {"response_types_supported": RESPONSE_TYPES}


class FullRegistration(Registration):
    """Registers ``conf["metadata"]`` too, whatever the library would make of it.

    It knows no ``post_logout_redirect_uris``, leaves its keys out, and derives ``grant_types``
    from the response types. In the answer (RFC 7591 section 3.2.1) it compares ``scope``, a
    string, with a list of its own, and ``grant_types`` with those of its services, of which none
    is ``implicit``.
    """

    def __init__(self, upstream_get: Any, conf: Json) -> None:
        super().__init__(upstream_get, conf)
        self.post_construct.append(self._add_metadata)

    def _add_metadata(self, request_args: Json, **_: object) -> Json:
        request_args.update(self.conf["metadata"])
        return request_args

    def post_parse_response(self, response: Any, **_: object) -> Any:
        del response["scope"], response["grant_types"]
        # The issuer of client assertions: the library sets it for clients that it is told of only.
        self.upstream_get("unit").client_id = response["client_id"]
        return response


class RelyingParty:
    """It registers itself when it is first used.

    ``preferences`` are the library's own words for what it wants, ``metadata`` is registered as
    it is. Its addresses are below ``base_url``, which is else that of the certification suite.
    """

    def __init__(
        self,
        provider: Certified,
        response_type: str = "code",
        *,
        base_url: str | None = None,
        metadata: Json | None = None,
        add_ons: Json | None = None,
        **preferences: object,
    ) -> None:
        self.issuer = provider.issuer
        base_url = base_url or provider.suite_url
        callbacks = {mode: [f"{base_url}/callback"] for mode in ("query", "fragment", "form_post")}
        config = {
            "client_type": "oidc",
            "client_name": "App",
            "response_types_supported": [response_type],
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "userinfo_signing_alg_values_supported": [],
            "client_authn_methods": ["client_secret_basic", "private_key_jwt"],
            "callback_uris": {"redirect_uris": callbacks},
            "redirect_uris": [f"{base_url}/callback"],
            "add_ons": add_ons or {"pkce": PKCE},
        }
        registered = {
            "grant_types": _grant_types(response_type),
            "jwks": JWKS,
        } | (metadata or {})
        self._handler = RPHandler(
            base_url,
            {"": config | preferences},
            services=_services(registered),
            keyjar=_keys(),
            httpc_params={"verify": provider.ca_file},
        )

    @property
    def client(self) -> Any:
        """The library's client for this provider, once it exists."""
        return self._handler.issuer2rp[self.issuer]

    @property
    def registered(self) -> Json:
        """The provider's registration response."""
        return json.loads(self.client.get_context().registration_response.to_json())

    def begin(self, **asked: object) -> str:
        """Return the authorization URL."""
        return self._handler.begin(self.issuer, req_args=asked)

    def finish(self, answer: Json) -> Json:
        """Complete the flow after an authorization response, and check every response."""
        return self._handler.finalize(self.issuer, answer)


def _keys() -> KeyJar:
    keys = KeyJar()
    keys.import_jwks({"keys": [KEY.as_dict(private=True)]}, "")
    return keys


def _grant_types(response_type: str) -> list[str]:
    return ["authorization_code", "refresh_token"] if response_type == "code" else ["implicit"]


def _services(metadata: Json) -> Json:
    return DEFAULT_OIDC_SERVICES | {
        "authorization": {"class": EveryResponseType},
        "registration": {"class": FullRegistration, "kwargs": {"metadata": metadata}},
        "end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"},
    }


def by_reference(url: str, request_uri: str) -> tuple[str, str]:
    """Return the request with its request object at ``request_uri``, and the object.

    The library can store one by itself, but for the audience ``request_uri``.
    """
    endpoint, _, query = url.partition("?")
    asked = once(query)
    request_object = asked.pop("request")
    assert not urlsplit(request_uri).query
    return f"{endpoint}?{urlencode(asked | {'request_uri': request_uri})}", request_object
