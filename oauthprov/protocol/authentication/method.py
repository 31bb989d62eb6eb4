"""The rows of the table of client authentication methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass

from oauthprov.events import Reason
from oauthprov.protocol.clients.methods import Method
from oauthprov.protocol.request.context import Context, Presented
from oauthprov.records import Client

FAILED = "Client authentication failed."

Sent = Mapping[str, str | None]
"""What a request may carry of credentials, None for what is absent.

``authorization`` is the header; the others are the parameters of the form that
:data:`oauthprov.protocol.request.params.CREDENTIALS` names.
"""

Why = tuple[Reason, str | None]
"""Why a client isn't authenticated, and the values that were compared."""


def reads_nothing(sent: Sent) -> Presented:
    """Raise RuntimeError: no request is read as one by this method."""
    raise RuntimeError("requests by this method look like those by another")


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the clients that are registered for ``method`` authenticate.

    * ``refused`` returns why the credentials don't prove the client, None when they do. They look
      like those of a method that ``method.presented_as`` names.
    * ``shown_by`` are those of :data:`Sent` that only requests by this method carry; one of them
      is enough. ``reads`` reads their credentials; a request of two such methods is refused. It
      raises InvalidRequestError, or InvalidClientError for what can't be read.
    * ``correction`` tells a client with the right secret, and only that, how to send it.
    """

    method: Method
    refused: Callable[[Context, Client, Presented], Why | None]
    _: KW_ONLY
    shown_by: tuple[str, ...] = ()
    reads: Callable[[Sent], Presented] = reads_nothing
    correction: str = ""
