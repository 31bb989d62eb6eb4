"""The fixtures by which the suite opens a backend, breaks it, and reads its raw contents."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import ClassVar, Protocol

import pytest

from oauthprov.records import Record
from oauthprov.storage.interface import Storage


class NewerCode(Protocol):
    """A later version of the backend, with one more field of a kind than this version."""

    def plant(self, kind: type[Record], key: str, name: str, value: str) -> None:
        """Set field ``name`` of the stored record, as the later version would."""

    def read(self, kind: type[Record], key: str, name: str) -> str | None:
        """Return that field of the stored record, None if it was lost."""


class Backend:
    """The fixtures that a subclass defines.

    Set a fixture to None if the engine can't provide it; the tests that need it are then not
    collected. ``reopen = None``, for example, is for a database in memory, which can't be opened
    twice.
    """

    purges: ClassVar[bool] = True
    """False if the engine drops expired records by its own clock, later than ``now`` requires."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in dir(cls):
            if name.startswith("test_") and (test := getattr(cls, name)) is not None:
                needed = signature(test).parameters
                if any(getattr(cls, fixture, test) is None for fixture in needed):
                    setattr(cls, name, None)  # pytest then doesn't collect it

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage with the current schema."""
        pytest.fail("the suite needs the fixture `storage`")

    @pytest.fixture
    def reopen(self) -> Callable[[], Storage]:
        """A picklable function that opens the database of ``storage`` again."""
        pytest.fail("the suite needs the fixture `reopen`: a picklable () -> Storage")

    @pytest.fixture
    def broken(self) -> Storage:
        """A storage whose database can't be reached."""
        pytest.fail("the suite needs the fixture `broken`: a Storage whose connection is dead")

    @pytest.fixture
    def dump(self) -> Callable[[], bytes]:
        """A function that returns all bytes that ``storage`` holds."""
        pytest.fail("the suite needs the fixture `dump`: a () -> bytes")

    @pytest.fixture
    def newer_code(self) -> NewerCode:
        """A later version that uses the same database as ``storage``."""
        pytest.fail("the suite needs the fixture `newer_code`: see NewerCode")
