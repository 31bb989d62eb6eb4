"""``oauthprov init``: write a commented production.ini into a folder, and print the next steps.

A missing folder is created; an existing file is never overwritten. The path of the new file is
printed on stdout, the next steps on stderr.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from importlib import resources
from pathlib import Path

import oauthprov
from oauthprov.cli.output import Refused, note

_NAME = "production.ini"

_NEXT_STEPS = """
Next:

1. Create a secret, once: every start of the server needs the same one. The command never
   overwrites a file.

    (umask 077; set -C; python3 -c "import secrets; print(secrets.token_urlsafe(32))" > {secret})

2. Set the environment variables that production.ini reads. The issuer is the https address at
   which users and apps reach the server; replace id.example.org with your host. SQLite serves one
   machine; production.ini names the URL schemes of the other databases.

    export OAUTHPROV_ISSUER=https://id.example.org
    export OAUTHPROV_SECRET="$(cat {secret})"
    export OAUTHPROV_STORAGE_URL={storage}

3. Create the tables and an account that may register clients.

    {oauthprov} storage upgrade {ini}
    {oauthprov} user add {ini} alice --developer

4. Start the server. It listens on 127.0.0.1:8080 for a proxy on this machine that terminates TLS.

    {pserve} {ini}
"""


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the folder; this group has no verbs."""
    group.add_argument("folder", metavar="FOLDER", type=Path, help="where to write production.ini")
    group.set_defaults(run=_init, takes_overrides=False)


def _init(arguments: argparse.Namespace) -> None:
    text = _production_ini()
    folder: Path = arguments.folder.absolute()
    ini = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ini.open("xb") as file:
            file.write(text)
    except OSError as wrong:
        if isinstance(wrong, FileExistsError) and folder.is_dir():
            raise Refused(f"{ini} exists already, and init overwrites nothing.") from None
        raise Refused(f"{ini} can't be written: {wrong.strerror}.") from None
    print(ini)
    note(
        _NEXT_STEPS.format(
            ini=shlex.quote(str(ini)),
            secret=shlex.quote(str(folder / "oauthprov.secret")),
            storage=shlex.quote(f"sqlite:///{folder / 'oauthprov.sqlite'}"),
            oauthprov=_program("oauthprov"),
            pserve=_program("pserve"),
        )
    )


def _production_ini() -> bytes:
    """Return the packaged example file, or its original in a source tree."""
    packaged = resources.files(oauthprov) / _NAME
    if packaged.is_file():
        return packaged.read_bytes()
    return (Path(oauthprov.__file__).parents[1] / _NAME).read_bytes()


def _program(name: str) -> str:
    """Return the command of a program in this environment: its name if it is on the PATH."""
    here = Path(sys.executable).with_name(name)
    if not here.is_file() or shutil.which(name) == str(here):
        return name
    return shlex.quote(str(here))
