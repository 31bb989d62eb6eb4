"""The page for downloading all data of the account."""

from __future__ import annotations

import json

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.accounts.export import exported
from oauthprov.events import AccountExported, publish
from oauthprov.web.request import Request
from oauthprov.web.signed_in import recently_signed_in

_FILE = "account.json"


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
    publish(AccountExported(account_id=person.account_id))
    response = Response(
        json.dumps(document, indent=2, ensure_ascii=False),
        content_type="application/json",
        charset="utf-8",
        content_disposition=f'attachment; filename="{_FILE}"',
    )
    return response


def includeme(config: Configurator) -> None:
    """Add ``/account/export``."""
    config.add_oauth_page("export", "/account/export", get=show, post=download, template="export")
