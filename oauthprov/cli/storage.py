"""``oauthprov storage``: check, upgrade and purge the storage that the .ini names.

``upgrade`` also enters the e-mail addresses that an earlier version confirmed, so that accounts
are found by them: on Redis too, which has no schema.

With ``--json``, ``check`` and ``upgrade`` print ``{"ready": BOOL, "facts": {...}}``; the facts
depend on the engine. A storage that is full, or that an incomplete transfer fills, is not ready,
and ``check`` exits with status 1.

``purge`` prints how many records it removed, with ``--json`` as ``{"expired": N,
"unused_clients": N, "orphaned_consents": N}``. Redis removes expired records by itself: there
``expired`` counts the index entries that pointed at them. Unused clients are clients that
registered themselves and weren't used for ``oauthprov.registration.unused_lifetime``. Orphaned
consents are consents for clients that no longer exist.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from oauthprov.accounts import confirmed_addresses, removal
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, note, show_facts, show_json
from oauthprov.cli.progress import counting
from oauthprov.protocol.clients.removal import drop_orphaned_consents
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.storage.transfer import incomplete


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    for name, run, text in (
        ("check", _check, "check that the storage answers and can be served by this version"),
        ("upgrade", _upgrade, "upgrade the schema to this version"),
        (
            "purge",
            _purge,
            "remove expired records, unused clients and orphaned consents",
        ),
    ):
        verb = verbs.add_parser(name, help=text, description=text.capitalize() + ".")
        add_ini(verb)
        verb.set_defaults(run=run)


def _check(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        health, half = on.storage.health(), incomplete(on.storage)
        _report(on, arguments.json, ready=not health.full and half is None)
    for warning in health.sentences:
        note(f"Warning: {warning}.")
    if health.full:
        raise Refused("The storage is full, so no token can be issued. Give it more room.")
    if half is not None:
        raise Refused(f"{half[:1].upper()}{half[1:]}.")
    note("The storage is ready.")


def _upgrade(arguments: argparse.Namespace) -> None:
    with opened(arguments, outdated=True) as on:
        on.storage.upgrade()
        on.storage.ping()
        entered = confirmed_addresses.enter_all(on.storage, on.clock)
        _counted("Confirmed e-mail addresses entered", entered)
        _report(on, arguments.json, ready=True)
    note("The storage is ready for this version.")


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
            "expired": _counted("Expired records removed", on.storage.purge_pass(now=now)),
            "unused_clients": _counted(
                "Unused clients removed", remove_unused(on.storage, on.settings, now)
            ),
            "deleted_accounts": _counted(
                "Records of deleted accounts removed", removal.remove_due(on.storage, now)
            ),
            "orphaned_consents": _counted(
                "Orphaned consents removed", drop_orphaned_consents(on.storage, now)
            ),
        }
    show = show_json if arguments.json else show_facts
    show(counts)


def _counted(what: str, steps: Iterable[int]) -> int:
    """Run the steps, show their sum as it grows, and return it."""
    total = 0
    with counting(what) as show:
        for more in steps:
            total += more
            show(more)
    return total
