"""A call that may take long has its time only while its thread is inside it."""

import sys
import threading
from types import FrameType
from typing import Any

import pytest

from tsbench.instruments.links.call_stack import EXCHANGE, LongCall

TRANSPORT = ("tsbench.instruments.links.transport", "transport.py")
PYVISA = ("pyvisa.resources.messagebased", "/somewhere/site-packages/pyvisa/resources/messagebased.py")
LOCK = ("threading", threading.__file__)


def frame_in(*modules: tuple[str, str]) -> FrameType:
    """Return the innermost frame of functions of these modules (name, file) that call each other."""
    inner: Any = sys._getframe
    for number, (name, file) in enumerate(reversed(modules)):
        space: dict[str, Any] = {"__name__": name, "inner": inner}
        exec(compile(f"def call():\n    return inner({0 if number == 0 else ''})\n", file, "exec"), space)
        inner = space["call"]
    frame: FrameType = inner()
    return frame


@pytest.mark.parametrize(("modules", "inside"), [
    ([TRANSPORT], True),
    ([TRANSPORT, PYVISA], True),
    ([TRANSPORT, PYVISA, ("usb.core", "/home/x/.venv/site-packages/usb/core.py")], True),
    ([TRANSPORT, PYVISA, LOCK], True),
    ([TRANSPORT, ("pyvisa_lab", "/home/x/lab/pyvisa_lab/read.py")], True),
    ([TRANSPORT, PYVISA, ("handler", "/home/x/handler.py")], False),
    ([TRANSPORT, PYVISA, ("handler", "/home/x/handler.py"), LOCK], False),
    ([TRANSPORT, PYVISA, ("tsbench.station.x", "/y/site-packages/tsbench/station/x.py")], False),
    ([PYVISA], False),
])
def test_only_frames_of_the_library_above_an_exchange_are_inside_it(
    modules: list[tuple[str, str]], inside: bool,
) -> None:
    assert EXCHANGE.contains(frame_in(*modules)) is inside


def test_no_frame_is_outside() -> None:
    assert not EXCHANGE.contains(None)


def test_each_call_has_its_own_modules() -> None:
    writing = LongCall("caller", ("tsbench.storage",))
    storage, listener = ("tsbench.storage.recorder", "/x/recorder.py"), ("tsbench.station.events", "/x/events.py")
    assert writing.contains(frame_in(("caller", "/x/c.py"), storage, LOCK))
    assert not writing.contains(frame_in(("caller", "/x/c.py"), storage, listener))
    assert not EXCHANGE.contains(frame_in(("caller", "/x/c.py"), storage))
