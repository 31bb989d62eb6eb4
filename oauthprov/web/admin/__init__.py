"""The admin pages: people, clients, registration tokens, keys, health and audit."""

from __future__ import annotations

from pyramid.config import Configurator

PAGES = (
    "home",
    "clients",
    "client",
    "client_removal",
    "client_hosts",
    "registration_tokens",
    "keys",
    "health",
    "audit",
)
"""Pages for every account source that names admins."""
PEOPLE = ("people", "person", "person_removal")
"""Pages for built-in accounts."""


def includeme(config: Configurator) -> None:
    """Add ``/admin`` and the pages below it."""
    people = config.registry["oauthprov"].people is not None
    for page in (*PAGES, *(PEOPLE if people else ())):
        config.include(f"oauthprov.web.admin.{page}")
