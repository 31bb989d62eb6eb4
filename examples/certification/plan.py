"""The configuration of a test plan: what the suite is told of the provider and its pages.

It goes into the field "JSON" of "Create a new test plan", or to the suite's own scripts. The same
document serves static clients and dynamic registration, and every plan.
"""

from __future__ import annotations

from typing import Any

from examples.certification.pages import PATIENCE, logout, overrides, screenshot
from examples.certification.people import NAME, PASSWORD

Json = dict[str, Any]


def plan(issuer: str, alias: str, clients: Json, told: Json) -> Json:
    """Return the document; ``clients`` are ``client``, ``client2`` and ``client_secret_post``.

    ``told`` is the client that is told of logouts: only one module has an address for that.
    """
    signing_in = authorization(issuer, alias)
    return {
        "alias": alias,
        "description": "oauthprov",
        "server": {
            "discoveryUrl": f"{issuer}/.well-known/openid-configuration",
            "login_hint": NAME,
        },
        **clients,
        "browser": [signing_in, logout(issuer, alias)],
        "override": overrides(issuer, signing_in)
        | {"oidcc-backchannel-rp-initiated-logout": {"client": told}},
    }


def authorization(issuer: str, alias: str) -> Json:
    """How somebody signs in, allows what is asked, and gets back to the suite."""
    callback = f"/test/a/{alias}/callback"
    return {
        "match": f"{issuer}/oauth/authorize*",
        "tasks": [
            {
                "task": "Sign in",
                "match": f"{issuer}/login*",
                "optional": True,
                "commands": [
                    screenshot("sign-in", "Sign in", optional=True),
                    ["text", "id", "name", NAME],
                    ["text", "id", "password", PASSWORD],
                    ["click", "id", "sign-in"],
                ],
            },
            {
                "task": "Allow",
                "match": f"{issuer}/consent*",
                "optional": True,
                "commands": [["click", "id", "allow"]],
            },
            {
                "task": "Be sent back by a form",
                "match": f"{issuer}/*",
                "optional": True,
                "commands": [["wait", "contains", callback, PATIENCE]],
            },
            {
                "task": "Arrive",
                "match": f"*{callback}*",
                "commands": [["wait", "id", "submission_complete", PATIENCE]],
            },
        ],
    }
