"""``oauthprov storage``: check, upgrade and purge what the .ini names.

With ``--json``, ``check`` and ``upgrade`` print ``{"ready": BOOL, "facts": {...}}``, whose facts
depend on the engine. A full storage is not ready, and ``check`` exits with 1.

``purge`` prints how many records it dropped, with ``--json`` as ``{"expired": N,
"unused_clients": N, "orphaned_consents": N}``. Redis drops expired records by itself: there the
first are entries of indexes that pointed at them. The unused clients are those that registered
themselves, past ``oauthprov.registration.unused_lifetime``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, note, show_facts, show_json
from oauthprov.cli.progress import counting
from oauthprov.protocol.clients.removal import drop_orphaned_consents
from oauthprov.protocol.token.last_use import remove_unused


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    for name, run, text in (
        ("check", _check, "tell whether the storage answers, with today's schema and room"),
        ("upgrade", _upgrade, "bring the schema to this version"),
        (
            "purge",
            _purge,
            "drop what has expired, unused clients, and consents of clients gone",
        ),
    ):
        verb = verbs.add_parser(name, help=text, description=text.capitalize() + ".")
        add_ini(verb)
        verb.set_defaults(run=run)


def _check(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        health = on.storage.health()
        _report(on, arguments.json, ready=not health.full)
    for warning in health.warnings:
        note(f"Warning: {warning}.")
    if health.full:
        raise Refused("The storage is full, so no token can be issued. Give it more room.")
    note("The storage is ready.")


def _upgrade(arguments: argparse.Namespace) -> None:
    with opened(arguments, outdated=True) as on:
        on.storage.upgrade()
        on.storage.ping()
        _report(on, arguments.json, ready=True)
    note("The storage has the schema of this version.")


def _report(on: Opened, as_json: bool, *, ready: bool) -> None:
    facts = dict(on.storage.describe())
    if as_json:
        show_json({"ready": ready, "facts": facts})
    else:
        show_facts(facts)


def _purge(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        now = on.clock()
        counts = {
            "expired": _counted("Expired records dropped", on.storage.purge_pass(now=now)),
            "unused_clients": _counted(
                "Unused clients removed", remove_unused(on.storage, on.settings, now)
            ),
            "orphaned_consents": _counted(
                "Orphaned consents dropped", drop_orphaned_consents(on.storage, now)
            ),
        }
    show = show_json if arguments.json else show_facts
    show(counts)


def _counted(what: str, steps: Iterable[int]) -> int:
    """Take the steps, show their sum while it grows, and return it."""
    total = 0
    with counting(what) as show:
        for more in steps:
            total += more
            show(more)
    return total
