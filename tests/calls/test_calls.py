"""No flow costs more calls of functions than its committed figure, give or take a tenth."""

from __future__ import annotations

import pytest

from tests.calls.counting import per_step_on
from tests.calls.figures import read

ALLOWED = 1.1


@pytest.mark.parametrize("engine", ["sqlite", "redis", "postgresql"])
def test_each_flow_costs_at_most_its_figure(engine, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'calls.sqlite'}"
    if engine != "sqlite":
        url = request.getfixturevalue(f"{engine}_url")
    found = {name: counted.total() for name, counted in per_step_on(url).items()}
    committed = read()[engine]
    assert found.keys() == committed.keys()
    dearer = {
        name: f"{calls} calls, {committed[name]} committed"
        for name, calls in found.items()
        if calls > ALLOWED * committed[name]
    }
    assert not dearer, f"find out why, or run: python -m tests.calls --write {engine}"
