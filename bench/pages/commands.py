"""Commands, each in a process of its own, and what ends all of an account."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from webtest import TestResponse

from bench.pages.deployment import Deployment
from bench.pages.results import Cell
from tests.site import Browser

COMMANDS = (
    "client list --json",
    "client list",
    "client list --owner alice --json",
    "client hosts --json",
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
PROGRAM = (
    "import sys; from oauthprov.cli import main; code = main(sys.argv[1:])\n"
    "for line in open('/proc/self/status'):\n"
    "    if line.startswith('VmHWM'): print('peak', line.split()[1], file=sys.stderr)\n"
    "sys.exit(code)"
)


def commands(deployment: Deployment) -> Iterator[tuple[str, Cell]]:
    """Run each command; one that is there twice is named by its number, too."""
    names: list[str] = []
    for line in COMMANDS:
        given = {"ini": deployment.ini, "client_id": deployment.client_id}
        words = [word.format(**given) for word in line.split()]
        if "{ini}" not in line:
            words.insert(3 if words[0] == "registration" else 2, str(deployment.ini))
        name = line.replace("{ini} ", "").format(client_id="ID")
        again = " again" if name in names else ""
        names.append(name)
        yield f"`{name}`{again}", run(words)


def endings(deployment: Deployment) -> Iterator[tuple[str, Cell]]:
    """Measure what takes or ends all of the account: the response, and the work after it."""
    alice, client_id = deployment.signed_in("alice"), deployment.client_id
    yield "download of the data", _posted(alice, "/account/export", "/account/export")
    yield "sign out everywhere", _posted(alice, "/account", "/account/sessions/end-all")
    provider = deployment.site.wsgi.registry["oauthprov"].provider  # type: ignore[attr-defined]
    yield "sign out everywhere: the rest", _took(provider.endings.work)
    for words in ("user remove alice --keep-clients", f"client remove {client_id}"):
        group, verb, *rest = words.split()
        name = words.replace(client_id, "ID")
        yield f"`{name}`", run([group, verb, str(deployment.ini), *rest])


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
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = int(done.stderr.rpartition("peak ")[2])
    return Cell(seconds, peak / 1024, cpu)


def _posted(alice: Browser, path: str, action: str) -> Cell:
    page = alice.get(path)
    [form] = {form.action: form for form in page.forms.values() if action in form.action}.values()
    answers: list[TestResponse] = []
    done = _took(lambda: answers.append(form.submit(expect_errors=True)))
    if answers[0].status_int not in (200, 303):
        raise AssertionError(f"{path}: {answers[0].status}")
    return Cell(done.seconds, len(answers[0].body))


def _took(work: Callable[[], object]) -> Cell:
    began = time.perf_counter()
    work()
    return Cell(time.perf_counter() - began, 0)
