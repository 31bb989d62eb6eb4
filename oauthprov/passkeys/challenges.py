"""Challenges that nothing is stored for until they are used.

A challenge is ``<expiry>.<256 random bits>.<MAC>``. The MAC binds it to a purpose, and to a holder
such as a browser; a mark in storage makes it usable once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from oauthprov.credentials import Keyring, mint, replay_key
from oauthprov.passkeys.refusal import Refused
from oauthprov.records import ReplayMark

Purpose = Literal["register", "sign in", "second step"]

LIFETIME = 300
"""Seconds that a challenge is valid for."""
_CLOCKS_APART = 60
"""Seconds that a mark outlives its challenge, since the clock of another node may be behind."""
_LABEL = "passkey challenge"


class Challenges:
    """Makes and checks challenges; ``clock`` returns epoch seconds."""

    def __init__(self, keyring: Keyring, clock: Callable[[], int]) -> None:
        self._keyring = keyring
        self._clock = clock

    def mint(self, purpose: Purpose, holder: str) -> str:
        """Return a new challenge for this purpose and holder."""
        text = f"{self._clock() + LIFETIME}.{mint()[0]}"
        return f"{text}.{self._keyring.sign(_LABEL, _bound(text, purpose, holder))}"

    def check(self, challenge: str, purpose: Purpose, holder: str, account_id: str) -> ReplayMark:
        """Return the mark to be added in the commit that uses the challenge.

        It shares the slot of the account. If there is one already, the challenge was used. Raises
        Refused for a challenge that has expired, or wasn't made here for this purpose and holder.
        """
        text, _, mac = challenge.rpartition(".")
        if not self._keyring.verify(_LABEL, _bound(text, purpose, holder), mac):
            raise Refused("expired", "the challenge is of another browser or purpose")
        expires_at = int(text.partition(".")[0])
        if self._clock() >= expires_at:
            raise Refused("expired")
        key = f"{account_id}.{replay_key(_LABEL, challenge)}"
        return ReplayMark(key, expires_at + _CLOCKS_APART)


def _bound(text: str, purpose: Purpose, holder: str) -> str:
    return f"{purpose}\n{holder}\n{text}"
