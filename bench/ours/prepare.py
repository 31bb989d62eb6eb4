"""Makes production.ini, the tables, alice and two clients, by the ``oauthprov`` command.

Prints the clients as JSON: by its type, the id and the secret of each.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

INI = Path(os.environ["OAUTHPROV_INI"])
TYPES = {
    "web": ("--redirect-uri", "https://app.example/callback", "--scope", "openid"),
    "machine": (),
}


def command(*arguments: str, typed: str = "") -> str:
    """Run the command, and return what it printed."""
    program = Path(sys.executable).with_name("oauthprov")
    line = [str(program), *arguments]
    done = subprocess.run(line, input=typed, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        sys.exit(f"{' '.join(line)} failed: {done.stderr}")
    return done.stdout


def change(settings: str) -> None:
    """Change lines of the .ini."""
    text = INI.read_text()
    for line in settings.splitlines():
        name = re.escape(line.partition(" = ")[0])
        text, changed = re.subn(f"(?m)^{name} =.*$", lambda _, line=line: line, text)
        if changed != 1:
            sys.exit(f"{INI} has no line {line}")
    INI.write_text(text)


def main() -> None:
    ini = str(INI)
    command("init", str(INI.parent))
    change(os.environ.get("BENCH_SETTINGS", ""))
    command("storage", "upgrade", ini)
    password = os.environ["BENCH_PASSWORD"]
    command("user", "add", ini, "alice", "--password-stdin", typed=f"{password}\n")
    clients = {}
    for kind, options in TYPES.items():
        arguments = ("--type", kind, "--name", kind, "--scope", "profile:read", *options)
        made = json.loads(command("client", "add", ini, "--json", *arguments))
        clients[kind] = [made["client_id"], made["client_secret"]]
    print(json.dumps(clients))


if __name__ == "__main__":
    main()
