"""A person decides about a device (RFC 8628 sections 3.3, 5.4), by a request that waits for them.

They are always asked: nothing that they, or the operator, have allowed before says that the device
is theirs. Whose account a device gets is settled by the decision alone. A decision is about one
device: it isn't remembered as a consent, which would let a later request pass unasked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error

from oauthprov.accounts import AccountSource, SignedIn
from oauthprov.credentials import Keyring
from oauthprov.events import (
    AuthorizationGranted,
    ConsentDenied,
    Event,
    Reason,
    RequestNoted,
    publish,
)
from oauthprov.messages import N_
from oauthprov.protocol.authorize import checks, interactions
from oauthprov.protocol.authorize.response import ResponseReady, refusal
from oauthprov.protocol.device import user_codes
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params, resources
from oauthprov.protocol.request.answers import Outcome, Refusal, Visitor
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.protocol.request.params import Pairs
from oauthprov.protocol.request.waiting import WaitingRequest
from oauthprov.records import Consent, DeviceGrant, UserCode, slot
from oauthprov.storage.interface import (
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Stored,
    persistently,
)

DEVICE = "device"
_RACES = 5
"""Times that a decision is stored again, at most, when a poll of the device came in between."""
_LABEL = "user code of an interaction"
_OVER = Refusal(
    "invalid_request",
    N_("The code of this device has expired or was used. Start again on the device."),
)


@dataclass(frozen=True, slots=True)
class Decided(Outcome):
    """Somebody has decided about a device, which learns of it by its next poll."""

    allowed: bool


@dataclass(frozen=True, slots=True)
class DeviceRequest(WaitingRequest):
    """What a device asks for, for the person who typed its user code, ``code``."""

    purpose: ClassVar[str] = DEVICE
    is_remembered: ClassVar[bool] = False

    device: Stored[DeviceGrant]
    code: str = field(repr=False)
    keyring: Keyring = field(repr=False)

    @property
    def pairs(self) -> Pairs:
        """What its Interaction stores; the code is sealed."""
        return _pairs(self.keyring, self.device.record, self.code)

    @property
    def shown(self) -> str:
        """The user code as the device shows it."""
        return user_codes.shown(self.code)

    @property
    def destination(self) -> str:
        """Where Allow leads: to the device, not to a site."""
        return self.shown

    def must_ask(self, consent: Consent | None) -> bool:
        """Return True (section 5.4)."""
        return True

    def granted(
        self, context: Context, person: SignedIn, consent_epoch: int, *changes: Change
    ) -> Decided:
        """Store that ``person`` has allowed it. Raises Conflict, ResponseReady."""
        device = self.device.record
        event = AuthorizationGranted(
            account_id=person.account_id,
            client_id=device.client_id,
            grant_id=slot(device.key),
            how=DEVICE,
            scope=self.scopes,
        )
        decision = {
            "decided_at": context.now,
            "allowed": True,
            "scopes": self.scopes,
            "account_id": person.account_id,
            "auth_time": person.auth_time,
            "amr": person.amr,
            "acr": person.acr,
            "account_epoch": person.epoch,
            "consent_epoch": consent_epoch,
        }
        self._decide(context, decision, changes, event)
        return Decided(allowed=True)

    def denied(
        self, context: Context, error: OAuth2Error, *changes: Change, event: Event | None = None
    ) -> Outcome:
        """Store that somebody has denied it; any other error leaves it to be decided."""
        if not isinstance(error, AccessDeniedError):
            return WaitingRequest.denied(self, context, error, *changes, event=event)
        if isinstance(event, ConsentDenied):
            event = replace(event, how=DEVICE, grant_id=slot(self.device.record.key))
        self._decide(context, {"decided_at": context.now}, changes, event)
        return Decided(allowed=False)

    def error(self, error: OAuth2Error) -> Refusal:
        """Return the page of an error: a device learns nothing of it."""
        return refusal(error, client=self.client)

    def _decide(
        self,
        context: Context,
        decision: dict[str, Any],
        changes: tuple[Change, ...],
        event: Event | None,
    ) -> None:
        """Store a decision, once; the code is used up by it.

        On a cluster, a decision that loses against a poll leaves ``changes`` to be made again.
        """
        key, keys = self.device.record.key, user_codes.keys(self.keyring, self.code)
        known = iter([self.device])

        def store() -> None:
            stored = next(known, None) or context.storage.get(DeviceGrant, key)
            if stored is None or not _waits(stored, context.now):
                raise ResponseReady(replace(_OVER, client=self.client))
            decided = replace(stored.record, **decision)
            used = [Remove(UserCode, one) for one in keys]
            try:
                context.commit(Replace(decided, expecting=stored), *used, *changes, event=event)
            except Conflict as lost:
                if isinstance(lost.change, Claim):
                    raise ResponseReady(interactions.over(self.client)) from None
                raise

        persistently(store, races=_RACES)


class DeviceRequests:
    """Finds what user codes stand for. ``accounts`` say how users can prove who they are."""

    def __init__(
        self, validator: Validator, keyring: Keyring, accounts: AccountSource[Any]
    ) -> None:
        self._validator = validator
        self._keyring = keyring
        self._accounts = accounts

    def find(self, text: str, visitor: Visitor) -> str | None:
        """Let the request whose user code somebody typed wait in their browser; return its id.

        None if ``text`` is no code of a device that waits. Raises StorageError.
        """
        with self._validator.request("device_authorization") as context:
            code = user_codes.typed(text)
            stored = None if code is None else self._waiting(context, code)
            if code is None or stored is None:
                _noted(visitor)
                return None
            device = stored.record
            pairs = _pairs(self._keyring, device, code)
            return interactions.store(context, DEVICE, device.client_id, pairs, visitor)

    def _waiting(self, context: Context, code: str) -> Stored[DeviceGrant] | None:
        keys = user_codes.keys(self._keyring, code)
        for typed in context.load_many([(UserCode, key) for key in keys]):
            if typed is None or typed.state(context.now) != "live":
                continue
            stored = context.load(DeviceGrant, typed.record.device_grant)
            if stored is not None and _waits(stored, context.now):
                return stored
        return None

    def resumed(self, context: Context, pairs: Pairs) -> DeviceRequest:
        """Return the request that an Interaction stores, judged again. Raises ResponseReady."""
        given = dict(pairs)
        context.expect(DeviceGrant, given["device_grant"])
        client = context.client = context.find_client(given["client_id"])
        stored = context.load(DeviceGrant, given["device_grant"])
        code = self._keyring.open(_LABEL, given["user_code"])
        if client is None or code is None or stored is None or not _waits(stored, context.now):
            raise ResponseReady(replace(_OVER, client=client))
        device = stored.record
        asked = (("scope", " ".join(device.scopes)), *(("resource", u) for u in device.resources))
        try:
            targets = resources.permitted(context, device.scopes, asked)
            checked = checks.run(
                context,
                Authorizing(params.Parsed(asked)),
                endpoint="device",
                accounts=self._accounts,
            )
        except OAuth2Error as error:
            raise ResponseReady(refusal(error, client=client)) from None
        return DeviceRequest(
            client, device.scopes, targets, checked, stored, code.decode(), self._keyring
        )


def _noted(visitor: Visitor) -> None:
    """Publish that somebody has typed a wrong code: whoever guesses must be found."""
    account_id = None if visitor.person is None else visitor.person.account_id
    publish(
        RequestNoted(
            endpoint="device_authorization",
            reason=Reason.USER_CODE_WRONG,
            account_id=account_id,
        )
    )


def _waits(stored: Stored[DeviceGrant], now: int) -> bool:
    return stored.state(now) == "live" and stored.record.decided_at is None


def _pairs(keyring: Keyring, device: DeviceGrant, code: str) -> Pairs:
    return (
        ("client_id", device.client_id),
        ("device_grant", device.key),
        ("user_code", keyring.seal(_LABEL, code.encode())),
    )
