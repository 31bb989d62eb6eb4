"""How the plan Dynamic runs: clients register now, and authenticate by what they sign."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import BASIC, ID_TOKEN, ID_TOKEN_TOKEN, WAYS
from tests.engines import engines

METHOD = "private_key_jwt"

SIGNED = [f"{way}-{METHOD}" for way in WAYS[::2]]

dynamic = pytest.mark.parametrize("way", engines(SIGNED, SIGNED[0]))
with_any_response = pytest.mark.parametrize("variant", [BASIC, ID_TOKEN, ID_TOKEN_TOKEN], ids=str)
with_tokens = pytest.mark.parametrize("variant", [BASIC], ids=str)
