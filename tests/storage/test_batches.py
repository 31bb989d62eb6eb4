"""Changes that are too many for one commit are cut into batches, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from oauthprov.storage.interface import COMMIT_LIMIT, Revoke, batches


@pytest.mark.parametrize(
    ("length", "sizes"),
    [
        (0, []),
        (1, [1]),
        (COMMIT_LIMIT, [COMMIT_LIMIT]),
        (COMMIT_LIMIT + 1, [COMMIT_LIMIT, 1]),
        (3 * COMMIT_LIMIT, [COMMIT_LIMIT] * 3),
    ],
)
def test_no_batch_is_too_long_for_a_commit(length: int, sizes: list[int]) -> None:
    changes = [Revoke(str(number)) for number in range(length)]
    cut = list(batches(iter(changes)))
    assert [len(batch) for batch in cut] == sizes
    assert [change for batch in cut for change in batch] == changes


def test_batches_are_made_lazily() -> None:
    made: list[int] = []

    def endless() -> Iterator[Revoke]:
        for number in count():
            made.append(number)
            yield Revoke(str(number))

    assert len(next(batches(endless()))) == COMMIT_LIMIT
    assert len(made) == COMMIT_LIMIT
