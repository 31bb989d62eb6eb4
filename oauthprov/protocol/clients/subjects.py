"""What a client calls a person, ``sub``: the same everywhere, or another in each sector.

OpenID Connect Core section 8. A pairwise subject is made of the sector and the account, under a
secret that never changes. Whoever tells a client of a person, or is told of one, comes here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oauthprov.credentials import Keyring
from oauthprov.records import Client
from oauthprov.settings import Settings

TYPES = PUBLIC, PAIRWISE = "public", "pairwise"

_LABEL = "pairwise subject"


def types(settings: Settings) -> tuple[str, ...]:
    """Return the types of subject that a client may have, the default first."""
    return TYPES if settings.openid_pairwise_secret else (PUBLIC,)


def can_name(settings: Settings, client: Client) -> bool:
    """Tell whether there is a way to tell ``client`` who somebody is.

    There is none for a pairwise client once the secret is gone: it may not learn another subject.
    """
    return client.subject_type in types(settings)


def subject(settings: Settings, client: Client, account_id: str) -> str:
    """Return the ``sub`` of an account for ``client``, which :func:`can_name` people.

    A pairwise one is 43 characters of base64url that can't be turned back (section 8.1).
    """
    if client.subject_type == PUBLIC:
        return account_id
    keyring = Keyring((settings.openid_pairwise_secret,))
    return keyring.sign(_LABEL, f"{sector(client)} {account_id}")


def sector(client: Client) -> str:
    """Return the host that stands for all clients that know a person by one subject (8.1)."""
    uri = client.sector_identifier_uri or next(iter(client.redirect_uris), "")
    return urlsplit(uri).hostname or client.client_id
