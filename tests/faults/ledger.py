"""What clients were given, and what must be true of it now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum


def grant_of(secret: str) -> str:
    """The grant id in a code or token, which reads ``<prefix>_<grant id>.<secret>``."""
    return secret.partition("_")[2].partition(".")[0]


class State(Enum):
    """What a client may rely on."""

    LIVE = "live"
    DEAD = "dead"
    DOUBTFUL = "doubtful"
    """Its end was asked for, and no answer told whether it came."""


@dataclass
class Token:
    """An access token and what must be true of it."""

    value: str
    state: State = State.LIVE
    at: float = field(default_factory=time.monotonic)


@dataclass
class Family:
    """One authorization: its code, and all that came from it.

    ``code_state`` is LIVE before the code is redeemed, DEAD afterwards. ``refresh`` is the refresh
    token to present next, ``rotated`` those before it. ``state`` is that of every token of the
    family, ``ended_by`` what made it DEAD. ``touched`` is when each answer came that told of a
    change, ``signed_out`` when one told that the session had ended, of which the provider keeps a
    mark elsewhere. ``complaints`` are what its client found wrong.
    """

    code: str
    offline: bool
    code_state: State = State.LIVE
    redemptions: int = 0
    access: list[Token] = field(default_factory=list)
    refresh: str | None = None
    rotated: list[str] = field(default_factory=list)
    state: State = State.LIVE
    ended_by: str = ""
    touched: list[float] = field(default_factory=list)
    signed_out: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def grant_id(self) -> str:
        return grant_of(self.code)

    @property
    def tokens(self) -> int:
        """How many secrets of it were given to a client."""
        return 1 + len(self.access) + len(self.rotated) + (self.refresh is not None)

    def touch(self) -> None:
        self.touched.append(time.monotonic())

    def gave(self, response: dict[str, str]) -> None:
        """Keep the tokens of a response."""
        self.touch()
        self.access.append(Token(response["access_token"]))
        if self.refresh is not None and self.refresh != response["refresh_token"]:
            self.rotated.append(self.refresh)
        self.refresh = response["refresh_token"]

    def end(self, by: str, *, certainly: bool) -> None:
        """Its end was answered with success, or asked for without an answer."""
        self.touch()
        if certainly:
            self.state, self.ended_by = State.DEAD, by
        elif self.state is State.LIVE:
            self.state = State.DOUBTFUL

    def complain(self, sentence: str) -> None:
        self.touch()
        self.complaints.append(sentence)


@dataclass
class Session:
    """A sign-in of one client, and the families that its end takes along."""

    families: list[Family] = field(default_factory=list)

    def end(self, *, certainly: bool) -> None:
        for family in self.families:
            if not family.offline:
                family.end("a sign-out", certainly=certainly)
                family.signed_out.append(time.monotonic())


@dataclass
class Ledger:
    """All that one client was given."""

    families: list[Family] = field(default_factory=list)
    machine: list[Token] = field(default_factory=list)
    """Tokens of client credentials: each is a family of its own."""

    complaints: list[tuple[float, str]] = field(default_factory=list)
