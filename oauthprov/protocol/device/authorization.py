"""The device authorization endpoint (RFC 8628 section 3.1): a device gets its two codes."""

from __future__ import annotations

import ipaddress
from functools import partial

from oauthlib.oauth2.rfc6749.errors import TemporarilyUnavailableError, UnauthorizedClientError
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from oauthprov import credentials
from oauthprov.credentials import Bearer, Keyring
from oauthprov.events import DeviceAuthorizationRequested
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.device import user_codes
from oauthprov.protocol.engine.client_endpoint import ClientEndpoint, Document, answered
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params, resources, scopes
from oauthprov.protocol.request.answers import Answer, Call
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.token.device_codes import INTERVAL
from oauthprov.records import Client, DeviceGrant, UserCode, slot
from oauthprov.storage.interface import Add, Conflict, Contended, persistently

_ENDPOINT = ClientEndpoint(
    "device_authorization", params.CREDENTIALS | {"scope", "resource"}, presents={}
)
_DRAWS = 5
"""User codes that are drawn, at most, if the ones before are in use."""


class DeviceAuthorizations:
    """Answers the endpoint. ``keyring`` makes the keys of user codes."""

    def __init__(self, validator: Validator, keyring: Keyring) -> None:
        self._validator = validator
        self._grant_type = GrantTypeBase(validator)
        self._keyring = keyring

    def begin(self, call: Call, address: str, page: str) -> Answer:
        """Answer a request from ``address``. Raises StorageError.

        ``page`` is the URL of the page on which people type user codes.
        """
        respond = partial(self._begun, address=address, page=page)
        return answered(_ENDPOINT, self._validator, call, respond)

    def _begun(self, request: EngineRequest, *, address: str, page: str) -> Document:
        """Return the response (section 3.2). Raises OAuth2Error."""
        self._grant_type.validate_client_authentication(request)
        context = current()
        client = context.known_client
        if not self._validator.validate_grant_type(client.client_id, DEVICE_CODE, client, request):
            raise UnauthorizedClientError(request=request)
        settings = context.settings
        asked = scope_to_list(request.scope) or list(scopes.defaults(settings, client))
        targets = resources.permitted(context, asked, request.decoded_body or ())
        bearer = Bearer.mint(credentials.DEVICE_CODE, credentials.mint_id())
        device = DeviceGrant(
            key=bearer.key,
            client_id=client.client_id,
            scopes=resources.scopes_for(settings, asked, targets),
            resources=targets,
            address=_address(address),
            created_at=context.now,
            expires_at=context.now + settings.device_lifetime,
            interval=INTERVAL,
        )
        shown = user_codes.shown(self._stored(context, client, device))
        return {
            "device_code": bearer.raw,
            "user_code": shown,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown}",
            "expires_in": settings.device_lifetime,
            "interval": device.interval,
        }

    def _stored(self, context: Context, client: Client, device: DeviceGrant) -> str:
        """Store a device authorization, and return its user code."""
        event = DeviceAuthorizationRequested(
            client_id=client.client_id, grant_id=slot(device.key), scope=device.scopes
        )

        def draw() -> str:
            code = user_codes.draw()
            typed = UserCode(user_codes.key(self._keyring, code), device.key, device.expires_at)
            context.commit(Add(typed), Add(device), event=event)
            return code

        try:
            return persistently(draw, (Conflict,), _DRAWS)
        except Contended:
            raise TemporarilyUnavailableError(status_code=503) from None


def _address(sent: str) -> str:
    """Return an IP address, empty for anything else: a proxy may pass on any text."""
    try:
        return str(ipaddress.ip_address(sent))
    except ValueError:
        return ""
