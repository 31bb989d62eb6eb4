"""Consent: what an account has allowed a client, and when the user must be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from oauthprov.accounts import SignedIn
from oauthprov.events import ConsentDenied
from oauthprov.protocol.clients import redirects
from oauthprov.protocol.clients.methods import is_public
from oauthprov.protocol.request import scopes
from oauthprov.protocol.request.answers import Asked, ConnectedApp, ConnectedApps
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.waiting import Asking, WaitingRequest
from oauthprov.records import Client, Consent, Grant, consent_key, is_client_url
from oauthprov.settings import WEIGHTS, Scope, Settings
from oauthprov.storage.interface import Add, Change, Replace, Stored

APPS_PAGE = 50
"""Consents that a page of an account's apps shows, at most."""
GRANTS_LIMIT = 1000
"""Grants that a page of apps reads, at most: any number of grants leaves it usable."""
_GRANTS_READ = 500
"""Grants that one read brings."""
_PAGES_READ = 20
"""Pages of withdrawn consents that are read for one page of apps, at most."""


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
    doesn't cover all of ``asked``, or isn't newer than a change of the client's document.
    """
    if client.first_party:
        return False
    by_itself = client.registration_token is not None or is_client_url(client.client_id)
    native = client.client_type == "native" or by_itself
    if native and is_public(client) and redirects.leaves_browser(redirect_uri):
        return True
    if consent is None or consent.updated_at <= (client.changed_at or 0):
        return True
    return not _covers((consent.scopes, consent.resources), asked)


def remembered(
    now: int, account_id: str, request: WaitingRequest, stored: Stored[Consent] | None
) -> tuple[Change, ...]:
    """Return the change that adds what is asked to what the account has allowed the client.

    None if the request isn't remembered.
    """
    if not request.is_remembered:
        return ()
    client_id, (wanted_scopes, wanted_resources) = request.client.client_id, request.asked
    if stored is None:
        first = Consent(
            key=consent_key(account_id, client_id),
            account_id=account_id,
            client_id=client_id,
            scopes=wanted_scopes,
            resources=wanted_resources,
            created_at=now,
            updated_at=now,
        )
        return (Add(first),)
    before = standing(stored)
    if before is None:
        anew = replace(stored.record, created_at=now, withdrawn_at=None)
        allowed, where = request.asked
    else:
        anew = before
        allowed, where = _together((before.scopes, before.resources), request.asked)
    more = replace(anew, scopes=allowed, resources=where, updated_at=now)
    return (Replace(more, expecting=stored),)


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


def connected(
    context: Context, account_id: str, after: str | None = None, *, grants: int | None = None
) -> ConnectedApps:
    """Return a page of the clients with access to the account, the last used first.

    These are the clients with a consent, in pages, and on the first page those without one among
    the first ``grants`` grants, by default GRANTS_LIMIT. If the account has more, nothing is known
    of the last use. Raises ValueError for an invalid ``after``.
    """
    consents, following = _consents(context, account_id, after)
    limit = GRANTS_LIMIT if grants is None else grants
    found, complete = _live_grants(context, account_id, limit)
    client_ids = set(consents)
    if after is None:
        others = sorted(found.keys() - consents.keys())
        client_ids.update(others if following is None else _unasked(context, account_id, others))
    clients = context.clients.get_many(client_ids)
    apps = [
        _connected(
            context.settings,
            client_id,
            clients.get(client_id),
            consents.get(client_id),
            tuple(found.get(client_id, ())),
        )
        for client_id in client_ids
    ]
    if not complete:
        apps = [replace(app, last_used_at=None) for app in apps]
    apps.sort(key=lambda app: (-(app.last_used_at or 0), app.client_id))
    return ConnectedApps(tuple(apps), following)


def has_access(context: Context, account_id: str, client_id: str) -> bool:
    """Tell whether :func:`connected` has the client on one of its pages."""
    if standing(context.load(Consent, consent_key(account_id, client_id))) is not None:
        return True
    return client_id in _live_grants(context, account_id, GRANTS_LIMIT)[0]


def _consents(
    context: Context, account_id: str, after: str | None
) -> tuple[dict[str, Consent], str | None]:
    """Return the standing consents of a page by client, and the cursor of the next page.

    A page may have fewer than others: withdrawn consents are read, too.
    """
    for _ in range(_PAGES_READ):
        page = context.storage.find(Consent, after=after, limit=APPS_PAGE, account_id=account_id)
        found = [consent for consent in map(standing, page.items) if consent is not None]
        after = page.next
        if found or after is None:
            break
    return {consent.client_id: consent for consent in found}, after


def _unasked(context: Context, account_id: str, client_ids: Iterable[str]) -> Iterator[str]:
    """Yield the clients without a standing consent; one read for all."""
    wanted = [(Consent, consent_key(account_id, client_id)) for client_id in client_ids]
    for client_id, stored in zip(client_ids, context.load_many(wanted), strict=True):
        if standing(stored) is None:
            yield client_id


def _connected(
    settings: Settings,
    client_id: str,
    client: Client | None,
    consent: Consent | None,
    grants: tuple[Grant, ...],
) -> ConnectedApp:
    allowed = consent.scopes if consent else ()
    names = scopes.union(allowed, (scope for grant in grants for scope in grant.scopes))
    created = [grant.created_at for grant in grants] + ([consent.created_at] if consent else [])
    used = [grant.last_used_at for grant in grants] + ([consent.updated_at] if consent else [])
    return ConnectedApp(
        client_id=client_id,
        client=client,
        consent=consent,
        scopes=scopes_in_words(settings, names, names),
        created_at=min(created),
        last_used_at=max(used),
        grants=grants,
    )


def _live_grants(
    context: Context, account_id: str, limit: int
) -> tuple[dict[str, list[Grant]], bool]:
    """Return the first ``limit`` live grants by client, and whether these are all."""
    found: dict[str, list[Grant]] = {}
    read, after = 0, None
    while read < limit:
        most = min(_GRANTS_READ, limit - read)
        page = context.storage.find(Grant, after=after, limit=most, account_id=account_id)
        for stored in page.items:
            if stored.state(context.now) == "live":
                found.setdefault(stored.record.client_id, []).append(stored.record)
        read, after = read + len(page.items), page.next
        if after is None:
            return found, True
    return found, False
