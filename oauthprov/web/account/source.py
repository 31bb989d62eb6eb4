"""The account source of the built-in accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from pyramid.config import Configurator

from oauthprov.accounts import AccountSource, BuiltInAccounts, SignedIn
from oauthprov.factors import Factors
from oauthprov.web.account.continuing import AT, PAGES
from oauthprov.web.request import Request
from oauthprov.web.signed_in import ADMIN, REQUEST, USER_CODE


class OwnPages(AccountSource[Request]):
    """The account source for the built-in accounts, with our sign-in, choice and sign-up pages."""

    can_step_up = True
    can_sign_out = True
    names_sessions = True
    keeps_accounts = True
    names_admins = True

    def __init__(self, people: BuiltInAccounts, factors: Factors) -> None:
        self._people = people
        self.acr_values = factors.acr_values

    def signed_in(self, request: Request) -> SignedIn | None:
        """Return the user of the active session in the browser's cookie."""
        return request.oauthprov.session.signed_in

    def login_url(self, request: Request, return_to: str) -> str:
        """Return the URL of our sign-in page.

        Its query names the stored request or page of ours that ``return_to`` leads to, and never
        contains ``return_to`` itself.
        """
        return request.oauthprov.url("login", _mark(request, return_to))

    def reauthentication_url(self, request: Request, return_to: str) -> str:
        """Return the URL of our sign-in page, which asks again if the request requires it."""
        return self.login_url(request, return_to)

    def step_up_url(self, request: Request, return_to: str) -> str:
        """Return the URL of our page that asks for a second factor without the password."""
        return request.oauthprov.url("step_up", _mark(request, return_to))

    def others(self, request: Request) -> Sequence[SignedIn]:
        """Return the users of the other sessions in the browser's cookie."""
        return request.oauthprov.session.others

    def selection_url(self, request: Request, return_to: str) -> str:
        """Return the URL of our page that lists the accounts of this browser."""
        return request.oauthprov.url("choose", _mark(request, return_to))

    def registration_url(self, request: Request, return_to: str) -> str | None:
        """Return the URL of our sign-up page, None if sign-up is disabled."""
        if not request.oauthprov.has_page("signup"):
            return None
        query = dict(parse_qsl(urlsplit(return_to).query))
        return request.oauthprov.url("signup", query)

    def sign_out(self, request: Request) -> Sequence[tuple[str, str]]:
        """End every session of the browser, in storage too."""
        request.oauthprov.session.sign_out()
        return ()

    def name_of(self, account_id: str, request: Request) -> str | None:
        """Return the user name as typed at sign-up."""
        return self._people.name_of(account_id)

    def claims(self, account_id: str, request: Request) -> Mapping[str, object]:
        """Return the profile as claims; the user name is the default ``name``. One read."""
        return self._people.claims(account_id)


def _mark(request: Request, return_to: str) -> dict[str, str]:
    """Return the parameters that name the stored request and the page at ``return_to``."""
    parts = urlsplit(return_to)
    mark = {k: v for k, v in parse_qsl(parts.query) if k in (REQUEST, USER_CODE)}
    tools, there = request.oauthprov, return_to.partition("?")[0]
    page = next(
        (name for name in PAGES if tools.has_page(name) and tools.url(name) == there), None
    )
    if page is None and tools.has_page(ADMIN):
        home, _, below = there.partition(f"{tools.url(ADMIN)}/")
        return mark | ({"page": ADMIN, AT: below} if below and not home else {})
    return mark | ({"page": page} if page else {})


def includeme(config: Configurator) -> None:
    """Register the source that the Site uses unless the host has its own."""
    config.registry["oauthprov.own_pages"] = OwnPages
