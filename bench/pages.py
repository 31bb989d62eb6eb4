"""Fills a storage with many records of every kind, and measures pages and commands.

    python -m bench.pages sqlite postgresql redis --sizes 1000 10000 100000
    python -m bench.pages redis --sizes 1000 1000000 --page /account/passkeys --minutes 60

It starts a new server of each engine and fills it: so many accounts, clients, grants, tokens,
waiting logouts, expired records and entries of the audit, for one account so many apps and clients
of its own, and as many sessions as it may have. At each size it prints the time and the bytes of
each page (the fastest of five), those of an admin too, and the time and the most memory of each
command, which runs in a process of its own. After the last size it measures what ends all of the
account. At the end it lists each page that takes over half a second and each command whose memory
has grown; the exit status is then 1.

No size begins once ``--minutes`` are over. The servers and all records are gone afterwards.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from webtest import TestResponse

from bench import filling
from oauthprov.accounts.roles import set_admin
from oauthprov.credentials import name_key
from oauthprov.records import Login, Record
from oauthprov.storage import open_storage
from tests import site as sites
from tests.servers import postgresql, redis
from tests.servers.run import Run
from tests.site import Browser, Site

SERVERS = {"postgresql": postgresql.url, "redis": redis.url}
ENGINES = ("sqlite", *SERVERS)
SIZES = (1_000, 10_000, 100_000)
MOST = 1_000_000
SESSIONS = 49
"""Sessions of the account besides its browser's: one more ends one (``session.limit``)."""
PAGES = (
    *("/", "/account", "/account/events", "/account/security", "/account/profile"),
    *("/account/password", "/account/delete", "/account/export", "/clients"),
)
"""Pages of the account; other pages are found by links on them."""
ADMIN_PAGES = (
    "/admin",
    "/admin/people",
    "/admin/people?q=alice",
    "/admin/clients",
    "/admin/registration-tokens",
    "/admin/keys",
    "/admin/health",
    "/admin/audit",
)
"""Pages of an admin; further ones are found by links on them."""
COMMANDS = (
    "client list --json",
    "client list",
    "client list --owner alice --json",
    "user list --json",
    "token list --user alice --json",
    "token list --client {client_id} --json",
    "token list --json",
    "registration token list --json",
    "user export {ini} alice",
    "logout deliver",
    "storage purge",
    "storage purge",
)
"""Commands in their order; the .ini follows the verb, unless its place is named."""
SLOW = 0.5
"""Seconds that a page may take."""
GROWN = 20.0
"""MiB that a command may take more than at the first size."""
TIMES = 5
CACHED = 6
"""Seconds after which a process reads a client anew."""
PROGRAM = (
    "import sys; from oauthprov.cli import main; code = main(sys.argv[1:])\n"
    "for line in open('/proc/self/status'):\n"
    "    if line.startswith('VmHWM'): print('peak', line.split()[1], file=sys.stderr)\n"
    "sys.exit(code)"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What was measured at one size.

    ``amount`` are bytes of a response, MiB of a command. ``cpu`` are the seconds of processor time
    of a command, without those of the store.
    """

    seconds: float
    amount: float
    cpu: float | None = None

    def __str__(self) -> str:
        took = f"{self.seconds:.1f} s" if self.seconds >= 1 else f"{1000 * self.seconds:.0f} ms"
        if self.cpu is None:
            return f"{took}, {self.amount / 1000:.0f} KB"
        return f"{took} ({self.cpu:.1f} s CPU), {self.amount:.0f} MiB"


@dataclass(slots=True)
class Table:
    """The measurements of an engine: those of pages and of commands, by name and by size."""

    pages: dict[str, dict[int, Cell]] = field(default_factory=dict)
    commands: dict[str, dict[int, Cell]] = field(default_factory=dict)

    def print(self, engine: str, sizes: Sequence[int]) -> None:
        print(f"\n| {engine} | {' | '.join(f'{size:,}' for size in sizes)} |")
        print("|---" * (len(sizes) + 1) + "|")
        for name, cells in (*self.pages.items(), *self.commands.items()):
            shown = [str(cells.get(size, "")) for size in sizes]
            print(f"| {name} | {' | '.join(shown)} |")
        sys.stdout.flush()

    def failures(self) -> Iterator[str]:
        """Yield the pages that are slow, and the commands whose memory has grown."""
        for name, cells in self.pages.items():
            for size, cell in cells.items():
                if cell.seconds > SLOW:
                    yield f"{name} takes {cell.seconds:.2f} s at {size:,}"
        for name, cells in self.commands.items():
            first = min(cells)
            for size, cell in cells.items():
                if cell.amount > cells[first].amount + GROWN:
                    yield f"{name} takes {cell.amount:.0f} MiB at {size:,}"


class Deployment:
    """A provider on one storage, with an account, alice, that has many of everything."""

    def __init__(self, url: str, folder: Path) -> None:
        settings = sites.ini(url, scopes=sites.OPENID, **{"factors.required": "nobody"})
        with closing(open_storage(url)) as storage:
            storage.upgrade()
        self.site: Site = sites.standalone(settings)
        self.site.clock.now = self.now = int(time.time())
        self.alice: Browser = self.site.browser().sign_up("alice")
        self.account_id = self.alice.account_id()
        self.bob: Browser = self.site.browser().sign_up("bob")
        login = self.site.storage.get(Login, name_key("bob"))
        assert login is not None  # noqa: S101 - bob has just signed up
        set_admin(self.site.storage, login.record.account_id, admin=True, now=self.now)
        client, _ = self.site.registrar.register(
            type="web", name="Demo", redirect_uris=(filling.CALLBACK,), owner=self.account_id
        )
        self.client_id = client.client_id
        self.ini = folder / "growth.ini"
        lines = [f"{key} = {value}".replace("\n", "\n    ") for key, value in settings.items()]
        self.ini.write_text("\n".join(["[app:main]", "use = egg:oauthprov", *lines]), "utf-8")

    def fill(self, first: int, last: int) -> None:
        """Add the records of the numbers from ``first`` to ``last``."""
        for records in self._records(range(first, last), range(min(first, SESSIONS), SESSIONS)):
            filling.fill(self.site.storage.inner, records, self.now)

    def _records(self, numbers: range, sessions: range) -> Iterator[Iterator[Record]]:
        now, alice = self.now, self.account_id
        yield filling.accounts(numbers, now)
        yield filling.clients(numbers, now)
        yield filling.clients(numbers, now, alice)
        yield filling.apps(numbers, now, alice)
        yield filling.grants(numbers, now, None, self.client_id)
        yield filling.machine_tokens(numbers, now, self.client_id)
        yield filling.sessions(sessions, now, alice)
        yield filling.deliveries(numbers, now, self.client_id)
        yield filling.initial_tokens(range(min(len(numbers), 1000)), now)
        yield filling.expired(numbers, now)
        yield filling.events(numbers, now, alice)

    def pages(self, more: Sequence[str]) -> Iterator[tuple[str, Cell]]:
        """Measure each page; one that is found by a link is named by its route."""
        for path in (*PAGES, *more):
            yield path, self._page(path)
        account, clients = self.alice.get("/account"), self.alice.get("/clients")
        for name, page, part in (
            ("/account/apps?after=", account, "/account/apps?after="),
            ("/account/apps/ID/remove", account, "/remove"),
            ("/clients?after=", clients, "/clients?after="),
        ):
            if links := _links(page, part):
                yield name, self._page(links[0])
        yield "/clients?q=", self._page("/clients?q=nothing-has-this")
        yield "/clients/ID", self._page(f"/clients/{self.client_id}")
        yield "/clients/ID/about", self._page(f"/clients/{self.client_id}/about")

    def admin_pages(self) -> Iterator[tuple[str, Cell]]:
        """Measure each page of an admin."""
        for path in ADMIN_PAGES:
            yield path, self._page(path, self.bob)
        for path in ("/admin/people", "/admin/clients", "/admin/audit"):
            if links := _links(self.bob.get(path), f"{path}?after="):
                yield f"{path}?after=", self._page(links[0], self.bob)
        audit = f"/admin/audit?about={self.account_id}"
        yield "/admin/audit?about=", self._page(audit, self.bob)
        for path, key in (("people", self.account_id), ("clients", self.client_id)):
            yield f"/admin/{path}/ID", self._page(f"/admin/{path}/{key}", self.bob)
            yield (
                f"/admin/{path}/ID/remove",
                self._page(f"/admin/{path}/{key}/remove", self.bob),
            )

    def _page(self, path: str, browser: Browser | None = None) -> Cell:
        browser = browser or self.alice
        seconds, size = [], 0
        for _ in range(TIMES):
            self.site.clock.pass_by(CACHED)
            began = time.perf_counter()
            shown = browser.get(path)
            seconds.append(time.perf_counter() - began)
            expect(shown.status_int == 200, f"{path}: {shown.status}")
            size = len(shown.body)
        return Cell(min(seconds), size)  # others use the machine, too

    def commands(self) -> Iterator[tuple[str, Cell]]:
        """Run each command; one that is there twice is named by its number, too."""
        names: list[str] = []
        for line in COMMANDS:
            words = [word.format(ini=self.ini, client_id=self.client_id) for word in line.split()]
            if "{ini}" not in line:
                verb = 3 if words[0] == "registration" else 2
                words.insert(verb, str(self.ini))
            name = line.replace("{ini} ", "").format(client_id="ID")
            again = " again" if name in names else ""
            names.append(name)
            yield f"`{name}`{again}", run(words)

    def endings(self) -> Iterator[tuple[str, Cell]]:
        """Measure what takes or ends all of the account: the response, and the work after it."""
        self.alice = self.site.browser().sign_in("alice")
        yield "download of the data", self._posted("/account/export", "/account/export")
        yield "sign out everywhere", self._posted("/account", "/account/sessions/end-all")
        provider = self.site.wsgi.registry["oauthprov"].provider  # type: ignore[attr-defined]
        yield "sign out everywhere: the rest", took(provider.endings.work)
        for words in ("user remove alice --keep-clients", f"client remove {self.client_id}"):
            group, verb, *rest = words.split()
            name = words.replace(self.client_id, "ID")
            yield f"`{name}`", run([group, verb, str(self.ini), *rest])

    def _posted(self, path: str, action: str) -> Cell:
        page = self.alice.get(path)
        [form] = {
            form.action: form for form in page.forms.values() if action in form.action
        }.values()
        answers: list[TestResponse] = []
        done = took(lambda: answers.append(form.submit(expect_errors=True)))
        expect(answers[0].status_int in (200, 303), f"{path}: {answers[0].status}")
        return Cell(done.seconds, len(answers[0].body))


def _links(page: TestResponse, part: str) -> list[str]:
    return [a["href"] for a in page.html.find_all("a") if part in a["href"]]


def expect(right: bool, wrong: str) -> None:
    if not right:
        raise AssertionError(wrong)


def took(work: Callable[[], object]) -> Cell:
    began = time.perf_counter()
    work()
    return Cell(time.perf_counter() - began, 0)


def run(words: Sequence[str]) -> Cell:
    """Run the command and throw its output away; return its time, and its most memory in MiB."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own interpreter and command
        [sys.executable, "-c", PROGRAM, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    expect(done.returncode == 0, done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = int(done.stderr.rpartition("peak ")[2])
    return Cell(seconds, peak / 1024, cpu)


@contextmanager
def started(engine: str) -> Iterator[tuple[str, Path]]:
    """Start a server; yield its URL and a folder, and remove both."""
    run = Run()
    try:
        file = f"sqlite:///{run.directory}/growth.sqlite"
        yield SERVERS[engine](run) if engine in SERVERS else file, run.directory
    finally:
        run.close()


def measure(
    engine: str,
    sizes: Sequence[int],
    more: Sequence[str],
    ends: float,
    *,
    only_pages: bool = False,
) -> Table:
    table, filled, done = Table(), 0, list[int]()
    with started(engine) as (url, folder):
        deployment = Deployment(url, folder)
        with closing(deployment.site):
            for size in sizes:
                if time.monotonic() > ends:
                    print(f"{engine}: the time is over before {size:,}", file=sys.stderr)
                    break
                began = time.monotonic()
                deployment.fill(filled, size)
                filled = size
                done.append(size)
                say(f"{engine}: filled to {size:,} in {time.monotonic() - began:.0f} s")
                for name, cell in (*deployment.pages(more), *deployment.admin_pages()):
                    note(table.pages, name, size, cell)
                if only_pages:
                    continue
                for name, cell in deployment.commands():
                    note(table.commands, name, size, cell)
            for name, cell in () if only_pages else deployment.endings():
                note(table.commands, name, filled, cell)
    table.print(engine, done)
    return table


def note(cells: dict[str, dict[int, Cell]], name: str, size: int, cell: Cell) -> None:
    say(f"  {name}: {cell}")
    cells.setdefault(name, {})[size] = cell


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engines", nargs="*", default=ENGINES, metavar="ENGINE")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--page", action="append", default=[], help="the path of one page more")
    parser.add_argument("--only-pages", action="store_true", help="leave out commands and ends")
    parser.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    if unknown := set(given.engines) - set(ENGINES):
        parser.error(f"unknown engines: {', '.join(sorted(unknown))}")
    if max(given.sizes) > MOST:
        parser.error(f"at most {MOST:,}")
    ends = time.monotonic() + 60 * given.minutes
    failures = []
    for engine in given.engines:
        table = measure(engine, sorted(given.sizes), given.page, ends, only_pages=given.only_pages)
        failures += [f"{engine}: {line}" for line in table.failures()]
    print("\n".join(["", *failures]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
