"""Interactions: requests that wait for the user, bound to one browser.

Pages carry the id and never the parameters; storage holds the id's digest.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext, suppress
from dataclasses import replace

from oauthprov import credentials
from oauthprov.messages import N_
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import Refusal, Visitor
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client, Digest, Interaction, PushedRequest
from oauthprov.storage.interface import Add, Claim, Conflict, Replace, Stored

UNKNOWN_INTERACTION = Refusal(
    "invalid_request",
    N_("This request has expired, was answered, or began in another browser."),
)
FETCHED_WITHIN = 120
"""Seconds in which a browser comes back for a posted request, to which it is redirected."""


def store(
    context: Context,
    purpose: str,
    client_id: str,
    pairs: params.Pairs,
    visitor: Visitor | None = None,
    interaction_id: str | None = None,
) -> str:
    """Store a request and return its id. Without ``visitor`` the first browser that comes gets it.

    A sign-in before this moment doesn't count for the request. A given ``interaction_id`` is one
    that only this browser can have; it may have come with the same request at this moment.
    """
    given = interaction_id is not None
    interaction_id = interaction_id or credentials.mint()[0]
    lifetime = context.settings.interaction_lifetime
    person = visitor.person if visitor else None
    if visitor is None:
        lifetime = min(lifetime, FETCHED_WITHIN)
    record = Interaction(
        key=credentials.digest(interaction_id),
        purpose=purpose,
        client_id=client_id,
        browser=visitor.browser if visitor else None,
        params=pairs,
        created_at=context.now,
        expires_at=context.now + lifetime,
        session_key=person.session_key if person else None,
        auth_time=person.auth_time if person else None,
    )
    with suppress(Conflict) if given else nullcontext():
        context.commit(Add(record))
    return interaction_id


def expect(context: Context, interaction_id: str) -> None:
    """Let the next read of the request, such as of its session, fetch the interaction too."""
    context.expect(Interaction, credentials.digest(interaction_id))


def load(
    context: Context, interaction_id: str, browser: Digest, purposes: Collection[str]
) -> Stored[Interaction] | None:
    """Return the live pending request with this id, None unless it is this browser's.

    None also if it is for none of the ``purposes``.
    """
    stored = _live(context, interaction_id, purposes)
    return stored if stored is not None and stored.record.browser == browser else None


def adopt(
    context: Context,
    interaction_id: str,
    visitor: Visitor,
    purposes: Collection[str],
) -> Stored[Interaction] | None:
    """Return the pending request like :func:`load`, but first bind it if it has no browser."""
    stored = _live(context, interaction_id, purposes)
    if stored is None or stored.record.browser is not None:
        return load(context, interaction_id, visitor.browser, purposes)
    person = visitor.person
    bound = replace(
        stored.record,
        browser=visitor.browser,
        expires_at=context.now + context.settings.interaction_lifetime,
        session_key=person.session_key if person else None,
        auth_time=person.auth_time if person else None,
    )
    try:
        context.commit(Replace(bound, expecting=stored))
    except Conflict:
        return None
    return replace(stored, record=bound, version=stored.version + 1)


def refusal(context: Context, interaction_id: str, browser: Digest) -> Refusal:
    """Return the error for a request that :func:`load` doesn't find.

    The browser that the request began in learns which client it came from.
    """
    stored = context.load(Interaction, credentials.digest(interaction_id))
    if stored is None or stored.record.browser != browser:
        return UNKNOWN_INTERACTION
    return over(context.find_client(stored.record.client_id))


def over(client: Client | None) -> Refusal:
    """Return the error for a request of this client that was answered or has expired."""
    return replace(UNKNOWN_INTERACTION, client=client)


def choose(context: Context, stored: Stored[Interaction], mark: Digest) -> None:
    """Store in a request which user was chosen for it, by ``mark``. Raises Conflict."""
    context.commit(Replace(replace(stored.record, chosen=mark), expecting=stored))


def close(context: Context, stored: Stored[Interaction]) -> None:
    """End a request, if it still waits."""
    record = stored.record
    with suppress(Conflict):
        context.commit(Claim(Interaction, record.key), *used_up(record.params))


def used_up(pairs: params.Pairs) -> tuple[Claim, ...]:
    """Return what uses up the pushed request that a request came from, nothing without one."""
    key = params.Parsed(pairs).get(params.PUSHED)
    return () if key is None else (Claim(PushedRequest, key),)


def rechoose(context: Context, stored: Stored[Interaction], before: Digest, after: Digest) -> None:
    """Replace the mark of the chosen user, if it is ``before``: their session was renewed."""
    if stored.record.chosen == before:
        with suppress(Conflict):  # the request was answered meanwhile
            choose(context, stored, after)


def _live(
    context: Context, interaction_id: str, purposes: Collection[str]
) -> Stored[Interaction] | None:
    stored = context.load(Interaction, credentials.digest(interaction_id))
    if stored is None or stored.state(context.now) != "live":
        return None
    return stored if stored.record.purpose in purposes else None
