"""The virtual instruments answer as they did when the replies were recorded: see ``benchmarks/recording.py``.

A reply that changes on purpose needs another recording (``python -m benchmarks.recording make``).
"""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.recording import read, talk


@pytest.fixture(scope="module")
def recorded() -> Any:
    return read(Path(__file__).parents[3] / "benchmarks" / "recording.xz")


@pytest.mark.thin(3)
@pytest.mark.tsbench_outputs_stay_on   # random messages end anywhere
@pytest.mark.parametrize("name", ["VirtualKeithley2450", "VirtualKeysight33622A", "VirtualKeysightDSOX3054T"])
def test_replies_are_those_of_the_recording(recorded: Any, name: str) -> None:
    world, script = recorded["said"][f"resistor: {name}"]
    replies = recorded["heard"][f"resistor: {name}"]
    assert len(replies) == 800 and sum(bool(reply) for reply in replies) > 100
    heard = talk(world, [(resource, message) for resource, message in script])
    for (_, message), before, now in zip(script, replies, heard, strict=True):
        assert now == before, message
