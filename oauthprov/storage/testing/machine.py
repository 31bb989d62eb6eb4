"""Hypothesis runs the same steps on a backend and on a model: they must always agree."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from oauthprov.storage.interface import Storage
from oauthprov.storage.testing.backend import Backend


class AgainstModel(Backend):
    """Random commits, compared with the model."""

    steps = 30
    examples = 25

    def test_it_agrees_with_the_model(self, storage: Storage) -> None:
        pytest.importorskip("hypothesis")
        from hypothesis import HealthCheck, settings
        from hypothesis.stateful import run_state_machine_as_test

        from oauthprov.storage.testing.rules import Machine

        choice: Any = settings(
            max_examples=self.examples,
            stateful_step_count=self.steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        made: Any = partial(Machine, storage)
        run_state_machine_as_test(made, settings=choice)
