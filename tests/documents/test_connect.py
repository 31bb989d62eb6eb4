"""The recipes for apps name the versions and the settings with which they are tested."""

from __future__ import annotations

import json
import re

import pytest

from tests.documents.blocks import ROOT, of

PAGE = (ROOT / "docs" / "connect.md").read_text("utf-8")
MCP = (ROOT / "docs" / "mcp.md").read_text("utf-8")
CLIENTS = ROOT / "tests" / "clients"
NODE = {
    "Auth.js": "@auth/express",
    "Passport with openid-client": "openid-client",
    "Passport with passport-openidconnect": "passport-openidconnect",
}
FROM_DEBIAN = {"Apache mod_auth_openidc"}
ROWS = [
    (re.sub(r"\[([^\]]+)\]\([^)]+\)|`", r"\1", name), version)
    for name, version in re.findall(r"^\| (.+?) \| (\S+) \| each change \|$", PAGE, re.MULTILINE)
]


def versions() -> dict[str, str]:
    """The versions that the tests run with, by package."""
    pinned = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.M))
    lock = json.loads((CLIENTS / "node" / "package-lock.json").read_text("utf-8"))
    marker = "node_modules/"
    node = {
        path.removeprefix(marker): package["version"]
        for path, package in lock["packages"].items()
        if path.startswith(marker)
    }
    return pinned | node


def test_each_tested_version_is_the_one_that_the_tests_run_with():
    assert len(ROWS) > 10
    installed = versions()
    for name, version in ROWS:
        if name in FROM_DEBIAN:
            continue
        package = NODE.get(name.partition(",")[0], NODE.get(name, name.lower()))
        assert f"{installed[package]}.".startswith(f"{version}."), (name, installed[package])


@pytest.mark.parametrize(
    ("words", "package"),
    [
        (r"`mcp` (\S+)", "mcp"),
        (r"`@modelcontextprotocol/client` (\S+)", "@modelcontextprotocol/client"),
        (r"`@modelcontextprotocol/sdk` (\S+)", "@modelcontextprotocol/sdk"),
        (r"MCP Inspector (\d\S+),", "@modelcontextprotocol/inspector"),
        (r"FastMCP (\d\S*),", "fastmcp"),
        (r"`fastmcp` (\S+)", "fastmcp"),
        (r"`mcp-remote` ([^\s,]+)", "mcp-remote"),
    ],
)
def test_the_page_of_mcp_names_the_versions_that_the_tests_run_with(words, package):
    [named] = re.findall(words, MCP)
    assert f"{versions()[package]}.".startswith(f"{named}.")


RECIPES = {
    "Apache mod_auth_openidc": ("apache.py", r"OIDC\w+|AuthType|Require\b"),
    "mozilla-django-oidc": ("parties/django_apps.py", r"^[A-Z_]{4,}"),
    "django-allauth": ("parties/django_apps.py", r'"(\w+)":'),
    "Authlib": ("parties/flask_authlib.py", r"(\w+)="),
    "Auth.js": ("node/authjs.js", r"^\s*(\w+):"),
    "Passport": ("node/passport_app.js", r"client\.(\w+)|const (\w+)"),
    "express-openid-connect": ("node/express_openid_connect.js", r"^\s+(\w+):"),
    "oidc-client-ts": ("node/oidc_client_ts.html", r"^\s+(\w+)\b"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_each_setting_of_a_recipe_is_one_that_its_program_uses(name):
    path, pattern = RECIPES[name]
    _, _, begun = PAGE.partition(f"\n## {name}\n")
    [section, *_] = begun.split("\n## ")
    texts = [block.text for block in of("docs/connect.md") if block.text.strip() in section]
    found = [one for text in texts for one in re.findall(pattern, text, re.MULTILINE)]
    named = {word for one in found for word in ([one] if isinstance(one, str) else one) if word}
    assert named, name
    program = (CLIENTS / path).read_text("utf-8")
    assert [word for word in sorted(named) if word not in program] == []
