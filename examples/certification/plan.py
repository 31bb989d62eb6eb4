"""The configuration of a test plan: the provider and its pages.

Paste it into the field "JSON" of "Create a new test plan", or pass it to the suite's scripts. The
same document works for every plan, with static clients and with dynamic registration.
"""

from __future__ import annotations

from typing import Any

from examples.certification.pages import PATIENCE, logout, overrides, screenshot
from examples.certification.people import NAME, PASSWORD

Json = dict[str, Any]


def plan(issuer: str, alias: str, suite_url: str, clients: Json, notified: Json) -> Json:
    """Return the document; ``clients`` has ``client``, ``client2`` and ``client_secret_post``.

    ``suite_url`` is the prefix of the suite's URLs. ``notified`` is the client that receives
    logout tokens: only one module has a URL for them.
    """
    signing_in = authorization(issuer, suite_url)
    return {
        "alias": alias,
        "description": "oauthprov",
        "server": {
            "discoveryUrl": f"{issuer}/.well-known/openid-configuration",
            "login_hint": NAME,
        },
        **clients,
        "browser": [signing_in, logout(issuer, suite_url)],
        "override": overrides(issuer, signing_in)
        | {"oidcc-backchannel-rp-initiated-logout": {"client": notified}},
    }


def authorization(issuer: str, suite_url: str) -> Json:
    """Return the entry for signing in, consenting and returning to the suite.

    A page of the provider may have the suite's URL in its query: hence ``match`` begins with the
    host, and the entry waits for an element of the suite's page.
    """
    arrived = ["wait", "id", "submission_complete", PATIENCE]
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
                "commands": [arrived],
            },
            {
                "task": "Arrive",
                "match": f"{suite_url}/callback*",
                "commands": [arrived],
            },
        ],
    }
