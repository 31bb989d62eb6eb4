"""The tutorial is run as it stands; ``tests/browser`` takes its steps in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.documents import blocks
from tests.documents.serving import run, served
from tests.servers.run import free_port

PAGE = "docs/tutorial.md"


def test_its_api_is_protected_and_its_commands_call_it(tmp_path: Path):
    (tmp_path / "development.ini").write_text(
        (blocks.ROOT / "development.ini").read_text("utf-8"), "utf-8"
    )
    for name, text in blocks.files(PAGE).items():
        (tmp_path / name).write_text(text, "utf-8")
    port = str(free_port())
    origin = f"http://127.0.0.1:{port}"
    with served(tmp_path, "tutorial.ini", f"{origin}/healthz", f"port={port}"):
        printed = Shell(tmp_path, origin).run(blocks.of(PAGE, "sh"))
    refused, client, token, photos, introspected, revoked, after = printed
    assert refused.startswith("HTTP/1.1 401 ")
    assert 'scope="photos:read"' in refused
    assert "machine" in client
    assert json.loads(token)["token_type"] == "Bearer"
    assert json.loads(photos)["photos"] == ["beach.jpg", "cat.jpg"]
    assert json.loads(introspected)["active"] is True
    assert revoked.strip() in ("", "{}")
    assert after.startswith("HTTP/1.1 401 ")
    assert 'error="invalid_token"' in after


def test_its_demo_client_can_be_registered(tmp_path: Path):
    (tmp_path / "development.ini").write_text(
        (blocks.ROOT / "development.ini").read_text("utf-8"), "utf-8"
    )
    (command,) = (b.text for b in blocks.of(PAGE, "sh") if "localhost:8000/callback" in b.text)
    printed = run(tmp_path, "sh", "-c", command.replace(".venv/bin/", ""))
    assert re.search(r"^client_secret +\S+$", printed, re.MULTILINE)


class Shell:
    """Runs the commands from the first that uses tutorial.ini's server, as a reader does.

    A line such as ``TOKEN=...`` gets its value from what was printed before.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder, self._origin = folder, origin
        self._values: dict[str, str] = {}
        self._seen = ""

    def run(self, shown: list[blocks.Block]) -> list[str]:
        """Return what each command prints."""
        texts = [block.text for block in shown]
        begun = next(i for i, text in enumerate(texts) if "pserve tutorial.ini" in text) + 1
        lines = re.sub(r"\\\n\s*", "", "".join(texts[begun:])).splitlines()
        return [printed for line in lines if (printed := self._line(line)) is not None]

    def _line(self, line: str) -> str | None:
        if placeholder := re.fullmatch(r"(\w+)=\.\.\.", line):
            self._values[placeholder.group(1)] = self._found(placeholder.group(1).lower())
            return None
        given = "".join(f"{name}='{value}'\n" for name, value in self._values.items())
        line = line.replace(".venv/bin/", "").replace("http://127.0.0.1:5000", self._origin)
        printed = run(self._folder, "sh", "-c", given + line)
        self._seen += printed + "\n"
        return printed

    def _found(self, name: str) -> str:
        if name == "token":
            return str(re.findall(r'"access_token": ?"([^"]+)"', self._seen)[-1])
        return str(re.findall(rf"^{name} +(\S+)$", self._seen, re.MULTILINE)[-1])
