"""The pages of an account and those of an admin, each opened as often as its time needs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.pages.deployment import Deployment
from bench.pages.results import Cell
from tests.site import Browser

PAGES = (
    *("/", "/account", "/account/events", "/account/security", "/account/profile"),
    *("/account/password", "/account/delete", "/account/export", "/clients"),
)
"""Pages of the account; other pages are found by links on them."""
ADMIN_PAGES = (
    *("/admin", "/admin/people", "/admin/people?q=alice", "/admin/clients", "/admin/client-hosts"),
    *("/admin/registration-tokens", "/admin/keys", "/admin/health", "/admin/audit"),
)
"""Pages of an admin; further ones are found by links on them."""
TIMES = 5
CACHED = 6
"""Seconds after which a process reads a client anew."""


class Visitor(Protocol):
    """Opens pages, signed in as one person."""

    def measure(self, path: str) -> Cell:
        """Open the page a few times; return the shortest time: others use the machine, too."""
        ...

    def links(self, path: str) -> list[str]:
        """Return where the links of the page lead, as they are written."""
        ...


def pages(
    alice: Visitor, deployment: Deployment, more: Sequence[str]
) -> Iterator[tuple[str, Cell]]:
    """Measure each page of the account; one that is found by a link is named by its route."""
    for path in (*PAGES, *more):
        yield path, alice.measure(path)
    for page, part, name in (
        ("/account", "/account/apps?after=", "/account/apps?after="),
        ("/account", "/remove", "/account/apps/ID/remove"),
        ("/clients", "/clients?after=", "/clients?after="),
    ):
        yield from _linked(alice, page, part, name)
    yield "/clients?q=", alice.measure("/clients?q=nothing-has-this")
    yield "/clients/ID", alice.measure(f"/clients/{deployment.client_id}")
    yield "/clients/ID/about", alice.measure(f"/clients/{deployment.client_id}/about")


def admin_pages(bob: Visitor, deployment: Deployment) -> Iterator[tuple[str, Cell]]:
    """Measure each page of an admin."""
    for path in ADMIN_PAGES:
        yield path, bob.measure(path)
    for path in ("/admin/people", "/admin/clients", "/admin/client-hosts", "/admin/audit"):
        yield from _linked(bob, path, f"{path}?after=", f"{path}?after=")
    about = f"/admin/audit?about={deployment.account_id}"
    yield "/admin/audit?about=", bob.measure(about)
    for kind, key in (("people", deployment.account_id), ("clients", deployment.client_id)):
        yield f"/admin/{kind}/ID", bob.measure(f"/admin/{kind}/{key}")
        yield f"/admin/{kind}/ID/remove", bob.measure(f"/admin/{kind}/{key}/remove")


def _linked(visitor: Visitor, page: str, part: str, name: str) -> Iterator[tuple[str, Cell]]:
    for link in [link for link in visitor.links(page) if part in link][:1]:
        yield name, visitor.measure(link)


@dataclass(frozen=True, slots=True)
class Direct:
    """A visitor that calls the app in this process, without HTTP: the time is the server's."""

    deployment: Deployment
    browser: Browser

    def measure(self, path: str) -> Cell:
        seconds, size = [], 0
        for _ in range(TIMES):
            self.deployment.site.clock.pass_by(CACHED)
            began = time.perf_counter()
            shown = self.browser.get(path)
            seconds.append(time.perf_counter() - began)
            if shown.status_int != 200:
                raise AssertionError(f"{path}: {shown.status}")
            size = len(shown.body)
        return Cell(min(seconds), size)

    def links(self, path: str) -> list[str]:
        return [link["href"] for link in self.browser.get(path).html.find_all("a")]
