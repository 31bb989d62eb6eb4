"""Consent: what an account has allowed a client, and when the user must be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from oauthprov.accounts import SignedIn
from oauthprov.events import ConsentDenied
from oauthprov.protocol.clients import redirects
from oauthprov.protocol.request import scopes
from oauthprov.protocol.request.answers import Asked, ConnectedApp
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client, Consent, Grant, R, consent_key
from oauthprov.settings import WEIGHTS, Scope, Settings
from oauthprov.storage.interface import Add, Change, Page, Replace, Stored

GRANTS_LIMIT = 2000
"""Grants that an account's list of apps reads, at most: any number of grants leaves it usable."""

Asking = tuple[tuple[str, ...], tuple[str, ...]]
"""Scopes and the resources that they are for; an empty list of resources means every one."""


def expect(context: Context, account_id: str, client: Client) -> None:
    """Let the next read of the request, such as of its session, fetch the consent too."""
    context.expect(Consent, consent_key(account_id, client.client_id))


def load(context: Context, account_id: str, client: Client) -> Stored[Consent] | None:
    """Return the consent of the account for the client, withdrawn or not; read at most once."""
    return context.load(Consent, consent_key(account_id, client.client_id))


def reload(context: Context, account_id: str, client: Client) -> Stored[Consent] | None:
    """Return the consent as it is in storage now."""
    return context.storage.get(Consent, consent_key(account_id, client.client_id))


def epoch(stored: Stored[Consent] | None) -> int:
    """Return the epoch of a consent, which codes and grants under it carry."""
    return stored.record.epoch if stored else 0


def standing(stored: Stored[Consent] | None) -> Consent | None:
    """Return the consent, None if there is none or it was withdrawn."""
    return None if stored is None or stored.record.withdrawn_at is not None else stored.record


def needed(
    client: Client,
    redirect_uri: str,
    asked: Asking,
    consent: Consent | None,
) -> bool:
    """Tell whether the user must be asked to allow ``asked``, which are scopes and resources.

    Never for ``first_party`` clients. Always for a native app on the user's own device, since any
    other app there may impersonate it (RFC 8252 section 8.6). A browser app on loopback is one in
    development, unless it chose this type when it registered itself. Otherwise when the consent
    doesn't cover all of ``asked``.
    """
    if client.first_party:
        return False
    native = client.client_type == "native" or client.registration_token is not None
    if native and client.auth_method == "none" and redirects.leaves_browser(redirect_uri):
        return True
    if consent is None:
        return True
    return not _covers((consent.scopes, consent.resources), asked)


def remembered(
    now: int,
    account_id: str,
    client: Client,
    asked: Asking,
    stored: Stored[Consent] | None,
) -> Change:
    """Return the change that adds ``asked`` to what the account has allowed the client."""
    wanted_scopes, wanted_resources = asked
    if stored is None:
        return Add(
            Consent(
                key=consent_key(account_id, client.client_id),
                account_id=account_id,
                client_id=client.client_id,
                scopes=wanted_scopes,
                resources=wanted_resources,
                created_at=now,
                updated_at=now,
            )
        )
    before = standing(stored)
    if before is None:
        anew = replace(stored.record, created_at=now, withdrawn_at=None)
        allowed, where = asked
    else:
        anew = before
        allowed, where = _together((before.scopes, before.resources), asked)
    more = replace(anew, scopes=allowed, resources=where, updated_at=now)
    return Replace(more, expecting=stored)


def denied(person: SignedIn | None, client: Client) -> ConsentDenied:
    """Return the event that somebody has denied a request of the client."""
    account_id = None if person is None else person.account_id
    return ConsentDenied(account_id=account_id, client_id=client.client_id)


def _covers(allowed: Asking, asked: Asking) -> bool:
    """Tell whether ``allowed`` contains all of ``asked``; no resources means every one."""
    everywhere = not allowed[1]
    return set(allowed[0]).issuperset(asked[0]) and (
        everywhere or (bool(asked[1]) and set(allowed[1]).issuperset(asked[1]))
    )


def _together(allowed: Asking, asked: Asking) -> Asking:
    """Return the extent of a consent for ``allowed`` after ``asked`` was allowed too.

    It never exceeds the two: if both their scopes and their resources differ, the union would
    allow the scopes of one at the resources of the other, which the user never saw. Then ``asked``
    replaces ``allowed``.
    """
    if _covers(allowed, asked):
        return allowed
    if set(allowed[1]) == set(asked[1]):
        return scopes.union(allowed[0], asked[0]), allowed[1]
    if set(allowed[0]) == set(asked[0]) and asked[1]:
        return allowed[0], scopes.union(allowed[1], asked[1])
    return asked


def known(consent: Consent | None, asked: Asking) -> Asking:
    """Return the part of ``asked`` that the consent covers: scopes at all of its resources."""
    if consent is None:
        return (), ()
    allowed = consent.scopes, consent.resources
    held = tuple(scope for scope in asked[0] if _covers(allowed, ((scope,), asked[1])))
    return held, consent.resources or asked[1]


def scopes_in_words(
    settings: Settings, names: Iterable[str], before: Iterable[str]
) -> tuple[Asked, ...]:
    """Return each scope with its sentence, what it may change or delete last.

    Those not in ``before`` are new.
    """
    declared = {scope.name: scope for scope in settings.scopes}
    known = set(before)
    found = (declared.get(name, Scope(name, name)) for name in names)
    asked = (Asked(s.name, s.sentence, s.name not in known, s.weight) for s in found)
    return tuple(sorted(asked, key=lambda scope: WEIGHTS.index(scope.weight)))


def resources_in_words(
    settings: Settings, uris: Iterable[str], before: Iterable[str]
) -> tuple[Asked, ...]:
    """Return each resource with its sentence; those not in ``before`` are new."""
    sentences = {resource.uri: resource.sentence for resource in settings.resources}
    known = set(before)
    return tuple(Asked(uri, sentences.get(uri, uri), uri not in known) for uri in uris)


def connected(context: Context, account_id: str) -> list[ConnectedApp]:
    """Return the clients with access to the account, the last used first.

    These are all clients with a consent, and those without one among the first GRANTS_LIMIT
    grants.
    """
    every = map(standing, _every(context, Consent, account_id))
    consents = {consent.client_id: consent for consent in every if consent is not None}
    grants: dict[str, list[Grant]] = {}
    for grant in _live_grants(context, account_id):
        grants.setdefault(grant.client_id, []).append(grant)
    apps = [
        _connected(context, client_id, consents.get(client_id), tuple(grants.get(client_id, ())))
        for client_id in consents.keys() | grants.keys()
    ]
    return sorted(apps, key=lambda app: (-app.last_used_at, app.client_id))


def _connected(
    context: Context, client_id: str, consent: Consent | None, grants: tuple[Grant, ...]
) -> ConnectedApp:
    allowed = consent.scopes if consent else ()
    names = scopes.union(allowed, (scope for grant in grants for scope in grant.scopes))
    created = [grant.created_at for grant in grants] + ([consent.created_at] if consent else [])
    used = [grant.last_used_at for grant in grants] + ([consent.updated_at] if consent else [])
    return ConnectedApp(
        client_id=client_id,
        client=context.find_client(client_id),
        consent=consent,
        scopes=scopes_in_words(context.settings, names, names),
        created_at=min(created),
        last_used_at=max(used),
        grants=grants,
    )


def _live_grants(context: Context, account_id: str) -> Iterator[Grant]:
    for stored in islice(_every(context, Grant, account_id), GRANTS_LIMIT):
        if stored.state(context.now) == "live":
            yield stored.record


def _every(context: Context, kind: type[R], account_id: str) -> Iterator[Stored[R]]:
    page: Page[R] = context.storage.find(kind, account_id=account_id)
    yield from page.items
    while page.next is not None:
        page = context.storage.find(kind, after=page.next, account_id=account_id)
        yield from page.items
