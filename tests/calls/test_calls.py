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


NEITHER = {"audit.keep": "0"}
BOTH = {"metrics.secret": "metrics-0123456789-abcdefghijklmno"}
METRICS, ENTRY = 30, 50
"""Calls that they add to a request, and that an entry of the audit adds to a commit, at most."""


def test_metrics_add_a_few_calls_and_the_audit_those_of_an_entry(tmp_path):
    without = per_step_on(f"sqlite:///{tmp_path / 'without.sqlite'}", **NEITHER)
    both = per_step_on(f"sqlite:///{tmp_path / 'both.sqlite'}", **BOTH)
    added = {name: both[name].total() - without[name].total() for name in both}
    most = {name: METRICS + ENTRY * name.startswith("code exchange") for name in added}
    assert {name: calls for name, calls in added.items() if calls > most[name]} == {}
