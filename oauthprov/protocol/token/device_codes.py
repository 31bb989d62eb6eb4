"""Device codes (RFC 8628 sections 3.4, 3.5): a device polls with one until somebody has decided.

Only the client that a device code was issued to learns what has become of it, or slows it down. A
second redemption is refused and revokes nothing: no browser has seen the code, and a device that
didn't get the response asks again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
)
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.oauth2.rfc8628.errors import (
    AuthorizationPendingError,
    ExpiredTokenError,
    SlowDownError,
)

from oauthprov import credentials
from oauthprov.events import Reason
from oauthprov.protocol.clients.grant_types import DEVICE_CODE, REFRESH_TOKEN
from oauthprov.protocol.request import refusals, resources
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.request.operations import Operation
from oauthprov.protocol.token import ended, last_use, tokens
from oauthprov.records import Client, DeviceGrant, Grant, slot
from oauthprov.storage.interface import Add, Claim, Conflict, Replace, Stored

INTERVAL = 5
"""Seconds between two polls of a device, to begin with."""
SLOWER = 5
"""Seconds that a poll which came too early adds to the interval, for good (section 3.5)."""
TOLERANCE = 1
"""Seconds that a poll may be early: times are whole seconds, and networks delay."""


@dataclass(slots=True)
class Polling(Operation):
    """A device code that its client has presented, and that ``account_id`` has allowed.

    ``resources`` are those of its future access token.
    """

    device: Stored[DeviceGrant]
    allowed_by: str
    resources: tuple[str, ...]

    @property
    def account_id(self) -> str:
        """The account that has allowed it."""
        return self.allowed_by

    @property
    def grant_id(self) -> str:
        """The grant that the redemption makes."""
        return slot(self.device.record.key)


class DeviceCodeGrant(GrantTypeBase):
    """The order of the checks of a poll; oauthlib's own has no place for resources."""

    def validate_token_request(self, request: Request) -> None:
        """Raise OAuth2Error unless somebody has allowed what the device asked for."""
        raw = request.device_code
        if not raw:
            raise InvalidRequestError("Missing device_code parameter.", request=request)
        self.validate_client_authentication(request)
        self.validate_grant_type(request)
        context = current()
        stored = _presented(context, context.known_client, raw)
        account_id = _decided(context, stored)
        targets = resources.narrowed(context, request, stored.record.resources)
        context.operation = Polling(stored, account_id, targets)


def _presented(context: Context, client: Client, raw: str) -> Stored[DeviceGrant]:
    """Return what the device code of a client stands for. Raises OAuth2Error."""
    bearer = context.bearer(raw)
    if bearer is None or bearer.kind != credentials.DEVICE_CODE:
        context.note(Reason.DEVICE_CODE_UNKNOWN)
        raise InvalidGrantError()
    stored = context.load(DeviceGrant, bearer.key)
    if stored is None:
        context.note(Reason.DEVICE_CODE_UNKNOWN, grant_id=bearer.slot)
        raise InvalidGrantError()
    device = stored.record
    if device.client_id != client.client_id:
        compared = refusals.issued_to(device.client_id)
        context.note(Reason.DEVICE_CODE_OF_ANOTHER_CLIENT, grant_id=bearer.slot, compared=compared)
        raise InvalidGrantError()
    state = stored.state(context.now)
    if state == "expired":
        compared = refusals.expired(device.expires_at, context.now)
        context.note(Reason.DEVICE_CODE_EXPIRED, grant_id=bearer.slot, compared=compared)
        raise ExpiredTokenError()
    if state != "live":
        raise _used(context, device)
    return stored


def _used(context: Context, device: DeviceGrant) -> InvalidGrantError:
    context.note(Reason.DEVICE_CODE_USED, grant_id=slot(device.key))
    return InvalidGrantError()


def _decided(context: Context, stored: Stored[DeviceGrant]) -> str:
    """Return the account that has allowed it. Raises OAuth2Error if nobody has."""
    device = stored.record
    if device.decided_at is None:
        raise _pending(context, stored)
    if device.account_id is None or not device.allowed:
        raise AccessDeniedError()
    return device.account_id


def _pending(
    context: Context, stored: Stored[DeviceGrant]
) -> AuthorizationPendingError | SlowDownError:
    """Note the poll, and return whether it came too early, as the error to raise."""
    device, now = stored.record, context.now
    early = device.polled_at is not None and (now - device.polled_at < device.interval - TOLERANCE)
    interval = device.interval + (SLOWER if early else 0)
    polled = replace(device, polled_at=now, interval=interval)
    with suppress(Conflict):  # another poll was noted, or somebody has just decided
        context.commit(Replace(polled, expecting=stored))
    return SlowDownError() if early else AuthorizationPendingError()


def redeem(context: Context, client: Client, request: Request) -> tokens.Response:
    """Use the device code up, store its grant and tokens, and return the response.

    Raises InvalidGrantError if it was used before, and if the account or the consent behind it has
    ended since the decision.
    """
    polling = context.doing(Polling)
    device, targets = polling.device.record, polling.resources
    refreshable = REFRESH_TOKEN in client.grant_types
    lifetime = None if refreshable else resources.token_lifetime(context.settings, targets)
    grant = _grant(context, client, polling, lifetime)
    over = ended.what_ended(context, grant, is_new=True)
    if over is not None:
        context.note(Reason.ENDED, compared=f"what ended: {over}")
        raise InvalidGrantError()
    made = tokens.issue(
        context, client, grant, DEVICE_CODE, grant.scopes, targets, refreshable=refreshable
    )
    used = Claim(DeviceGrant, device.key)
    try:
        last_use.commit(
            context, client.client_id, used, Add(grant), *made.changes, event=made.event
        )
    except Conflict:
        raise _used(context, device) from None
    return made.response


def _grant(
    context: Context, client: Client, polling: Polling, token_lifetime: int | None
) -> Grant:
    """Return the grant of a device. No session is behind it: signing out there doesn't end it."""
    device = polling.device.record
    return Grant(
        grant_id=polling.grant_id,
        client_id=device.client_id,
        account_id=polling.account_id,
        scopes=device.scopes,
        resources=device.resources,
        created_at=context.now,
        last_used_at=context.now,
        expires_at=ended.grant_ends_at(context, client, device.scopes, None, token_lifetime),
        auth_time=device.auth_time,
        amr=device.amr,
        acr=device.acr,
        account_epoch=device.account_epoch,
        consent_epoch=device.consent_epoch,
    )
