"""A client's ``sub`` for an account: the same everywhere (public), or per sector (pairwise).

OpenID Connect Core section 8. A pairwise subject is made of the sector and the account, with a
secret that never changes. Every translation between account ids and ``sub`` goes through this
module.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oauthprov.credentials import Keyring
from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.records import Client, is_client_url
from oauthprov.settings import Settings

TYPES = PUBLIC, PAIRWISE = "public", "pairwise"

_LABEL = "pairwise subject"


def types(settings: Settings) -> tuple[str, ...]:
    """Return the subject types that a client may have, the default first."""
    return TYPES if settings.openid_pairwise_secret else (PUBLIC,)


def can_name(settings: Settings, client: Client) -> bool:
    """Tell whether a ``sub`` can be made for ``client``.

    It can't for a pairwise client once the secret is gone: the client may not get another subject.
    """
    return client.subject_type in types(settings)


def subject(settings: Settings, client: Client, account_id: str) -> str:
    """Return the ``sub`` of an account for ``client``, for which :func:`can_name` is true.

    A pairwise one is 43 characters of base64url that can't be reversed (section 8.1).
    """
    if client.subject_type == PUBLIC:
        return account_id
    keyring = Keyring((settings.openid_pairwise_secret,))
    return keyring.sign(_LABEL, f"{sector(client)} {account_id}")


def sector(client: Client) -> str:
    """Return the host that identifies the clients with the same pairwise subjects (8.1).

    A pairwise client without redirect URIs is a sector of its own: no document at a
    ``sector_identifier_uri`` can show that its host admits the client. So is one that gets tokens
    on a device: it needs no redirect there, and could name the redirect URIs of another site to
    learn that site's subjects. A client whose id is a URL has the sector of its host, which never
    changes.
    """
    if is_client_url(client.client_id):
        return urlsplit(client.client_id).hostname or client.client_id
    alone = not client.redirect_uris or DEVICE_CODE in client.grant_types
    if client.subject_type == PAIRWISE and alone:
        return client.client_id
    uri = client.sector_identifier_uri or next(iter(client.redirect_uris), "")
    return urlsplit(uri).hostname or client.client_id
