"""Tests of physics run netlists in generic code."""

import math

import pytest

from tsbench.simulated_backends.circuit import simulate


@pytest.fixture(autouse=True)
def netlists_get_no_code_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling takes seconds for each topology; ``test_specialised`` and ``test_simulate_door`` are about it."""
    monkeypatch.setattr(simulate, "WORTH_COMPILING", math.inf)
