"""The configuration of a test plan: what the suite is told of the provider and its pages.

It goes into the field "JSON" of "Create a new test plan", or to the suite's own scripts. The same
document serves static clients and dynamic registration, and every plan.
"""

from __future__ import annotations

from typing import Any

from examples.certification.people import NAME, PASSWORD

Json = dict[str, Any]

PATIENCE = 10
"""Seconds that the suite's browser waits for a page."""


def plan(issuer: str, alias: str, clients: Json) -> Json:
    """Return the document; ``clients`` are ``client``, ``client2`` and ``client_secret_post``."""
    return {
        "alias": alias,
        "description": "oauthprov",
        "server": {
            "discoveryUrl": f"{issuer}/.well-known/openid-configuration",
            "login_hint": NAME,
        },
        **clients,
        "browser": [authorization(issuer, alias)],
        "override": {
            "oidcc-ensure-registered-redirect-uri": {"browser": [refusal(issuer)]},
        },
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


def refusal(issuer: str, words: str = "redirect") -> Json:
    """A request that ends on our error page; ``words`` are a pattern for what that says."""
    return {
        "match": f"{issuer}/oauth/authorize*",
        "tasks": [
            {
                "task": "See why it is refused",
                "match": f"{issuer}/oauth/authorize*",
                "commands": [screenshot("error", words)],
            }
        ],
    }


def screenshot(element: str, words: str, *, optional: bool = False) -> list[Any]:
    """The command that shows the suite what it would have a person look at."""
    action = "update-image-placeholder" + ("-optional" if optional else "")
    return ["wait", "id", element, PATIENCE, words, action]
