"""``oauthprov client``: register, show, change and remove clients.

With ``--json``, ``list`` prints ``{"clients": [CLIENT, ...]}`` and every other verb a CLIENT: the
fields of the record, with ``secrets`` as how many are live, and ``self_registered`` (RFC 7591) in
place of the digest of its registration token. ``disabled_host`` is the host that disables it, null
if none does. ``add`` and ``rotate-secret`` add ``client_secret``, which is null for a client
without one and never shown again.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauthprov.cli.clients import hosts, logo
from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import moment, note, show_facts, show_json, show_table
from oauthprov.cli.users.ending import endings
from oauthprov.cli.users.naming import account_id_of, add_account
from oauthprov.protocol.clients.documents.hosts import disabling
from oauthprov.protocol.clients.members import MEMBERS, Datatype
from oauthprov.protocol.clients.registrar import CLIENT_TYPES, Metadata, Registrar
from oauthprov.records import Client, DisabledHost
from oauthprov.storage.interface import Storage

if TYPE_CHECKING:
    _Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

_PAGE = 100
"""Clients that are read at once, and then their disabled hosts."""


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)

    add = verbs.add_parser("add", help="register a client; its secret is shown once")
    add_ini(add)
    add.add_argument("--type", required=True, choices=tuple(CLIENT_TYPES))
    add_account(add.add_mutually_exclusive_group(), "--owner", "--owner-id")
    _add_metadata(add, needed=("name",))
    add.set_defaults(run=_add)

    every = verbs.add_parser("list", help="list all clients")
    add_ini(every)
    add_account(every.add_mutually_exclusive_group(), "--owner", "--owner-id")
    every.set_defaults(run=_list)

    _add_verb(verbs, "show", _show, "show a client")

    edit = _add_verb(verbs, "edit", _edit, "change a client; what isn't named stays")
    _add_metadata(edit)
    state = edit.add_mutually_exclusive_group()
    state.add_argument("--disable", action="store_true", help="stop it and its tokens at once")
    state.add_argument("--enable", action="store_true", help="let it work again")

    anew = "fetch its logo anew, or say why it can't be had"
    _add_verb(verbs, "refresh-logo", _refresh_logo, anew)

    making = "make a new secret; the last one still works"
    rotate = _add_verb(verbs, "rotate-secret", _rotate, making)
    rotate.add_argument("--retire", action="store_true", help="end the older secret instead")

    _add_verb(verbs, "remove", _remove, "remove a client; its tokens are dead at once")

    hosts.add_arguments(verbs)


def _add_verb(
    verbs: _Verbs, name: str, run: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    """Add a verb for one client."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    add_ini(verb)
    verb.add_argument("client_id")
    verb.set_defaults(run=run)
    return verb


def _text_of(path: str) -> str:
    """Return the text of a file, empty for an empty name, which removes the keys."""
    try:
        return Path(path).read_text("utf-8") if path else ""
    except (OSError, UnicodeError) as wrong:
        raise argparse.ArgumentTypeError(f"can't be read: {path}") from wrong


_HOW: Mapping[Datatype, Mapping[str, Any]] = {
    Datatype.TEXT: {"metavar": "TEXT"},
    Datatype.URI: {"metavar": "URI"},
    Datatype.TEXTS: {"metavar": "TEXT", "action": "append"},
    Datatype.URIS: {"metavar": "URI", "action": "append"},
    Datatype.SCOPES: {"metavar": "SCOPES", "action": "extend", "type": str.split},
    Datatype.FLAG: {"action": argparse.BooleanOptionalAction},
    Datatype.NUMBER: {"metavar": "NUMBER", "type": int},
    Datatype.KEY_SET: {"metavar": "FILE", "type": _text_of},
}
"""The arguments of an option, by the datatype of its values."""


def _add_metadata(verb: argparse.ArgumentParser, *, needed: Collection[str] = ()) -> None:
    """Add the option of each member."""
    for member in MEMBERS.values():
        how = dict(_HOW[member.datatype])
        if member.metavar is not None:
            how["metavar"] = member.metavar
        verb.add_argument(
            member.option,
            dest=member.field,
            required=member.field in needed,
            help=f"{member.help}; repeatable" if member.datatype.several else member.help,
            **how,
        )


def _metadata(arguments: argparse.Namespace) -> Metadata:
    given = {field: getattr(arguments, field) for field in MEMBERS}
    return {field: value for field, value in given.items() if value is not None}


def _registrar(on: Opened) -> Registrar:
    return Registrar(
        on.settings, on.storage, on.clock, end=partial(endings(on).end_client, batches=None)
    )


def _add(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        owner = account_id_of(on, arguments.owner, arguments.owner_id)
        client, secret = _registrar(on).register(
            type=arguments.type, owner=owner, **_metadata(arguments)
        )
        client = logo.with_logo(on, client)
        issuer = on.settings.issuer
    _show_secret(client, secret, arguments.json)
    if not arguments.json:
        what = "both" if secret is not None else "its client_id"
        note(f"Next: give the app {what}, and the issuer {issuer}.")


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        owner = account_id_of(on, arguments.owner, arguments.owner_id)
        clients = _every(on.storage, {} if owner is None else {"owner": owner})
        if arguments.json:
            show_json({"clients": itertools.starmap(document, clients)})
            return
        rows = ((c.client_id, c.client_type, _status(c, host), c.name) for c, host in clients)
        show_table(("CLIENT ID", "TYPE", "STATUS", "NAME"), rows)


def _every(
    storage: Storage, index: Mapping[str, str]
) -> Iterator[tuple[Client, DisabledHost | None]]:
    """Yield the clients, each with what disables it by its host."""
    for page in storage.pages(Client, limit=_PAGE, **index):
        disabled = disabling(storage, (stored.record.client_id for stored in page))
        for stored in page:
            yield stored.record, disabled.get(stored.record.client_id)


def _disabled_host(on: Opened, client: Client) -> DisabledHost | None:
    return disabling(on.storage, [client.client_id]).get(client.client_id)


def _show(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        client = _registrar(on).get(arguments.client_id).record
        host = _disabled_host(on, client)
    _show_client(client, arguments.json, host)


def _edit(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        registrar = _registrar(on)
        client = registrar.edit(arguments.client_id, **_metadata(arguments))
        if arguments.logo_uri is not None:
            client = logo.with_logo(on, client)
        if arguments.disable or arguments.enable:
            client = registrar.set_disabled(arguments.client_id, arguments.disable)
        host = _disabled_host(on, client)
    _show_client(client, arguments.json, host)
    if client.pkce is not None:
        note("This client may omit PKCE, which is less safe. --pkce required ends that.")


def _refresh_logo(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        client = logo.refresh(on, arguments.client_id)
        host = _disabled_host(on, client)
    _show_client(client, arguments.json, host)


def _rotate(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        if arguments.retire:
            _show_client(_registrar(on).retire_secret(arguments.client_id), arguments.json)
            return
        client, secret = _registrar(on).rotate_secret(arguments.client_id)
    _show_secret(client, secret, arguments.json)


def _remove(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        client = _registrar(on).get(arguments.client_id).record
        host = _disabled_host(on, client)
        _registrar(on).remove(client.client_id)
    if arguments.json:
        show_json(document(client, host))
    note(f"Removed {client.client_id} ({client.name}). Its tokens are dead.")


def document(client: Client, host: DisabledHost | None = None) -> dict[str, object]:
    """Return the JSON document of a client: the record, with the number of its secrets.

    ``host`` is what disables it by its host.
    """
    shown = dataclasses.asdict(client) | {"secrets": len(client.secrets)}
    del shown["removed_at"]
    shown["self_registered"] = shown.pop("registration_token") is not None
    return shown | {"disabled_host": None if host is None else host.host}


def _show_client(client: Client, as_json: bool, host: DisabledHost | None = None) -> None:
    if as_json:
        show_json(document(client, host))
    else:
        show_facts(_facts(client, host))


def _facts(client: Client, host: DisabledHost | None = None) -> dict[str, object]:
    """Return the same document with readable times."""
    times = (
        *("created_at", "secret_created_at", "disabled_at", "last_used_at"),
        *("fetched_at", "fresh_until", "changed_at"),
    )
    return document(client, host) | {name: moment(getattr(client, name)) for name in times}


def _is_set(value: object) -> bool:
    return value is not False and value not in (None, "", (), [], moment(None))


def _show_secret(client: Client, secret: str | None, as_json: bool) -> None:
    if as_json:
        show_json(document(client) | {"client_secret": secret})
        return
    show_facts({name: value for name, value in _facts(client).items() if _is_set(value)})
    # They come last, so that nobody has to look for them.
    needed = {"client_id": client.client_id} | ({"client_secret": secret} if secret else {})
    print()
    show_facts(needed)
    if secret is not None:
        note("Keep the secret now: it can't be shown again.")


def _status(client: Client, host: DisabledHost | None) -> str:
    return "live" if client.disabled_at is None and host is None else "disabled"
