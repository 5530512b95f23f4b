"""Tests of physics run in generic code, but for those that ask for code of a circuit's own."""

import math

import pytest

from tsbench.simulated_backends.circuit import compiled_circuit, simulate


@pytest.fixture(autouse=True)
def long_runs_get_no_code_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling takes seconds for each topology; ``test_simulate_door`` and ``test_serve_compiled`` are about it."""
    monkeypatch.setattr(simulate, "WORTH_COMPILING", math.inf)
    monkeypatch.setattr(compiled_circuit, "GENERIC_STEPS", math.inf)
