"""The page for downloading all data of the account."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile

from pyramid.config import Configurator
from pyramid.response import FileIter, Response

from oauthprov import deadline
from oauthprov.accounts import SignedIn
from oauthprov.accounts.export import exported
from oauthprov.events import AccountExported, publish
from oauthprov.json_stream import pieces
from oauthprov.web.request import Request
from oauthprov.web.signed_in import recently_signed_in

_FILE = "account.json"
_IN_MEMORY = 1_000_000
"""Bytes up to which the document is in memory; a longer one is in a file without a name."""


@recently_signed_in("export")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Say what the document contains."""
    return {}


@recently_signed_in("export")
def download(request: Request, person: SignedIn) -> Response:
    """Return the document as a file."""
    tools = request.oauthprov
    tools.form()
    document = exported(tools.provider.storage, person.account_id, tools.provider.clock())
    with ExitStack() as failing:
        # Written before the response begins: a storage that fails halfway is an error page.
        file = failing.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        for piece in pieces(document):
            file.write(piece.encode())
            deadline.renew()  # each page of records may take as long as a request
        size = file.tell()
        file.seek(0)
        failing.pop_all()
    publish(AccountExported(account_id=person.account_id))
    return Response(
        app_iter=FileIter(file),
        content_length=size,
        content_type="application/json",
        charset="utf-8",
        content_disposition=f'attachment; filename="{_FILE}"',
    )


def includeme(config: Configurator) -> None:
    """Add ``/account/export``."""
    config.add_oauth_page("export", "/account/export", get=show, post=download, template="export")
