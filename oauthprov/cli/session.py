"""``oauthprov session``: list and end the sessions of an account.

A session is one account in one browser. Ending it also ends the grants that end with it, and
queues a logout token for each client that registered a back-channel logout URI: a server process
or ``oauthprov logout deliver`` sends them. With ``--json``, ``list`` prints
``{"sessions": [SESSION, ...]}`` and ``end`` ``{"ended": [SESSION, ...]}``: ``session_id``,
``created_at``, ``last_seen_at``, ``auth_time``, ``expires_at``, ``amr``, ``address`` and
``user_agent``. A ``session_id`` is no secret.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from oauthprov.cli.ini import add_ini, opened
from oauthprov.cli.output import moment, note, show_json, show_table
from oauthprov.cli.users import sessions
from oauthprov.cli.users.account import open_accounts, sweep
from oauthprov.cli.users.ending import endings
from oauthprov.cli.users.naming import account_of

if TYPE_CHECKING:
    from oauthprov.records import Session


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    every = verbs.add_parser("list", help="list the sessions of an account")
    add_ini(every)
    every.add_argument("name", help="user name")
    every.set_defaults(run=_list)

    end = verbs.add_parser("end", help="end one session of an account, or all")
    add_ini(end)
    end.add_argument("name", help="user name")
    which = end.add_mutually_exclusive_group(required=True)
    which.add_argument("session_id", nargs="?", help="id of the session, as list prints it")
    which.add_argument("--all", action="store_true", help="end every session of the account")
    end.set_defaults(run=_end)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        found = sessions.of(on, account_of(on, arguments.name).account_id)
    if arguments.json:
        show_json({"sessions": [sessions.document(one) for one in found]})
        return
    head = ("SESSION", "SIGNED IN", "LAST SEEN", "ENDS", "METHODS", "ADDRESS", "BROWSER")
    show_table(head, map(_row, found))


def _row(session: Session) -> tuple[str, ...]:
    return (
        sessions.short_id(session),
        moment(session.auth_time),
        moment(session.last_seen_at),
        moment(session.expires_at),
        " ".join(session.amr) or "-",
        session.address or "-",
        session.user_agent or "-",
    )


def _end(arguments: argparse.Namespace) -> None:
    with open_accounts(arguments) as (on, accounts):
        account_id = account_of(on, arguments.name).account_id
        if arguments.all:
            ended = sessions.of(on, account_id)
            sweep(on, accounts.end_sessions(account_id))
        else:
            ended = [sessions.named(on, account_id, arguments.session_id)]
            endings(on).end_session(ended[0].key, batches=None)
    if arguments.json:
        show_json({"ended": [sessions.document(one) for one in ended]})
    what = "The session has" if not arguments.all else "Every session of the account has"
    note(f"{what} ended.")
