"""Why a passkey is refused."""

from __future__ import annotations

from typing import Literal

from oauthprov.records import Passkey

Reason = Literal[
    "malformed", "expired", "used", "unproven", "unverified", "unknown", "copied", "full"
]
"""``malformed``: no response of a browser; ``expired`` and ``used``: its challenge, also one that
was made for another browser or purpose; ``unproven``: the signature, key or place is wrong;
``unverified``: the device didn't verify its user by PIN or biometrics, but must have; ``unknown``:
no such passkey or account; ``copied``: see :class:`Copied`; ``full``: the account has no room for
another."""


class Refused(Exception):
    """A response to a challenge isn't accepted; ``detail`` is for the log and has no secret."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Copied(Refused):
    """The passkey has been copied: its sign count didn't grow, now or at an earlier use.

    ``passkey`` is the record; ``first`` is whether this use has shown it.
    """

    def __init__(self, passkey: Passkey, *, first: bool) -> None:
        super().__init__("copied")
        self.passkey = passkey
        self.first = first
