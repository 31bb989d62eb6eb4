"""When a client is looked up anew at its URL: with a new request, before anybody signs in.

Only the authorization endpoint, the one for pushed requests and the device authorization endpoint
do that. All others use what is stored, and never wait for the server of a stranger.
"""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import OAuth2Error, TemporarilyUnavailableError

from oauthprov.errors import ClientDocumentError
from oauthprov.events import Reason
from oauthprov.messages import N_
from oauthprov.protocol.clients.documents import urls
from oauthprov.protocol.clients.documents.fetching import DocumentUnreachable, NotNow
from oauthprov.protocol.clients.documents.reading import DocumentRefused
from oauthprov.protocol.request.context import Context
from oauthprov.records import is_client_url

_UNREACHABLE = N_("The document about the app can't be fetched at its client ID.")
_UNUSABLE = N_("The document about the app, at its client ID, can't be used here.")


def renew(context: Context, client_id: str | None) -> None:
    """Fetch the document of the client that a new request names, if it has one and it is due.

    Raises ClientDocumentError, or TemporarilyUnavailableError if there are too many fetches.
    """
    documents = context.clients.documents
    if client_id is None or documents is None or not is_client_url(client_id):
        return
    problem = urls.refusal(context.settings, client_id)
    if problem is not None:
        raise _refused(context, client_id, problem, _UNUSABLE)
    context.clients.get(client_id)  # not as the request's own: what it finds may change
    if context.clients.disabled_host(client_id) is not None:
        return  # it is refused as one that the operator disabled, of which nothing is fetched
    try:
        documents.renew(client_id, context.clients.cached(client_id), context.ration)
    except NotNow as busy:
        context.note(Reason.CLIENT_DOCUMENT_BUSY, client_id=client_id, compared=str(busy))
        raise TemporarilyUnavailableError(N_("Please try again."), status_code=503) from busy
    except DocumentRefused as wrong:
        said = _UNREACHABLE if isinstance(wrong, DocumentUnreachable) else _UNUSABLE
        raise _refused(context, client_id, str(wrong), said) from wrong


def _refused(context: Context, client_id: str, why: str, said: str) -> OAuth2Error:
    context.note(Reason.CLIENT_DOCUMENT_REFUSED, client_id=client_id, compared=why)
    return ClientDocumentError(said)
