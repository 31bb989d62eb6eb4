"""The home page: what this is, and where to go."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator


def home(request: Any) -> dict[str, object]:
    """Show the way in, or the way on."""
    tools = request.oauthprov
    developer = tools.person is not None and tools.person.developer
    open_to_all = tools.settings.console == "everyone"
    return {"console": tools.has_page("clients") and (developer or open_to_all)}


def includeme(config: Configurator) -> None:
    """Add ``/``."""
    config.add_oauth_page("home", "/", get=home, template="home")
