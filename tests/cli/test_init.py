"""``oauthprov init`` and ``oauthprov --version``."""

import os
from pathlib import Path

import pytest

import oauthprov

ROOT = Path(__file__).parents[2]


def test_the_version_is_shown(command):
    done = command.bare("--version")
    assert (done.code, done.out) == (0, f"oauthprov {oauthprov.__version__}\n")


def test_init_writes_the_production_ini_of_the_project(command, tmp_path):
    folder = tmp_path / "srv" / "sign in"
    done = command.bare("init", str(folder))
    assert (done.code, done.out) == (0, f"{folder}/production.ini\n")
    assert os.listdir(folder) == ["production.ini"]
    assert (folder / "production.ini").read_bytes() == (ROOT / "production.ini").read_bytes()


def test_init_says_what_comes_next(command, tmp_path):
    said = command.bare("init", str(tmp_path / "new")).err
    for words in ("OAUTHPROV_ISSUER", "OAUTHPROV_SECRET", "OAUTHPROV_STORAGE_URL"):
        assert f"export {words}=" in said
    for words in ("storage upgrade", "user add", "pserve"):
        assert f"{words} {tmp_path}/new/production.ini" in said


def test_init_names_the_programs_where_they_are(command, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)
    said = command.bare("init", str(tmp_path / "new")).err
    [start] = [line.strip() for line in said.splitlines() if "pserve" in line]
    assert Path(start.split()[0]).is_file()


def test_init_takes_a_folder_that_is_there(command, tmp_path):
    assert command.bare("init", str(tmp_path)).code == 0
    assert {"production.ini", "server.ini"} <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("there", ["a file", "a link that leads nowhere"])
def test_init_overwrites_nothing(command, tmp_path, there):
    ini = tmp_path / "production.ini"
    if there == "a file":
        ini.write_text("mine", "utf-8")
    else:
        ini.symlink_to(tmp_path / "elsewhere.ini")
    done = command.bare("init", str(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert done.err == f"{ini} exists already, and init overwrites nothing.\n"
    if there == "a file":
        assert ini.read_text("utf-8") == "mine"
    assert not (tmp_path / "elsewhere.ini").exists()


def test_init_into_a_file_gives_one_sentence(command, tmp_path):
    (tmp_path / "taken").write_text("", "utf-8")
    for folder in ("taken", "taken/below"):
        done = command.bare("init", str(tmp_path / folder))
        assert (done.code, done.out) == (1, "")
        assert "production.ini can't be written" in done.err
        assert len(done.err.splitlines()) == 1


def test_init_takes_a_folder_alone(command, tmp_path):
    for more in ("port=8081", "elsewhere"):
        done = command.bare("init", str(tmp_path / "new"), more)
        assert (done.code, done.out) == (2, "")
        assert f"unrecognized arguments: {more}" in done.err
    assert not (tmp_path / "new").exists()
