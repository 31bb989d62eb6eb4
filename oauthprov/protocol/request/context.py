"""The state of one protocol request: its time, the records it loaded, its decisions so far.

It travels in a ContextVar and never on oauthlib's request: there a client could forge it, since
every parameter that a client sends is readable as an attribute of that request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from oauthprov import logs
from oauthprov.accounts import AccountSource
from oauthprov.credentials import Bearer
from oauthprov.errors import JoseError, SigningKeySealed
from oauthprov.events import Event, Reason, RequestNoted, on_commit
from oauthprov.protected_resource.client_certificates import Presented as PresentedCertificate
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.documents.fetching import Ration, unrationed
from oauthprov.protocol.clients.keys import ClientKeys
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.json_object import expect_json
from oauthprov.protocol.keys.jwk import ALGORITHMS, PrivateKey
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.request import refusals
from oauthprov.protocol.request.operations import Operation
from oauthprov.protocol.request.proofs import Possession, Proof
from oauthprov.protocol.request.refusals import Endpoint, SentError
from oauthprov.records import Client, Record
from oauthprov.settings import Settings
from oauthprov.storage.interface import Change, Conflict, Storage, Stored

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_OUT_OF_ORDER = "the validator's hooks were called in the wrong order"


@dataclass(frozen=True, slots=True)
class OpenID:
    """What OpenID Connect needs besides the keys: the source of the claims."""

    accounts: AccountSource[Any]


@dataclass(frozen=True, slots=True)
class Presented:
    """The client that a request claims to come from, and its proof: a secret or an assertion."""

    method: str
    client_id: str
    proof: str = field(default="", repr=False)


@dataclass(slots=True)
class Context:
    """The state of one request: the services it may use, its client and its operation.

    ``with context:`` makes it the current one. At the end its proofs are used up, and what was
    noted is published. Raises the error of a proof that was used before, if no commit has shown
    it, unless the request has failed anyway.

    ``endpoint`` names the endpoint in the log. ``audiences`` are the URLs that a client assertion
    may name besides the issuer. ``host_request`` is for the account source. ``keeps_accounts`` is
    whether every account is a record in storage. ``keys`` sign tokens. ``certificate`` is what the
    proxy hands on. ``presented`` are the credentials, once they are read. ``client`` is the
    authenticated client, or at the authorization endpoint the identified one. ``proofs`` are those
    that no commit has used up yet. ``possession`` is the key that the sender has proven to hold.
    ``operation`` is set once it is known. ``noted`` are the events that :meth:`note` collects,
    ``sent_error`` ends the request. ``ration`` is asked before a client's document is fetched.
    """

    settings: Settings
    storage: Storage
    clients: Clients
    client_keys: ClientKeys
    now: int
    endpoint: Endpoint | None = None
    openid: OpenID | None = None
    keeps_accounts: bool = False
    keys: SigningKeys | None = None
    audiences: Collection[str] = ()
    host_request: object = None
    certificate: PresentedCertificate = None
    presented: Presented | None = None
    client: Client | None = None
    proofs: tuple[Proof, ...] = ()
    possession: Possession | None = None
    operation: Operation | None = None
    noted: list[RequestNoted] = field(default_factory=list)
    sent_error: SentError | None = None
    ration: Ration = unrationed
    _bearers: dict[str, Bearer | None] = field(default_factory=dict, repr=False)
    _verified: dict[tuple[str, str], Mapping[str, Any] | None] = field(
        default_factory=dict, repr=False
    )
    _clients: dict[str, Client | None] = field(default_factory=dict, repr=False)
    _loaded: dict[tuple[type[Record], str], Any] = field(default_factory=dict, repr=False)
    _expected: list[tuple[type[Record], str]] = field(default_factory=list, repr=False)
    _outer: Token[Context | None] | None = None

    def __enter__(self) -> Self:
        logs.keep_oauthlib_quiet()
        self._outer = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.settle()
            elif isinstance(error, OAuth2Error):
                with suppress(OAuth2Error):
                    self.settle()
        finally:
            if self._outer is not None:
                _current.reset(self._outer)
            self.report()

    @property
    def known_client(self) -> Client:
        """The client that an earlier hook has found. Raises RuntimeError when none has."""
        if self.client is None:
            raise RuntimeError(_OUT_OF_ORDER)
        return self.client

    @property
    def confirmation(self) -> str | None:
        """What the sender has proven, as codes and tokens name it; None for nothing."""
        return None if self.possession is None else self.possession.confirmation

    def doing(self, kind: type[T]) -> T:
        """Return the operation that an earlier hook has set. Raises RuntimeError for another."""
        if not isinstance(self.operation, kind):
            raise RuntimeError(_OUT_OF_ORDER)
        return self.operation

    @property
    def signing_keys(self) -> SigningKeys:
        """The keys that sign tokens. Raises RuntimeError where there are none."""
        if self.keys is None:
            raise RuntimeError("the validator was made without signing keys")
        return self.keys

    @property
    def known_openid(self) -> OpenID:
        """The account source of OpenID Connect. Raises RuntimeError where it is off."""
        if self.openid is None:
            raise RuntimeError("OpenID Connect is off")
        return self.openid

    def claims_of(self, account_id: str) -> Mapping[str, object]:
        """Return the account source's claims about an account. May read storage.

        Raises TypeError or ValueError for claims that aren't JSON: a mistake of the host.
        """
        known: Mapping[str, object] = self.known_openid.accounts.claims(
            account_id, self.host_request
        )
        for name, value in known.items():
            try:
                expect_json(value)
            except UnicodeEncodeError:
                raise ValueError(f"the claim {name!r} has half of a surrogate pair") from None
            except (TypeError, ValueError) as wrong:
                raise type(wrong)(f"the claim {name!r} has {wrong}") from None
        return known

    def expect(self, kind: type[Record], key: str) -> None:
        """Let the next read fetch this record too, in the same trip: it will be needed."""
        if (kind, key) not in self._loaded:
            self._expected.append((kind, key))

    def note(
        self,
        reason: Reason,
        *,
        client_id: str | None = None,
        grant_id: str | None = None,
        compared: str | None = None,
    ) -> None:
        """Note why the request is refused, or another event to log when it ends.

        Client and grant default to those of the request. ``client_id`` may be an unauthenticated
        client's own value; any other value that a client sent passes :func:`refusals.quoted`.
        """
        named = self.client.client_id if self.client and client_id is None else client_id
        client_id = None if named is None else refusals.cut(named)
        grant_id = self._grant_id if grant_id is None else grant_id
        self.noted.append(
            RequestNoted(
                endpoint=self.endpoint,
                reason=reason,
                account_id=self.account_id,
                client_id=client_id,
                grant_id=grant_id,
                compared=compared,
            )
        )

    @property
    def _grant_id(self) -> str | None:
        return self.operation.grant_id if self.operation else None

    @property
    def account_id(self) -> str | None:
        """The account behind what the client presented, None without one."""
        return self.operation.account_id if self.operation else None

    def refuse(
        self, reason: Reason, sent: str, client_id: str | None = None, because: str = ""
    ) -> bool:
        """Note why ``sent`` is refused, and return False for the validator's hooks to return."""
        compared = ": ".join(filter(None, [f"sent {refusals.quoted(sent)}", because]))
        self.note(reason, client_id=client_id, compared=compared)
        return False

    def sign(self, claims: Mapping[str, Any], *, typ: str | None, alg: str) -> str:
        """Return the claims as a signed JWT. Raises StorageError, SigningKeySealed (noted)."""
        return jose.sign(claims, self.signer(alg), typ=typ)

    def signer(self, alg: str) -> PrivateKey:
        """Return the key for ``alg``. Raises StorageError, SigningKeySealed (noted)."""
        try:
            return self.signing_keys.signer(alg)
        except SigningKeySealed as sealed:
            self.note(Reason.SIGNING_KEY_SEALED, compared=f"{sealed.problem}: {sealed.remedy}")
            raise

    def answered(self, answer: T) -> T:
        """Return ``answer``, which ends the request, and keep its error for the log."""
        self.sent_error = refusals.error_of(answer)
        return answer

    def report(self) -> None:
        """Publish what was noted and the error that was sent."""
        if self.noted or self.sent_error:
            client_id = self.client.client_id if self.client else None
            request = RequestNoted(endpoint=self.endpoint, client_id=client_id)
            refusals.report(self.noted, request, self.sent_error)

    def bearer(self, raw: str) -> Bearer | None:
        """Parse a presented token or code, at most once; None if it can't be one of ours."""
        if raw not in self._bearers:
            self._bearers[raw] = Bearer.parse(raw)
        return self._bearers[raw]

    def verified(self, raw: str, typ: str) -> Mapping[str, Any] | None:
        """Return the claims of a JWT of ours of the type ``typ``, None for anything else.

        Its times aren't checked. It is verified at most once in this request. Raises StorageError.
        """
        if (raw, typ) not in self._verified:
            self._verified[raw, typ] = self._verify(raw, typ)
        return self._verified[raw, typ]

    def _verify(self, raw: str, typ: str) -> Mapping[str, Any] | None:
        if raw.count(".") != 2:  # what can't be a JWT costs no trip for the keys
            return None
        try:
            made = self.signing_keys.verify(raw, algorithms=ALGORITHMS, types=(typ,), now=None)
        except JoseError:
            return None
        return made.claims if made.claims.get("iss") == self.settings.issuer else None

    def load(self, kind: type[R], key: str) -> Stored[R] | None:
        """Return a record from storage, read at most once in this request."""
        if (kind, key) not in self._loaded:
            self._read([(kind, key)])
        found: Stored[R] | None = self._loaded[kind, key]
        return found

    def load_many(self, wanted: Sequence[tuple[type[Record], str]]) -> list[Stored[Any] | None]:
        """Return records as :meth:`load` does; one trip for all."""
        missing = [one for one in wanted if one not in self._loaded]
        if missing:
            self._read(missing)
        return [self._loaded[one] for one in wanted]

    def _read(self, missing: list[tuple[type[Record], str]]) -> None:
        wanted = list(dict.fromkeys([*missing, *self._expected]))
        self._expected.clear()
        self._loaded.update(zip(wanted, self.storage.get_many(wanted), strict=True))

    def find_client(self, client_id: str) -> Client | None:
        """Return an enabled client, looked up at most once in this request."""
        if client_id not in self._clients:
            self._clients[client_id] = self.clients.get(client_id, self.load_many)
        return self._clients[client_id]

    def commit(
        self, *changes: Change, before_proofs: bool = False, event: Event | None = None
    ) -> None:
        """Commit at this request's time; the same commit uses the request's proofs up.

        ``event`` is published when it succeeds. The proofs go first, or last with
        ``before_proofs``. Raises Conflict, StorageError, and the error of a proof that was used
        before.
        """
        proofs, self.proofs = self.proofs, ()
        used = [proof.change for proof in proofs] if proofs else ()
        try:
            given = (*changes, *used) if before_proofs else (*used, *changes)
            if event is not None:
                on_commit(event)
            self.storage.commit(*given, now=self.now)
        except Conflict as lost:
            for proof in proofs:
                if proof.change == lost.change:
                    self.note(proof.reason)
                    raise proof.error() from None
            self.proofs = proofs
            raise

    def settle(self) -> None:
        """Use the proofs up if no other commit did; raises as :meth:`commit`."""
        if self.proofs:
            self.commit()


_current: ContextVar[Context | None] = ContextVar("oauthprov", default=None)


def current() -> Context:
    """Return the context of this request. Raises RuntimeError outside one."""
    context = _current.get()
    if context is None:
        raise RuntimeError("the validator works only inside 'with validator.request():'")
    return context


def get_many(
    storage: Storage, wanted: Sequence[tuple[type[Record], str]]
) -> Sequence[Stored[Any] | None]:
    """Read records in one trip, and within a request also those that it expects."""
    context = _current.get()
    return storage.get_many(wanted) if context is None else context.load_many(wanted)
