"""``oauthprov client hosts``, ``disable-host`` and ``enable-host``.

With ``--json``, ``hosts`` prints ``{"disabled_hosts": [HOST, ...]}``, and the others a HOST: its
``host`` and ``disabled_at``, which is null once it is enabled.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from oauthprov.cli.ini import add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_json, show_table
from oauthprov.protocol.clients.documents.hosts import Hosts, WrongHost
from oauthprov.records import DisabledHost

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_arguments(verbs: _Verbs) -> None:
    """Add the verbs."""
    every = verbs.add_parser("hosts", help="list the hosts whose documents count no longer")
    add_ini(every)
    every.set_defaults(run=_list)
    for name, run, text in (
        ("disable-host", _disable, "disable all clients with a document at a host or below it"),
        ("enable-host", _enable, "enable a host, and the clients that were disabled with it"),
    ):
        verb = verbs.add_parser(name, help=text)
        add_ini(verb)
        verb.add_argument("host", help="a host name in lower case, such as app.example")
        verb.set_defaults(run=run)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        found = (stored.record for stored in on.storage.walk(DisabledHost))
        if arguments.json:
            show_json({"disabled_hosts": map(dataclasses.asdict, found)})
            return
        show_table(("HOST", "DISABLED"), ((one.host, moment(one.disabled_at)) for one in found))


def _disable(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        try:
            disabled = Hosts(on.storage, on.clock).disable(arguments.host)
        except WrongHost:
            raise Refused(f"This is no host name in lower case: {arguments.host}.") from None
    if arguments.json:
        show_json(dataclasses.asdict(disabled))
    note(f"Disabled {arguments.host}, and every client with a document there or below it.")


def _enable(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        try:
            Hosts(on.storage, on.clock).enable(arguments.host)
        except LookupError:
            raise Refused(f"The host {arguments.host} isn't disabled.") from None
    if arguments.json:
        show_json({"host": arguments.host, "disabled_at": None})
    note(f"Enabled {arguments.host}, and the clients that were disabled with it.")
