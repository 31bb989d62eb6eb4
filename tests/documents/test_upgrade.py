"""The commands of docs/upgrade.md, as they stand there, on a database of the first schema."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oauthprov.storage import open_storage
from oauthprov.storage.interface import UpgradeNeeded
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.documents import blocks
from tests.documents.serving import run, served
from tests.servers.run import free_port
from tests.upgrades import archive, first

PAGE = "docs/upgrade.md"
NEW = "/opt/oauthprov-new/bin/"
INSTALL, SETTINGS, UPGRADE, READY, DOCTOR, *_ = (
    block.text.replace(NEW, "") for block in blocks.of(PAGE, "sh")
)
SERVER = "[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nget port = port\n"


@pytest.fixture
def url(postgresql_url: str) -> str:
    first.put(postgresql_url, first.left(postgresql_url))
    return postgresql_url


def test_an_operator_upgrades(url: str, tmp_path: Path) -> None:
    known = {name: text for name, text in sites.ini(url).items() if "device" not in name}
    ini = write_ini(tmp_path / "production.ini", known)  # by the version before, too
    ini.write_text(f"[DEFAULT]\nport = 8080\n{ini.read_text()}{SERVER}")
    assert url.rpartition("/")[2] in run(tmp_path, "sh", "-ec", SETTINGS)
    run(tmp_path, "sh", "-ec", UPGRADE)
    port = f"{free_port()}"
    ready = READY.replace("8080", port)
    with served(tmp_path, "production.ini", f"http://127.0.0.1:{port}/healthz", f"port={port}"):
        assert '"ok"' in run(tmp_path, "sh", "-ec", ready)
    # The version before is content, and its command leaves the newer storage alone.
    before = archive.unpacked(tmp_path / "previous")
    run(tmp_path, "env", f"PYTHONPATH={before}", "sh", "-ec", UPGRADE)
    storage = open_storage(url)
    storage.ping()
    storage.close()


def test_the_page_quotes_the_message_of_a_server_that_does_not_start(url: str) -> None:
    storage = open_storage(url)
    with pytest.raises(UpgradeNeeded) as refused:
        storage.ping()
    storage.close()
    message = re.sub(r"\d{4}", "NNNN", str(refused.value)).partition(";")[0]
    assert message in re.sub(r"\d{4}", "NNNN", Path(blocks.ROOT, PAGE).read_text("utf-8"))
