"""Code blocks can be used as they stand: Python, .ini and JSON parse, and commands exist."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.util
import json
import re
import shlex

import pytest

from oauthprov.cli import GROUPS, parser_for
from oauthprov.cli.ini import with_default
from oauthprov.settings import options, own_keys, resource_server
from tests.documents import blocks
from tests.documents.blocks import ROOT, Block

LANGUAGES = {
    "html",
    "ini",
    "js",
    "json",
    "apache",
    "nginx",
    "python",
    "sh",
    "text",
    "toml",
    "ts",
    "yaml",
}
DIRECTIVES = {"{eval-rst}", "{toctree}"}
ENDPOINTS = {
    *("token", "par", "introspect", "revoke", "register", "userinfo", "device_authorization"),
}
"""The endpoints below ``/oauth/`` that curl asks."""
PROGRAMS = {
    *("apt-get", "cp", "curl", "export", "git", "gunicorn", "granian", "mariadb", "mariadb-dump"),
    *("mkdir", "npm", "npx", "openssl", "pg_dump", "pg_restore", "redis-cli", "redis-server"),
    *("sqlite3", ".ci/run", "pserve", "pytest", "ruff", "mypy", "uvicorn", "flask", "claude"),
    *("eval", "set", ".", "chmod", "useradd", "systemctl", "setpriv", "install"),
}
"""What the shell blocks use besides make, pip, python and oauthprov."""
OURS = {
    item.metadata["key"]: item.metadata["parse"]
    for item in (*options(), *resource_server.options())
}


def written_in(language: str) -> pytest.MarkDecorator:
    found = [block for block in blocks.blocks() if block.language == language]
    assert found, f"no document has a block in {language}"
    return pytest.mark.parametrize("block", found, ids=str)


@pytest.mark.parametrize("block", blocks.blocks(), ids=str)
def test_a_block_names_its_language(block: Block):
    assert block.language in LANGUAGES | DIRECTIVES, f"name the language of the block at {block}"


@written_in("python")
def test_python_parses_and_imports_what_exists(block: Block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "oauthprov":
            module = importlib.import_module(str(node.module))
            missing = [name.name for name in node.names if not hasattr(module, name.name)]
            assert missing == [], f"{block} imports what {node.module} doesn't have"


@written_in("json")
def test_json_parses(block: Block):
    json.loads(block.text)


@written_in("ini")
def test_an_ini_has_settings_that_exist_and_values_that_are_valid(block: Block):
    text = block.text if re.search(r"^\[", block.text, re.M) else f"[app:main]\n{block.text}"
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    for section in parser.sections():
        if section.startswith(("app:", "DEFAULT")):
            for key, value in own_keys(parser[section]).items():
                judge(key, value, f"{key} at {block}")


def judge(key: str, value: str, where: str) -> None:
    """Refuse a setting that doesn't exist, or a value that it can't have."""
    assert not re.search(r"\s[;#]", value), f"a comment would be part of the value of {where}"
    if key.startswith("oauthprov.storage.") and key not in OURS:
        return
    assert key in OURS, f"there is no setting {where}"
    if not value.startswith(("env:", "file:")) and "%(here)s" not in value:
        OURS[key](value)


def commands(block: Block) -> list[list[str]]:
    """The words of each command of a shell block, without the assignments before it."""
    found: list[list[str]] = []
    for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
        part: list[str] = []
        for word in [*shlex.split(line.replace("...", "X"), comments=True), "&&"]:
            if word in ("&&", "||", "|", ";"):
                found.append(part)
                part = []
            elif part or not re.fullmatch(r"[A-Za-z_]\w*=.*", word, re.DOTALL):
                part.append(word)
    return [part for part in found if part]


@written_in("sh")
def test_a_command_exists(block: Block):
    for name, *arguments in commands(block):
        program = name.rpartition("/")[2] if name.startswith((".venv/", "/opt/")) else name
        match program:
            case "oauthprov":
                exists_in_the_command(arguments, "export OAUTHPROV_INI=" in block.text)
            case "make":
                exists_in_make(arguments)
            case "pip":
                names_extras_that_exist(arguments)
            case "python" | "python3":
                runs_what_exists(arguments, block)
            case _:
                assert program in PROGRAMS, f"{block} runs {program}; is it in another language?"
        if program == "curl":
            paths = {word.partition("/oauth/")[2] for word in arguments if "/oauth/" in word}
            assert paths <= ENDPOINTS, block


def exists_in_the_command(arguments: list[str], ini_is_set: bool) -> None:
    """Parse arguments as the command does, which exits with 2 for wrong ones."""
    if "--help" in arguments or "--version" in arguments:
        return
    parser = parser_for(arguments[:1])
    given = with_default(parser, arguments, "production.ini" if ini_is_set else "")
    _, rest = parser.parse_known_args(given)
    assert not [word for word in rest if "=" not in word or word.startswith("-")], arguments


def exists_in_make(arguments: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    named = [word for word in arguments if "=" not in word and not word.startswith("-")]
    assert set(named) <= {*targets, ".venv/.test", ".venv/.run"}, named


def names_extras_that_exist(arguments: list[str]) -> None:
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    for word in arguments:
        if found := re.fullmatch(r"(?:oauthprov|\.)\[(.+)\]", word):
            assert set(found.group(1).split(",")) <= set(parser["options.extras_require"]), word


def runs_what_exists(arguments: list[str], block: Block) -> None:
    if arguments[0] == "-m":
        assert importlib.util.find_spec(arguments[1]) is not None, arguments
    elif arguments[0].endswith(".py"):
        shown = blocks.files(block.document)
        beside = (ROOT / block.document).parent / arguments[0]
        assert arguments[0] in shown or beside.is_file(), f"{block} runs {arguments[0]}"


def test_the_page_of_the_installation_has_the_extras_that_a_server_may_need():
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    ours = {"browser", "docs", "servers", "test"}
    assert named == set(parser["options.extras_require"]) - ours


INLINE = sorted(
    {
        (str(path.relative_to(ROOT)), command)
        for path in blocks.DOCUMENTS
        for command in re.findall(r"`oauthprov ([a-z][^`]*)`", path.read_text("utf-8"))
    }
)


@pytest.mark.parametrize(("document", "command"), INLINE)
def test_a_command_in_a_sentence_exists(document: str, command: str):
    words = command.replace("...", "X").split()
    verbs = [word for word in words[1:3] if re.fullmatch(r"[a-z-]+", word)]
    parser = parser_for(words[:1])
    assert words[0] in GROUPS, f"{document}: oauthprov {command}"
    for word in [words[0], *verbs]:
        groups = parser._subparsers._group_actions if parser._subparsers else []
        if not groups:
            break
        assert word in groups[0].choices, f"{document}: oauthprov {command}"
        parser = groups[0].choices[word]
    known = set(parser._option_string_actions)
    assert {w.partition("=")[0] for w in words if w.startswith("--")} <= known, command
