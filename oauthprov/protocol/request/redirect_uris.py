"""The redirect URI of an authorization request."""

from __future__ import annotations

from oauthprov.events import Reason
from oauthprov.protocol.clients import redirects
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.differences import from_expected


def is_registered(context: Context, sent: str) -> bool:
    """Tell whether the client has registered ``sent``; note what differs if it hasn't."""
    client = context.known_client
    if redirects.registered_for(client, sent):
        return True
    because = from_expected(sent, client.redirect_uris, "registered")
    return context.refuse(Reason.REDIRECT_URI_UNREGISTERED, sent, because=because)
