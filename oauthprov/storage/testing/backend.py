"""What a backend tells the suite: how to open it, break it, and look behind it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import ClassVar, Protocol

import pytest

from oauthprov.records import Record
from oauthprov.storage.interface import Storage


class NewerCode(Protocol):
    """A later version of the backend, which knows one more field of a kind than this one."""

    def plant(self, kind: type[Record], key: str, name: str, value: str) -> None:
        """Give the stored record a field ``name``, as the later version would."""

    def read(self, kind: type[Record], key: str, name: str) -> str | None:
        """Return that field of the stored record, None when it is lost."""


class Backend:
    """The fixtures that a subclass defines.

    ``reopen = None`` says that the engine can't have a fixture, as a database in memory can't be
    opened twice: the tests that need it aren't collected.
    """

    purges: ClassVar[bool] = True
    """False where the engine drops records by itself, later than ``now`` would have them go."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in dir(cls):
            if name.startswith("test_") and (test := getattr(cls, name)) is not None:
                needed = signature(test).parameters
                if any(getattr(cls, fixture, test) is None for fixture in needed):
                    setattr(cls, name, None)  # which pytest takes for no test

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, its schema upgraded."""
        pytest.fail("the suite needs the fixture `storage`")

    @pytest.fixture
    def reopen(self) -> Callable[[], Storage]:
        """A picklable function that opens the database of ``storage`` once more."""
        pytest.fail("the suite needs the fixture `reopen`: a picklable () -> Storage")

    @pytest.fixture
    def broken(self) -> Storage:
        """A storage whose database can't be reached."""
        pytest.fail("the suite needs the fixture `broken`: a Storage whose connection is dead")

    @pytest.fixture
    def dump(self) -> Callable[[], bytes]:
        """A function that returns every byte that ``storage`` holds."""
        pytest.fail("the suite needs the fixture `dump`: a () -> bytes")

    @pytest.fixture
    def newer_code(self) -> NewerCode:
        """A later version at work on the same database as ``storage``."""
        pytest.fail("the suite needs the fixture `newer_code`: see NewerCode")
