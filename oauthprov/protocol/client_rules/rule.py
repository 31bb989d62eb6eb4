"""What a rule is: a function of the value given, the type of the client, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oauthprov.protocol.client_types import ClientType
from oauthprov.settings import Settings

Rule = Callable[[Any, ClientType, Settings], object]
"""Returns the value as it is stored; ValueError says what is wrong, as a sentence."""
