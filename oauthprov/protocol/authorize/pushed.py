"""Pushed authorization requests (RFC 9126): a client posts one, and sends the browser after it.

All that a request needs is proven when it is pushed, and again when a browser comes with its
``request_uri``. It is used up by the commit that answers it, and not when its first page is shown:
who reloads the page, goes back or signs in somewhere else meanwhile, comes with the same address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidRequestError,
    MissingClientIdError,
)
from oauthlib.openid.connect.core.exceptions import InvalidRequestURI

from oauthprov import credentials
from oauthprov.credentials import Bearer, base64url, key_from
from oauthprov.events import Reason
from oauthprov.messages import N_
from oauthprov.protocol.authentication.client import authenticate
from oauthprov.protocol.authorize import interactions
from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.authorize.interactions import FETCHED_WITHIN
from oauthprov.protocol.authorize.request import AuthorizationRequests
from oauthprov.protocol.authorize.response import ResponseReady, refusal
from oauthprov.protocol.clients import methods
from oauthprov.protocol.engine.client_endpoint import ClientEndpoint, Document, answered
from oauthprov.protocol.engine.request import EngineRequest
from oauthprov.protocol.engine.validator import Validator
from oauthprov.protocol.request import params, refusals
from oauthprov.protocol.request.answers import Answer, Call
from oauthprov.protocol.request.context import Context, current
from oauthprov.protocol.request.params import PUSHED, Pairs, Parsed
from oauthprov.protocol.request.waiting import WaitingRequest
from oauthprov.protocol.token import possession
from oauthprov.records import Client, Digest, PushedRequest
from oauthprov.storage.interface import Add, Claim, Conflict

URN = "urn:ietf:params:oauth:request_uri:"
"""What a ``request_uri`` of ours begins with (RFC 9126 section 2.2)."""

_ENDPOINT = ClientEndpoint("par", PARAMETERS | params.CREDENTIALS, {}, status=201, binds=True)


class PushedRequests:
    """The endpoint to which clients push requests; ``requests`` proves them."""

    def __init__(self, validator: Validator, requests: AuthorizationRequests) -> None:
        self._validator = validator
        self._requests = requests

    def push(self, call: Call, ration: Callable[[], None]) -> Answer:
        """Store a request and return its ``request_uri`` (RFC 9126 section 2).

        ``ration`` is called before the request of a client that proves nothing is stored, and
        raises an exception if there were too many. Raises StorageError.
        """
        return answered(_ENDPOINT, self._validator, call, partial(self._store, ration))

    def _store(self, ration: Callable[[], None], request: EngineRequest) -> Document:
        context = current()
        client = authenticate(context, request)
        if client is None:
            raise InvalidClientError(request=request)
        proven = self._requests.pushed(context, _pushed(client, tuple(request.decoded_body or ())))
        if not methods.is_confidential(client):
            ration()
        bearer = Bearer.mint(credentials.PUSHED_REQUEST, credentials.mint_id())
        settings = context.settings
        usable_until = context.now + settings.par_lifetime
        # A posted interaction lasts anew from when its browser fetches it.
        answered_until = usable_until + settings.interaction_lifetime + FETCHED_WITHIN
        record = PushedRequest(
            key=bearer.key,
            client_id=client.client_id,
            params=_with_key(context, proven.pairs),
            created_at=context.now,
            usable_until=usable_until,
            expires_at=answered_until,
        )
        context.commit(Add(record))
        return {"request_uri": URN + bearer.raw, "expires_in": settings.par_lifetime}


def _pushed(client: Client, pairs: Pairs) -> Parsed:
    """Return the authorization request in a form; of one with a request object, that object alone.

    What stands beside an object counts for nothing, with ``openid`` too (RFC 9126 section 3).
    Raises InvalidRequestError for a ``request_uri``.
    """
    given = Parsed(pairs)
    if given.get("request_uri") is not None:
        raise InvalidRequestError(N_("A request_uri can't be pushed."))
    known = PARAMETERS if given.get("request") is None else {"request"}
    kept = [pair for pair in pairs if pair[0] in known and pair[0] != "client_id"]
    return Parsed((("client_id", client.client_id), *kept))


def _with_key(context: Context, pairs: Pairs) -> Pairs:
    """Return the parameters of a request; a proof of a key among its headers binds its code.

    A proof is as good as the parameter ``dpop_jkt`` (RFC 9449 section 10.1).
    """
    jkt = possession.held_key(context)
    if jkt is None or any(name == "dpop_jkt" for name, _ in pairs):
        return pairs
    return (*pairs, ("dpop_jkt", jkt))


def is_pushed(context: Context, parsed: Parsed) -> bool:
    """Tell whether a request refers to a pushed one; all its other parameters are ignored then."""
    given = parsed.get("request_uri") or ""
    return given.startswith(URN) and context.settings.par != "off"


def proven(context: Context, requests: AuthorizationRequests, parsed: Parsed) -> WaitingRequest:
    """Return a request proven, whether it is complete or refers to a pushed one.

    Raises ResponseReady.
    """
    if not is_pushed(context, parsed):
        return requests.new(context, parsed)
    found = find(context, parsed)
    found.check_usable(context)
    return requests.stored(context, found.pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """A pushed request that nobody has answered yet, by the credential in its ``request_uri``."""

    credential: str = field(repr=False)
    record: PushedRequest
    client: Client | None

    @property
    def pairs(self) -> Pairs:
        """The parameters, and where they come from."""
        return (*self.record.params, (PUSHED, self.record.key))

    def interaction_id(self, browser: Digest) -> str:
        """Return the id of the interaction that this browser has for the request, if any.

        Only who has the ``request_uri`` and the browser's digest can make it.
        """
        return base64url(key_from(self.credential, f"interaction {browser}"))

    def check_usable(self, context: Context) -> None:
        """Raise ResponseReady if a browser that comes only now is too late."""
        until = self.record.usable_until
        if until < context.now:
            compared = refusals.expired(until, context.now)
            raise _refused(context, Reason.PUSHED_REQUEST_EXPIRED, compared, self.client)


def find(context: Context, parsed: Parsed) -> Found:
    """Return the pushed request that a browser brings, by ``client_id`` and ``request_uri`` alone.

    Raises ResponseReady with a page: no redirect URI is proven (RFC 9126 section 4).
    """
    repeated = {"client_id", "request_uri"}.intersection(parsed.repeated)
    if repeated:
        error = InvalidRequestError(N_("Duplicate ${name} parameter.", name=repeated.pop()))
        raise ResponseReady(refusal(error))
    client_id, uri = parsed.get("client_id"), parsed.get("request_uri") or ""
    if client_id is None:
        raise ResponseReady(refusal(MissingClientIdError()))
    bearer = context.bearer(uri.removeprefix(URN))
    if bearer is None or bearer.kind != credentials.PUSHED_REQUEST:
        raise _refused(context, Reason.PUSHED_REQUEST_UNKNOWN, client_id=client_id)
    context.expect(PushedRequest, bearer.key)
    client = context.find_client(client_id)
    stored = context.load(PushedRequest, bearer.key)
    if stored is None:
        raise _refused(context, Reason.PUSHED_REQUEST_UNKNOWN, client_id=client_id)
    record = stored.record
    if record.client_id != client_id:
        compared = f"sent for {refusals.quoted(client_id)}, pushed by {record.client_id!r}"
        reason = Reason.PUSHED_REQUEST_OF_ANOTHER_CLIENT
        raise _refused(context, reason, compared, client_id=client_id)
    state = stored.state(context.now)
    if state == "expired":
        compared = refusals.expired(record.expires_at, context.now)
        raise _refused(context, Reason.PUSHED_REQUEST_EXPIRED, compared, client)
    if state != "live":
        raise _refused(context, Reason.PUSHED_REQUEST_USED, None, client, client_id)
    return Found(bearer.raw, record, client)


def lost(context: Context, client: Client, conflict: Conflict) -> ResponseReady:
    """Return the page for who answers a request that somebody else has answered just before.

    A pushed request is answered once, in whichever browser is the first.
    """
    if isinstance(conflict.change, Claim) and conflict.change.kind is PushedRequest:
        return _refused(context, Reason.PUSHED_REQUEST_USED, None, client)
    return ResponseReady(interactions.over(client))


def _refused(
    context: Context,
    reason: Reason,
    compared: str | None = None,
    client: Client | None = None,
    client_id: str | None = None,
) -> ResponseReady:
    named = client.client_id if client else client_id
    context.note(reason, client_id=named, compared=compared)
    error = InvalidRequestURI(
        N_("The request has expired or was answered before. Begin again at the app.")
    )
    return ResponseReady(refusal(error, client=client))
