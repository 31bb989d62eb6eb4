"""Who is signed in by our own pages, and where these pages are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from pyramid.config import Configurator

from oauthprov.accounts import PASSWORD_ACR, AccountSource, BuiltInAccounts, SignedIn
from oauthprov.web.request import Request


class OwnPages(AccountSource[Request]):
    """The source of the built-in accounts: sign-in, choice and sign-up are pages of ours."""

    acr_values = (PASSWORD_ACR,)
    can_sign_out = True
    names_sessions = True

    def __init__(self, people: BuiltInAccounts) -> None:
        self._people = people

    def signed_in(self, request: Request) -> SignedIn | None:
        """Return whose session the browser's cookie names."""
        return request.oauthprov.session.signed_in

    def login_url(self, request: Request, return_to: str) -> str:
        """Return our sign-in page. It leads on to a stored request or a page of ours by its name.

        So ``return_to`` itself never travels through the browser.
        """
        return request.oauthprov.url("login", _mark(return_to))

    def reauthentication_url(self, request: Request, return_to: str) -> str:
        """Return our sign-in page, which asks again when the stored request says so."""
        return self.login_url(request, return_to)

    def others(self, request: Request) -> Sequence[SignedIn]:
        """Return whose sessions the browser's cookie names beside the active one."""
        return request.oauthprov.session.others

    def selection_url(self, request: Request, return_to: str) -> str:
        """Return our page that lists the accounts of this browser."""
        return request.oauthprov.url("choose", _mark(return_to))

    def registration_url(self, request: Request, return_to: str) -> str | None:
        """Return our sign-up page, if there is one."""
        if not request.oauthprov.has_page("signup"):
            return None
        query = dict(parse_qsl(urlsplit(return_to).query))
        return request.oauthprov.url("signup", query)

    def sign_out(self, request: Request) -> Sequence[tuple[str, str]]:
        """End every session of the browser, in storage too."""
        request.oauthprov.session.sign_out()
        return ()

    def name_of(self, account_id: str, request: Request) -> str | None:
        """Return the user name, as it was typed at sign-up."""
        return self._people.name_of(account_id)

    def claims(self, account_id: str, request: Request) -> Mapping[str, object]:
        """Return the profile; the user name stands in where there is no full one. One read."""
        return self._people.claims(account_id)


def _mark(return_to: str) -> dict[str, str]:
    """The name of a stored request or of a page of ours, in place of its URL."""
    parts = urlsplit(return_to)
    mark = {k: v for k, v in parse_qsl(parts.query) if k == "interaction"}
    return mark or {"page": parts.path.rpartition("/")[2]}


def includeme(config: Configurator) -> None:
    """Let the site be built over our own pages, where the host brings no accounts."""
    config.registry["oauthprov.own_pages"] = OwnPages
