"""``oauthprov logout``: deliver logouts to clients (OpenID Connect Back-Channel Logout 1.0).

``deliver`` sends each logout token that is due, once. Server processes do this by themselves
unless ``oauthprov.logout.worker`` is false; then run the command from cron every minute. With
``--json`` it prints ``{"notified": N, "left": N}``.
"""

from __future__ import annotations

import argparse

from oauthprov.cli.ini import add_ini, opened
from oauthprov.cli.output import note, show_json
from oauthprov.credentials import Keyring
from oauthprov.events import OPERATOR
from oauthprov.fetch import Fetcher
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.protocol.logout.backchannel import BackchannelLogout


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verb."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    deliver = verbs.add_parser("deliver", help="send the logout tokens that are due")
    add_ini(deliver)
    deliver.set_defaults(run=_deliver)


def _deliver(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        keys = SigningKeys(on.settings, on.storage, Keyring(on.settings.secret), on.clock)
        fetcher = Fetcher.of(on.settings)
        done = BackchannelLogout(
            on.settings, on.storage, keys, fetcher, on.clock, on.events, actor=OPERATOR
        ).deliver()
    if arguments.json:
        show_json({"notified": done.notified, "left": done.left})
    else:
        note(f"{done.notified} logouts delivered, {done.left} left for later.")
