"""Sector identifiers: which clients share the same pairwise subjects.

OpenID Connect Core section 8.1, Registration section 5.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from oauthprov import logs
from oauthprov.errors import FetchBusy, FetchError
from oauthprov.fetch import Fetcher
from oauthprov.messages import N_
from oauthprov.protocol.clients.redirects import leaves_browser
from oauthprov.protocol.clients.subjects import PAIRWISE, sector
from oauthprov.records import Client, is_client_url

MEDIA_TYPES = ("application/json",)
LIMIT = 65_536
"""Bytes of a document, at most."""

log = logs.logger(__name__)


def problems(client: Client) -> Iterator[tuple[str, str]]:
    """Yield why a pairwise client has no sector, each as a field and a sentence."""
    if client.subject_type != PAIRWISE or client.sector_identifier_uri is not None:
        return
    if is_client_url(client.client_id):
        return
    if any(map(leaves_browser, client.redirect_uris)):
        # All such apps would share one sector, whoever owns them.
        yield "sector_identifier_uri", N_("Pairwise subjects of an app on a device need it.")
    elif len({urlsplit(uri).hostname for uri in client.redirect_uris}) > 1:
        yield "sector_identifier_uri", N_("With redirect URIs on several hosts it is needed.")


def change_problems(client: Client, before: Client) -> Iterator[tuple[str, str]]:
    """Yield why this edit would change the subjects that the client already stores.

    Its tokens would reveal the users' subjects in another sector, although that sector's redirect
    URIs never received a token: anybody can register those of another site.
    """
    if client.subject_type != PAIRWISE:
        return
    only_new = N_("Only a new client can have it: this one knows people already.")
    if before.subject_type != PAIRWISE:
        yield "subject_type", only_new
    elif sector(client) != sector(before) and client.grant_types != before.grant_types:
        yield "grant_types", only_new
    elif sector(client) != sector(before):
        moved = client.sector_identifier_uri != before.sector_identifier_uri
        field = "sector_identifier_uri" if moved else "redirect_uris"
        yield (
            field,
            N_(
                "The host stays ${host}: for another one, register a new client.",
                host=sector(before),
            ),
        )


def share_documented(client: Client, other: Client) -> bool:
    """Tell whether a document of their common sector lists both clients."""
    documented = client.sector_identifier_uri and other.sector_identifier_uri
    return bool(documented) and sector(client) == sector(other)


def has_changed(client: Client, before: Client | None) -> bool:
    """Tell whether the document must be read again, since it wasn't checked for ``before``."""
    uri, uris = client.sector_identifier_uri, set(client.redirect_uris)
    if uri is None:
        return False
    return (
        before is None
        or before.sector_identifier_uri != uri
        or not uris.issubset(before.redirect_uris)
    )


def document_problems(client: Client, fetcher: Fetcher) -> Iterator[tuple[str, str]]:
    """Fetch the document at ``sector_identifier_uri`` and yield its problems.

    The document proves that its host admits these redirect URIs to its sector. It isn't stored,
    since it matters only in this check. The caller limits how often it is fetched. Raises
    FetchBusy.
    """
    uri = client.sector_identifier_uri or ""
    try:
        with fetcher.waiting(uri, client.client_id):
            got = fetcher.fetch(uri, media_types=MEDIA_TYPES, limit=LIMIT)
        found = json.loads(got.content)
    except FetchBusy:
        raise
    except (FetchError, ValueError, RecursionError) as wrong:
        log.info("the sector_identifier_uri %r can't be fetched: %s", uri, wrong)
        found = None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        yield "sector_identifier_uri", N_("It must lead to a JSON array of redirect URIs.")
    elif not set(found).issuperset(client.redirect_uris):
        yield "sector_identifier_uri", N_("The array there must have every redirect URI.")
