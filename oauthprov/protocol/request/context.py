"""What one protocol request knows: its time, what it loaded, and what it decided so far.

It travels in a ContextVar and never on oauthlib's request, where a client could forge it: every
parameter that a client sends is readable there as an attribute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, OAuth2Error

from oauthprov.accounts import AccountSource
from oauthprov.errors import SigningKeySealed
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.request import events
from oauthprov.protocol.request.answers import Others, ResponseMode, nobody_else
from oauthprov.protocol.request.authentication_request import AuthenticationRequest
from oauthprov.protocol.request.events import Endpoint, Event, Reason, SentError
from oauthprov.protocol.request.params import Parsed
from oauthprov.records import AuthorizationCode, Client, Record, RefreshToken, slot
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Change, Conflict, Storage, Stored

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OpenID:
    """What OpenID Connect needs: the keys that sign ID tokens, and the source of the claims."""

    keys: SigningKeys
    accounts: AccountSource[Any]


@dataclass(slots=True)
class Context:
    """One request. Hooks of the validator fill it; the one commit at the end reads it.

    ``audiences`` are what a client may call this server when it proves itself, beside the issuer.
    ``client`` is the one that has proven itself, ``proof`` what makes sure that it did so only
    once, until that is committed, ``code`` or ``refresh_token`` what it presented,
    ``resources`` what the token is for. ``response`` is one that was given before and is given
    again. ``parsed`` are the parameters of an authorization request, ``proven`` is the redirect
    URI once it and its client are, ``authentication`` what OpenID Connect adds to the request.
    ``changes`` go into the commit that adds an authorization code, before it;
    ``issued`` is that code, ``consent_epoch`` goes into it. ``others`` gives who else is signed in
    in the browser. ``noted`` are the events that :meth:`note` collects, ``sent_error`` the
    error that ends the request.
    """

    settings: Settings
    storage: Storage
    clients: Clients
    client_keys: ClientKeys
    now: int
    operation: Endpoint | None = None
    openid: OpenID | None = None
    audiences: Collection[str] = ()
    client: Client | None = None
    proof: Add | None = None
    code: Stored[AuthorizationCode] | None = None
    refresh_token: Stored[RefreshToken] | None = None
    resources: tuple[str, ...] = ()
    response: dict[str, object] | None = None
    parsed: Parsed = field(default_factory=lambda: Parsed(()))
    proven: str | None = None
    authentication: AuthenticationRequest | None = None
    response_mode: ResponseMode = "query"
    changes: tuple[Change, ...] = ()
    issued: str | None = None
    consent_epoch: int = 0
    others: Others = nobody_else
    noted: list[Event] = field(default_factory=list)
    sent_error: SentError | None = None
    _clients: dict[str, Client | None] = field(default_factory=dict)
    _loaded: dict[tuple[type[Record], str], Any] = field(default_factory=dict)
    _expected: list[tuple[type[Record], str]] = field(default_factory=list)

    def expect(self, kind: type[Record], key: str) -> None:
        """Read a record by the same trip as the next one: it will be needed."""
        self._expected.append((kind, key))

    def note(
        self,
        reason: Reason,
        *,
        client_id: str | None = None,
        grant_id: str | None = None,
        compared: str | None = None,
    ) -> None:
        """Note why the request is refused, or what else the log says of it when it ends.

        Client and grant are those of the request unless they are given. ``client_id`` may be
        what an unproven client sent; whatever else was sent goes through :func:`events.quoted`.
        """
        named = self.client.client_id if self.client and client_id is None else client_id
        presented = self.code or self.refresh_token
        if grant_id is None and presented is not None:
            grant_id = slot(presented.record.key)
        client_id = None if named is None else events.cut(named)
        self.noted.append(Event(self.operation, None, reason, client_id, grant_id, compared))

    def refuse(self, reason: Reason, sent: str, client_id: str | None = None) -> bool:
        """Note why ``sent`` is refused, and return False, as the validator's hooks do then."""
        self.note(reason, client_id=client_id, compared=f"sent {events.quoted(sent)}")
        return False

    def sign(self, claims: Mapping[str, Any], *, typ: str | None, alg: str) -> str:
        """Return the claims as a signed JWT. Raises StorageError, SigningKeySealed (noted)."""
        try:
            return required(self.openid).keys.sign(claims, typ=typ, alg=alg)
        except SigningKeySealed as sealed:
            self.note(Reason.SIGNING_KEY_SEALED, compared=f"{sealed.problem}: {sealed.remedy}")
            raise

    def answered(self, answer: T) -> T:
        """Return ``answer``, which ends the request; the log has its error then."""
        self.sent_error = events.error_of(answer)
        return answer

    def report(self) -> None:
        """Write into the log what was noted, and the error that was sent."""
        if self.noted or self.sent_error:
            client_id = self.client.client_id if self.client else None
            events.report(self.noted, Event(self.operation, client_id=client_id), self.sent_error)

    def load(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return what storage holds, read at most once in this request."""
        if (kind, key) not in self._loaded:
            asked: list[tuple[type[Record], str]] = [(kind, key), *self._expected]
            wanted = list(dict.fromkeys(asked))
            self._expected.clear()
            self._loaded.update(zip(wanted, self.storage.get_many(wanted), strict=True))
        found: Stored[R] | None = self._loaded[kind, key]
        return found

    def find_client(self, client_id: str) -> Client | None:
        """Return an enabled client, looked up at most once in this request."""
        if client_id not in self._clients:
            self._clients[client_id] = self.clients.get(client_id, self._load_client)
        return self._clients[client_id]

    def _load_client(self, client_id: str) -> Stored[Client] | None:
        return self.load(Client, client_id)

    def commit(self, *changes: Change, before_proof: bool = False) -> None:
        """Commit at this request's time, and use the client's proof up by the same commit.

        The proof goes first, but with ``before_proof``. Raises Conflict, StorageError, and
        InvalidClientError when the proof was used before.
        """
        proof, self.proof = self.proof, None
        proofs = () if proof is None else (proof,)
        try:
            given = (*changes, *proofs) if before_proof else (*proofs, *changes)
            self.storage.commit(*given, now=self.now)
        except Conflict as lost:
            if lost.change in proofs:
                self.note(Reason.CLIENT_ASSERTION_REPLAYED)
                raise InvalidClientError("Client authentication failed.") from None
            self.proof = proof
            raise

    def settle(self) -> None:
        """Use the client's proof up where nothing else is committed; raises as :meth:`commit`."""
        if self.proof is not None:
            self.commit()


_current: ContextVar[Context | None] = ContextVar("oauthprov", default=None)


def current() -> Context:
    """Return the context of this request. Raises RuntimeError outside one."""
    context = _current.get()
    if context is None:
        raise RuntimeError("the validator works only inside 'with validator.request():'")
    return context


@contextmanager
def entered(context: Context) -> Iterator[Context]:
    """Make ``context`` the current one. A request that fails uses its client's proof up, too."""
    token = _current.set(context)
    try:
        yield context
        _settle_failed(context)
    except OAuth2Error:
        _settle_failed(context)
        raise
    finally:
        _current.reset(token)
        context.report()


def _settle_failed(context: Context) -> None:
    with suppress(InvalidClientError):
        context.settle()


def required(value: T | None) -> T:
    """Return what an earlier hook has set. Raises RuntimeError when it hasn't been called."""
    if value is None:
        raise RuntimeError("the validator's hooks were called out of order")
    return value
