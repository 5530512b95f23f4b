"""The WGFMU library on a virtual B1500A: patterns, execution, what is measured, status codes."""

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.access.vendor_libraries import open_library
from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.simulated_backends.world.world import close_world, open_world

ADDRESS = "GPIB0::17::INSTR"
DC, FAST, PULSE = 2000, 2001, 2002
VOLTAGE, CURRENT = 4000, 4001
WORLD = """
seed = 5
imperfections = {imperfections}
[witness]
file = "witness.jsonl"
[instruments.analyser]
model = "keysight_b1500a"
resource = "GPIB0::17::INSTR"
[instruments.analyser.options]
slots = {{ 1 = "B1517A", 2 = "B1530A" }}
[fixture]
netlist = "R1 a b {ohms}"
[fixture.terminals]
"analyser.201" = "a"
"analyser.202" = "b"
"""

Opened = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Return what opens the library of a world: a resistor between the channels 201 and 202."""
    file = tmp_path / "w.world.toml"
    libraries: list[Any] = []

    def build(ohms: str = "10k", imperfections: bool = False, session: bool = True) -> Any:
        file.write_text(WORLD.format(ohms=ohms, imperfections=str(imperfections).lower()), "utf-8")
        library = open_library("wgfmu", str(file))
        libraries.append(library)
        if session:
            assert library.WGFMU_openSession(ADDRESS) == 0
            assert library.WGFMU_initialize() == 0
        return library

    yield build
    for library in libraries:
        for channel in (201, 202):
            library.WGFMU_disconnect(channel)
        close_world(open_world(file))


def ready(library: Any, channel: int, mode: int = FAST, measured: int = CURRENT, code: int = 6004) -> None:
    """Set a channel up and connect it."""
    assert library.WGFMU_setOperationMode(channel, mode) == 0
    assert library.WGFMU_setMeasureMode(channel, measured) == 0
    setter = library.WGFMU_setMeasureCurrentRange if measured == CURRENT else library.WGFMU_setMeasureVoltageRange
    assert setter(channel, code) == 0
    assert library.WGFMU_connect(channel) == 0


def pulse(library: Any, name: str = "p", volts: float = 2.0, width: float = 2e-6, edge: float = 70e-9) -> float:
    """Create a pattern with one pulse behind 1 us of 0 V; returns its length [s]."""
    assert library.WGFMU_createPattern(name, 0.0) == 0
    steps, levels = (1e-6, edge, width, edge, 1e-6), (0.0, volts, volts, 0.0, 0.0)
    assert library.WGFMU_addVectors(name, steps, levels, 5) == 0
    return sum(steps)


def grounded(library: Any, length: float) -> None:
    """Let channel 202 hold 0 V for as long, measuring current in its widest range."""
    ready(library, 202, code=6005)
    assert library.WGFMU_createPattern("zero", 0.0) == 0
    assert library.WGFMU_addVector("zero", length, 0.0) == 0
    assert library.WGFMU_addSequence(202, "zero", 1.0) == 0


def play(library: Any, channel: int, pattern: str = "p", loops: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Execute a pattern on a channel; returns times and values."""
    assert library.WGFMU_addSequence(channel, pattern, loops) == 0
    assert library.WGFMU_execute() == 0
    assert library.WGFMU_waitUntilCompleted() == 0
    status, size, times, values = library.WGFMU_getMeasureValues(channel, 0, 1_000_000)
    assert (status, size) == (0, len(values))
    return np.array(times), np.array(values)


# --------------------------------------------------------------------------------------------- measured

def test_current_of_a_pulse_in_both_channels(opened: Opened) -> None:
    library = opened()
    length = pulse(library)
    grounded(library, length)
    ready(library, 201)
    for name in ("p", "zero"):
        assert library.WGFMU_setMeasureEvent(name, "top", 2.5e-6, 5, 1e-7, 1e-7, 12000) == 0
    times, values = play(library, 201)
    assert times == pytest.approx(2.5e-6 + 1e-7 * np.arange(5) + 5e-8)
    assert values == pytest.approx(np.full(5, 2.0 / (10e3 + 2 * sheet.FAST_RESISTANCE)), rel=1e-4)
    other = np.array(library.WGFMU_getMeasureValues(202, 0, 100)[3])
    assert other == pytest.approx(-values, rel=1e-3)


@pytest.mark.parametrize("code", sheet.CURRENT_RANGES)
def test_each_current_range_settles_as_the_user_guide_says(opened: Opened, code: int) -> None:
    row = sheet.CURRENT_RANGES[code]
    library = opened(ohms=f"{2.0 / row.full_scale:g}")   # 1 V makes half the range
    interval = max(round(row.settling / 50, 8), 1e-8)
    width = interval * 150
    length = pulse(library, volts=1.0, width=width, edge=1e-8)
    grounded(library, length)
    ready(library, 201, code=code)
    assert library.WGFMU_setMeasureEvent("p", "all", 1e-6 + 1e-8, 149, interval, 0.0, 12000) == 0
    times, values = play(library, 201)
    off = np.abs(values / (1.0 / (2.0 / row.full_scale + 2 * sheet.FAST_RESISTANCE)) - 1.0) > 0.006
    settled = times[np.nonzero(off)[0][-1] + 1] - (1e-6 + 1e-8)
    assert settled == pytest.approx(row.settling, abs=2 * interval)


@pytest.mark.parametrize("code", [6001, 6003, 6005])
def test_noise_at_the_recommended_window(opened: Opened, code: int) -> None:
    row = sheet.CURRENT_RANGES[code]
    library = opened(imperfections=True)
    assert library.WGFMU_createPattern("p", 0.0) == 0
    interval = round(row.window, 8)
    assert library.WGFMU_addVector("p", 1001 * interval, 0.0) == 0
    ready(library, 201, code=code)
    assert library.WGFMU_setMeasureEvent("p", "all", 0.0, 1000, interval, interval, 12000) == 0
    _, values = play(library, 201)
    assert values.std() == pytest.approx(row.noise, rel=0.1)
    assert abs(values.mean()) <= sheet.CURRENT_OFFSET * row.full_scale + 5 * row.noise / 30


def test_what_is_beyond_the_range_is_no_number(opened: Opened) -> None:
    library = opened()
    length = pulse(library)
    grounded(library, length)
    ready(library, 201, code=6003)   # 100 uA, 200 uA flow
    assert library.WGFMU_setMeasureEvent("p", "top", 2.5e-6, 5, 1e-7, 1e-7, 12000) == 0
    assert play(library, 201)[1].tolist() == [sheet.NOT_VALID] * 5


def test_pg_mode_is_a_source_behind_50_ohm(opened: Opened) -> None:
    library = opened(ohms="50")
    length = pulse(library)
    grounded(library, length)
    ready(library, 201, PULSE, VOLTAGE, 5001)
    assert library.WGFMU_setMeasureEvent("p", "top", 2.5e-6, 5, 1e-7, 1e-7, 12000) == 0
    _, values = play(library, 201)
    assert values == pytest.approx(np.full(5, 2.0 * 50.5 / 100.5), rel=1e-3)


def test_pattern_repeats(opened: Opened) -> None:
    library = opened()
    length = pulse(library)
    grounded(library, 4 * length)
    ready(library, 201)
    assert library.WGFMU_setMeasureEvent("p", "top", 2.5e-6, 2, 1e-7, 1e-7, 12000) == 0
    times, values = play(library, 201, loops=4.0)
    assert times == pytest.approx([2.55e-6 + k * length + d for k in range(4) for d in (0.0, 1e-7)])
    assert values == pytest.approx(np.full(8, 2e-4), rel=1e-3)


def test_dc_mode(opened: Opened) -> None:
    library = opened()
    ready(library, 201, DC)
    ready(library, 202, DC)
    assert library.WGFMU_dcforceVoltage(201, 1.0) == 0
    assert library.WGFMU_dcforceVoltage(202, 0.0) == 0
    status, value = library.WGFMU_dcmeasureAveragedValue(201, 1000, 1)
    assert status == 0
    assert value == pytest.approx(1e-4, rel=1e-3)
    assert library.WGFMU_dcforceVoltage(201, 11.0) == -1


# -------------------------------------------------------------------------------------------- execution

def test_abort_keeps_what_was_measured(opened: Opened) -> None:
    library = opened()
    assert library.WGFMU_createPattern("p", 1.0) == 0
    assert library.WGFMU_addVector("p", 10.0, 1.0) == 0
    assert library.WGFMU_setMeasureEvent("p", "all", 0.0, 1000, 1e-2, 1e-3, 12000) == 0
    ready(library, 201)
    assert library.WGFMU_addSequence(201, "p", 1.0) == 0
    assert library.WGFMU_execute() == 0
    assert library.WGFMU_getStatus()[:2] == (0, 10002)
    assert library.WGFMU_getMeasureValues(201, 0, 10)[0] == -14
    assert library.WGFMU_abort() == 0
    assert library.WGFMU_getStatus()[:2] == (0, 10004)
    measured, total = library.WGFMU_getMeasureValueSize(201)[1:]
    assert total == 1000
    assert measured < 1000


def test_wait_ends_at_its_timeout(opened: Opened) -> None:
    library = opened()
    assert library.WGFMU_waitUntilCompleted() == -13
    assert library.WGFMU_createPattern("p", 0.0) == 0
    assert library.WGFMU_addVector("p", 10.0, 0.0) == 0
    ready(library, 201)
    assert library.WGFMU_addSequence(201, "p", 1.0) == 0
    assert library.WGFMU_setTimeout(2.0) == 0
    assert library.WGFMU_execute() == 0
    assert library.WGFMU_waitUntilCompleted() == -14


def test_data_are_lost_when_a_pattern_changes(opened: Opened) -> None:
    library = opened()
    length = pulse(library)
    ready(library, 201)
    assert library.WGFMU_setMeasureEvent("p", "top", 2.5e-6, 5, 1e-7, 1e-7, 12000) == 0
    play(library, 201)
    assert library.WGFMU_addVector("p", length, 0.0) == 0
    assert library.WGFMU_getMeasureValues(201, 0, 5)[0] == -15


def test_nothing_to_execute(opened: Opened) -> None:
    library = opened()
    assert library.WGFMU_execute() == -3
    pulse(library, volts=6.0)
    ready(library, 201, PULSE, VOLTAGE, 5001)
    assert library.WGFMU_addSequence(201, "p", 1.0) == 0
    assert library.WGFMU_execute() == -1   # 6 V in the PG mode
    status, text, _ = library.WGFMU_getErrorSummary(1000)
    assert status == 0
    assert "channel 201: voltage 6" in text


def test_outputs_are_in_the_witness(opened: Opened, tmp_path: Path) -> None:
    library = opened()
    ready(library, 201)
    world = open_world(tmp_path / "w.world.toml")
    assert world.witness.outputs_on() == ["analyser.201"]
    assert library.WGFMU_initialize() == 0
    assert world.witness.outputs_on() == []


# -------------------------------------------------------------------------------------------- patterns

def test_patterns_are_made_of_patterns(opened: Opened) -> None:
    library = opened(session=False)
    assert library.WGFMU_createPattern("a", 1.0) == 0
    assert library.WGFMU_addVector("a", 1e-6, 3.0) == 0
    assert library.WGFMU_setVector("a", 5e-7, 0.0) == 0
    assert library.WGFMU_createMultipliedPattern("b", "a", 2.0, -1.0) == 0
    assert library.WGFMU_createOffsetPattern("c", "a", 1e-6, 0.5) == 0
    assert library.WGFMU_createMergedPattern("d", "a", "b", 9000) == 0
    assert library.WGFMU_createMergedPattern("e", "a", "b", 9001) == 0
    at = library.WGFMU_getPatternInterpolatedForceValue
    assert [at("a", t)[1] for t in (0.0, 5e-7, 1e-6)] == pytest.approx([1.0, 0.0, 3.0])
    assert [at("b", t)[1] for t in (0.0, 1e-6, 2e-6)] == pytest.approx([-1.0, 0.0, -3.0])
    assert [at("c", t)[1] for t in (0.0, 1.5e-6, 2e-6)] == pytest.approx([1.5, 0.5, 3.5])
    assert [at("d", t)[1] for t in (1e-6, 2e-6, 3e-6)] == pytest.approx([3.0, 0.0, -3.0])
    assert [at("e", t)[1] for t in (0.0, 2e-6)] == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize(("function", "arguments", "code"), [
    ("WGFMU_createPattern", ("a", 0.0), -12),
    ("WGFMU_createPattern", ("", 0.0), -2),
    ("WGFMU_createPattern", ("b", 11.0), -1),
    ("WGFMU_addVector", ("b", 1e-6, 0.0), -10),
    ("WGFMU_addVector", ("a", 1e-9, 0.0), -1),
    ("WGFMU_createMergedPattern", ("b", "a", "a", 9002), -1),
    ("WGFMU_createMultipliedPattern", ("b", "a", 0.0, 1.0), -1),
    ("WGFMU_setMeasureEvent", ("a", "e", 0.0, 11, 1e-7, 1e-7, 12000), -1),   # longer than the pattern
    ("WGFMU_setMeasureEvent", ("a", "e", 0.0, 2, 1e-7, 2e-7, 12000), -1),   # means longer than the interval
    ("WGFMU_setMeasureEvent", ("a", "e", 0.0, 2, 1e-7, 1e-7, 12001), -4),
    ("WGFMU_setRangeEvent", ("a", "e", 0.0, 6001), -4),
    ("WGFMU_addSequence", (203, "a", 1.0), -9),
    ("WGFMU_addSequence", (201, "b", 1.0), -10),
    ("WGFMU_addSequence", (201, "a", 0.0), -1),
    ("WGFMU_setOperationMode", (201, 2004), -1),
    ("WGFMU_setMeasureCurrentRange", (201, 6006), -1),
    ("WGFMU_connect", (201,), -3),   # no session
    ("WGFMU_closeSession", (), -3),
])
def test_refused(opened: Opened, function: str, arguments: tuple[Any, ...], code: int) -> None:
    library = opened(session=False)
    assert library.WGFMU_createPattern("a", 0.0) == 0
    assert library.WGFMU_addVector("a", 1e-6, 0.0) == 0
    assert getattr(library, function)(*arguments) == code
    status, size = library.WGFMU_getErrorSize()
    assert (status, size > 0) == (0, True)
    assert library.WGFMU_getError(100)[1].startswith(f"{code}: ")
    assert library.WGFMU_getErrorSize() == (0, 0)


# --------------------------------------------------------------------------------------------- session

def test_session(opened: Opened, tmp_path: Path) -> None:
    library = opened(session=False)
    assert library.WGFMU_openSession("GPIB0::18::INSTR") == -5
    assert library.WGFMU_openSession(ADDRESS) == 0
    assert library.WGFMU_openSession(ADDRESS) == -3
    assert library.WGFMU_getChannelIds(10) == (0, (201, 202), 2)
    assert library.WGFMU_closeSession() == 0
    analyser: Any = open_world(tmp_path / "w.world.toml").instruments["analyser"]
    analyser.flex_status.post_flex(FlexError(100))
    assert library.WGFMU_openSession(ADDRESS) == -6


def test_a_lost_connection_needs_a_new_session(opened: Opened, tmp_path: Path) -> None:
    library = opened()
    world = open_world(tmp_path / "w.world.toml")
    world.lose_sessions("other")
    assert library.WGFMU_connect(201) == 0
    world.instruments["analyser"].power_cycle()
    world.lose_sessions("analyser")
    assert world.witness.outputs_on() == []
    assert library.WGFMU_connect(201) == -5
    assert library.WGFMU_execute() == -5
    assert library.WGFMU_closeSession() == 0
    assert library.WGFMU_openSession(ADDRESS) == 0
    assert library.WGFMU_connect(201) == 0


def test_no_other_library(opened: Opened, tmp_path: Path) -> None:
    opened(session=False)
    with pytest.raises(ConfigurationError, match="no vendor library 'nidaqmx'"):
        open_library("nidaqmx", str(tmp_path / "w.world.toml"))


def test_a_script_with_pointers_of_ctypes_runs_as_it_is(opened: Opened) -> None:
    library = opened()
    c_int, c_double, byref, array = ctypes.c_int, ctypes.c_double, ctypes.byref, ctypes.c_double * 5
    for channel, code in ((201, 6004), (202, 6005)):
        assert library.WGFMU_setOperationMode(c_int(channel), c_int(FAST)) == 0
        assert library.WGFMU_setMeasureMode(channel, CURRENT) == 0
        assert library.WGFMU_setMeasureCurrentRange(channel, code) == 0
        assert library.WGFMU_connect(channel) == 0
    assert library.WGFMU_createPattern(b"p", c_double(0.0)) == 0
    assert library.WGFMU_addVectors(
        b"p", array(1e-6, 7e-8, 2e-6, 7e-8, 1e-6), array(0.0, 2.0, 2.0, 0.0, 0.0), c_int(5)) == 0
    assert library.WGFMU_createPattern(b"zero", 0.0) == 0 == library.WGFMU_addVector(b"zero", 4.14e-6, 0.0)
    assert library.WGFMU_setMeasureEvent(b"p", b"top", 2.5e-6, 5, 1e-7, 1e-7, 12000) == 0
    for channel, name in ((201, b"p"), (202, b"zero")):
        assert library.WGFMU_addSequence(channel, name, 1.0) == 0
    assert library.WGFMU_execute() == 0 == library.WGFMU_waitUntilCompleted()
    measured, total, size, time, value = c_int(), c_int(), c_int(5), c_double(), c_double()
    assert library.WGFMU_getMeasureValueSize(201, byref(measured), ctypes.pointer(total)) == 0
    assert (measured.value, total.value) == (5, 5)
    times, values = array(), array()
    assert library.WGFMU_getMeasureValues(201, 0, byref(size), times, values) == 0 and size.value == 5
    found = np.zeros(5)
    address = found.ctypes.data_as(ctypes.POINTER(c_double))
    assert library.WGFMU_getMeasureValues(201, 0, byref(size), times, address) == 0 and list(found) == list(values)
    assert library.WGFMU_getMeasureValue(201, 3, byref(time), byref(value)) == 0
    assert (time.value, value.value) == (times[3], values[3]) == library.WGFMU_getMeasureValue(201, 3)[1:]
    assert library.WGFMU_getMeasureValue(201, 5, byref(time), byref(value)) == -1
    length = c_int()
    assert library.WGFMU_getErrorSummarySize(byref(length)) == 0
    text = ctypes.create_string_buffer(length.value + 1)
    assert library.WGFMU_getErrorSummary(text, byref(length)) == 0 and text.value == b"-1: there is no value 5"
