"""docs/errors.md has every error code that the code can send."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import oauthprov
from oauthprov.errors import OAuth2Error
from tests.documents.blocks import ROOT

ELSEWHERE = {"insufficient_scope", "insufficient_user_authentication", "unauthorized_client"}
"""Codes without a class of ours: those of resources, and those of oauthlib itself."""
ROOMS = ("oauthprov.errors", "oauthprov.protocol", "oauthprov.web")


def codes() -> Iterator[str]:
    for module in pkgutil.walk_packages(oauthprov.__path__, "oauthprov."):
        if module.name.startswith(ROOMS) and not module.name.endswith(".shell"):
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and issubclass(value, OAuth2Error) and value.error:
                    yield str(value.error)


def test_the_page_has_every_code():
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    rows = set(re.findall(r"^\|(?: \d{3} \|)? `(\w+)` \|", page, re.MULTILINE))
    assert rows == set(codes()) | ELSEWHERE
