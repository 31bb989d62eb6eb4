"""``oauthprov transfer``: move everything from one storage to another.

``SOURCE`` and ``TARGET`` are .ini files that agree on the issuer and the secrets and differ in
``oauthprov.storage.url``: SQLite and PostgreSQL, for instance. The target must be empty, or hold
an incomplete transfer from the same source; its tables are created. Run the command once while the
server serves from the source. Then set ``oauthprov.storage.read_only = true`` in SOURCE, restart
the server and run the command again: this run takes over what has changed, compares both storages
record by record, and completes the transfer. Then serve from TARGET. A run that was stopped at any
point is run again.

``--json`` prints ``{"complete": BOOL, "source": TEXT, "looked_at": N, "kinds": {KIND: {"count": N,
"sha256": HEX}}}``; ``kinds`` is empty if the source isn't read-only, and then nothing is compared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from urllib.parse import parse_qs, urlsplit

from oauthprov.cli import ini
from oauthprov.cli.output import Refused, note, show_json, show_table
from oauthprov.cli.progress import counting
from oauthprov.settings import Settings
from oauthprov.storage import open_storage, storage_problems
from oauthprov.storage.interface import Storage
from oauthprov.storage.transfer import Content, TransferRefused, begin, compare, copy

_AGREE = {
    "issuer": "tokens and apps name it",
    "openid_pairwise_secret": "users would get another sub at pairwise clients",
}
"""The settings that both files must share, with the reason."""


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add both files; this group has no verbs."""
    for name, text in (
        ("source", "the .ini file, or file.ini#section, of the storage that is read"),
        ("target", "the .ini file of the storage that is filled"),
    ):
        group.add_argument(name, metavar=name.upper(), help=text)
    group.add_argument("--json", action="store_true", help="print one JSON document")
    group.epilog = "Further key=value arguments set values that the .ini files interpolate."
    group.set_defaults(run=_transfer)


def _transfer(arguments: argparse.Namespace) -> None:
    ours, theirs = (
        Settings.from_ini(ini.read(uri, arguments.overrides), storage_problems)
        for uri in (arguments.source, arguments.target)
    )
    _check(ours, theirs)
    final = ours.reads_only
    try:
        with _opened(ours, read_only=True) as source, _opened(theirs) as target:
            source.ping()
            _check_schema(source)
            target.upgrade()
            target.ping()
            _run(source, target, _place(ours), final=final, as_json=arguments.json)
    except TransferRefused as refused:
        raise Refused(str(refused)) from None


def _run(source: Storage, target: Storage, name: str, *, final: bool, as_json: bool) -> None:
    filled = begin(source, target, name, _clock)
    looked_at = 0
    with counting("Records looked at") as show:
        for more in copy(source, filled, _clock):
            looked_at += more
            show(more)
    held = _compared(source, target) if final else {}
    if final:
        filled.complete()
    if as_json:
        kinds = {kind: {"count": its.count, "sha256": its.digest} for kind, its in held.items()}
        facts = {"complete": final, "source": name, "looked_at": looked_at, "kinds": kinds}
        show_json(facts)
    elif final:
        rows = ((kind, str(its.count), its.digest) for kind, its in held.items() if its.count)
        show_table(("KIND", "RECORDS", "SHA-256 ON BOTH SIDES"), rows)
    note(
        "The transfer is complete: serve from the target."
        if final
        else "What the source held is copied, and the transfer isn't complete. Set"
        " oauthprov.storage.read_only = true in the source's .ini, restart its server, and run"
        " this command again."
    )


def _compared(source: Storage, target: Storage) -> Mapping[str, Content]:
    """Return what both storages hold of each kind. Raises Refused if they differ."""
    held = {}
    with counting("Records compared") as show:
        for kind, ours, theirs in compare(source, target, _clock):
            show(ours.count)
            if ours != theirs:
                raise Refused(
                    f"The storages differ in the kind {kind.shape.name}: {ours.count} records in"
                    f" the source, {theirs.count} in the target. Did somebody write to one of"
                    " them? Restart every server of the source, so that it only reads, and run"
                    " this command again."
                )
            held[kind.shape.name] = ours
    return held


def _check(ours: Settings, theirs: Settings) -> None:
    """Raise Refused if what one server issued would be worthless for the other."""
    if (ours.storage_url, _prefix(ours)) == (theirs.storage_url, _prefix(theirs)):
        raise Refused("Both .ini files name the same storage.")
    for name, reason in _AGREE.items():
        if getattr(ours, name) != getattr(theirs, name):
            key = f"oauthprov.{name.replace('openid_', 'openid.')}"
            raise Refused(f"{key} differs between the .ini files: {reason}.")
    if set(ours.secret) - set(theirs.secret):
        raise Refused(
            "oauthprov.secret of the target lacks a secret of the source: signing keys and"
            " authenticator apps that it has sealed couldn't be opened."
        )


def _check_schema(source: Storage) -> None:
    """Raise Refused for an SQL schema with columns that this version doesn't know."""
    facts = source.describe()
    known = facts.get("schema_of_this_version")
    if known is not None and facts["schema"] > known:
        raise Refused(
            f"The source has the schema {facts['schema']} of a newer version, and this one knows"
            f" {known}: run oauthprov transfer of the newest version that serves."
        )


@contextmanager
def _opened(settings: Settings, *, read_only: bool = False) -> Iterator[Storage]:
    options = dict(settings.storage_options)
    if read_only:
        options["read_only"] = "true"
    with closing(open_storage(settings.storage_url, options)) as storage:
        yield storage


def _place(settings: Settings) -> str:
    """Return a name for the storage: its URL without a user, a password and options."""
    parts = urlsplit(settings.storage_url)
    database = "".join(f"?db={value}" for value in parse_qs(parts.query).get("db", ()))
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{database}{_prefix(settings)}"


def _prefix(settings: Settings) -> str:
    prefix = settings.storage_options.get("key_prefix")
    return f" ({prefix})" if prefix else ""


def _clock() -> int:
    return int(time.time())
