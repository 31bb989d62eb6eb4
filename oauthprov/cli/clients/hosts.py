"""``oauthprov client hosts``, ``disable-host`` and ``enable-host``.

With ``--json``, ``hosts`` prints ``{"disabled_hosts": [HOST, ...]}``, each with ``host`` and
``disabled_at``; the others print the ``host`` and how many ``clients`` they have changed.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_json, show_table
from oauthprov.protocol.clients.documents.hosts import Hosts, WrongHost

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_arguments(verbs: _Verbs) -> None:
    """Add the verbs."""
    every = verbs.add_parser("hosts", help="list the hosts whose documents count no longer")
    add_ini(every)
    every.set_defaults(run=_list)
    for name, run, text in (
        ("disable-host", _disable, "disable all clients with a document at a host or below it"),
        ("enable-host", _enable, "enable a host, and the clients disabled with it"),
    ):
        verb = verbs.add_parser(name, help=text)
        add_ini(verb)
        verb.add_argument("host", help="a host name in lower case, such as app.example")
        verb.set_defaults(run=run)


def _hosts(on: Opened) -> Hosts:
    return Hosts(on.storage, on.clock, lambda client_id: None)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        found = _hosts(on).every()
    if arguments.json:
        show_json({"disabled_hosts": map(dataclasses.asdict, found)})
        return
    show_table(("HOST", "DISABLED"), ((one.host, moment(one.disabled_at)) for one in found))


def _disable(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        try:
            count = _hosts(on).disable(arguments.host)
        except WrongHost:
            raise Refused(f"This is no host name in lower case: {arguments.host}.") from None
    _tell(arguments, count, "Disabled")


def _enable(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        try:
            count = _hosts(on).enable(arguments.host)
        except LookupError:
            raise Refused(f"The host {arguments.host} isn't disabled.") from None
    _tell(arguments, count, "Enabled")


def _tell(arguments: argparse.Namespace, count: int, done: str) -> None:
    if arguments.json:
        show_json({"host": arguments.host, "clients": count})
    note(f"{done} {arguments.host}, with {count} clients.")
