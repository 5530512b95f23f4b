"""A pytest plugin for the device suites of PyMeasure: they run although their authors skip them without an instrument.

No file of theirs is changed. A suite that skips itself as a module (``pytest.skip(..., allow_module_level=True)``) is
collected all the same. The bench stays switched on for the whole session, and its partner outputs a waveform. A pause
of the suite (``time.sleep``) passes on the clock of the bench, which does not follow the clock on the wall.
"""

import json
import os
import time
from typing import Any

import pytest

_skip = pytest.skip
_manager: list[Any] = []


def _skip_no_module(*arguments: Any, allow_module_level: bool = False, **keywords: Any) -> None:
    if not allow_module_level:
        _skip(*arguments, **keywords)


def _sleep(seconds: float) -> None:
    from tsbench.simulated_backends.world.world import open_worlds

    for world in open_worlds():
        with world.bench.lock:
            world.bench.begin_message()
            world.bench.clock.wait(seconds)


def pytest_configure(config: pytest.Config) -> None:
    """Switch the bench on, and lift the skips of whole modules."""
    import pyvisa

    pytest.skip = _skip_no_module  # type: ignore[assignment]
    time.sleep = _sleep
    manager = pyvisa.ResourceManager()
    _manager.append(manager)
    for address, messages in json.loads(os.environ.get("TSBENCH_SUITE_PARTNER", "{}")).items():
        session: Any = manager.open_resource(address)
        for message in messages:
            session.write(message)
        assert session.query("*OPC?").strip() == "1"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Switch the bench off."""
    for manager in _manager:
        manager.close()
