"""``oauthprov keys``: list, rotate and retire signing keys.

With ``--json``, ``list`` prints ``{"keys": [KEY, ...]}``: the fields of the record without its
private part, ``public`` as a JWK, and ``state``: ``waiting``, ``signing``, ``retired`` (published
until its last token has expired), ``unpublished``, or ``sealed`` if ``oauthprov.secret`` doesn't
open it. ``rotate`` prints the same document for the next keys, ``retire`` for all remaining keys.

While the next key of an algorithm is published and waiting, ``rotate`` makes no other: a sentence
on stderr says when that key takes over, and the exit status is 0.

``reseal`` seals the keys of authenticator apps with the first secret of ``oauthprov.secret``, so
that the others can be removed. With ``--json`` it prints how many it ``sealed``, and how many no
secret opens, as ``unopened``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections import Counter
from collections.abc import Iterable

from oauthprov.cli.ini import Opened, add_ini, opened
from oauthprov.cli.output import Refused, moment, note, show_json, show_table
from oauthprov.credentials import Keyring
from oauthprov.factors import Factors
from oauthprov.protocol.keys.rotation import KeyRotation, UnknownSigningKey
from oauthprov.records import SigningKey
from oauthprov.settings.values import ALGORITHMS


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = group.add_subparsers(metavar="VERB", required=True)
    every = verbs.add_parser("list", help="list the keys and their states")
    add_ini(every)
    every.set_defaults(run=_list)

    rotate = verbs.add_parser(
        "rotate", help="publish new keys, which sign after oauthprov.keys.publish_ahead"
    )
    add_ini(rotate)
    rotate.add_argument("--alg", choices=ALGORITHMS, help="rotate the key of this algorithm only")
    rotate.set_defaults(run=_rotate)

    reseal = verbs.add_parser(
        "reseal", help="seal the keys of authenticator apps with the first secret"
    )
    add_ini(reseal)
    reseal.set_defaults(run=_reseal)

    retire = verbs.add_parser(
        "retire", help="stop a key from signing at once; another key takes over"
    )
    add_ini(retire)
    retire.add_argument("kid")
    retire.add_argument(
        "--compromised",
        action="store_true",
        help="unpublish it too: tokens that it signed no longer verify",
    )
    retire.set_defaults(run=_retire)


def _rotation(on: Opened) -> KeyRotation:
    return KeyRotation(on.settings, on.storage, Keyring(on.settings.secret), on.clock)


def _list(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        _show(on, _rotation(on).load(), arguments.json)


def _rotate(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        used = on.settings.keys_algorithms
        if arguments.alg not in (None, *used):
            raise Refused(f"oauthprov.keys.algorithms doesn't include {arguments.alg}.")
        rotation = _rotation(on)
        before = {key.kid for key in rotation.load()}
        coming = [rotation.rotate(alg) for alg in ([arguments.alg] if arguments.alg else used)]
        _show(on, coming, arguments.json)
        for key in coming:
            if key.kid in before:
                note(
                    f"{key.alg}: nothing to do. The next key, {key.kid}, is published already"
                    f" and signs from {moment(key.signs_from)} on."
                )


def _reseal(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        totp = Factors.build(on.storage, on.settings.secret, on.clock).totp
        found = Counter(totp.reseal())
    if arguments.json:
        show_json({"sealed": found[True], "unopened": found[False]})
    else:
        note(f"Authenticator apps sealed with the first secret: {found[True]}.")
    if found[False]:
        raise Refused(f"No secret of oauthprov.secret opens {found[False]} authenticator apps.")


def _retire(arguments: argparse.Namespace) -> None:
    with opened(arguments) as on:
        rotation = _rotation(on)
        try:
            rotation.retire(arguments.kid, compromised=arguments.compromised)
        except UnknownSigningKey:
            raise Refused(f"There is no signing key {arguments.kid}.") from None
        _show(on, rotation.load(), arguments.json)
    note("Running servers apply it within seconds, idle ones when they next sign.")


def _show(on: Opened, keys: Iterable[SigningKey], as_json: bool) -> None:
    if as_json:
        show_json({"keys": [_document(on, key) for key in keys]})
        return
    head = ("KID", "ALG", "STATE", "SIGNS FROM", "RETIRES", "PUBLISHED UNTIL")
    rows = []
    for key in keys:
        times = (key.signs_from, key.retires_at, key.published_until)
        rows.append(
            (key.kid, key.alg, _rotation(on).state(key), *(moment(time) for time in times))
        )
    show_table(head, rows)


def _document(on: Opened, key: SigningKey) -> dict[str, object]:
    shown = {k: v for k, v in dataclasses.asdict(key).items() if k not in ("key", "sealed")}
    return shown | {"public": json.loads(key.public), "state": _rotation(on).state(key)}
