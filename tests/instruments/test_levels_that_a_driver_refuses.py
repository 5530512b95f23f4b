"""A driver may refuse more than its guard: what it refuses before a message was never on, and does not count."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.fixtures.gate_bench import bench_file
from tests.instruments.test_guard_of_pulses import FULL, unit
from tests.instruments.test_limits import Sent, generator, no_reply, pulse
from tests.instruments.test_limits import source_meter as meter
from tsbench.errors import CommunicationError, LimitError
from tsbench.instruments import ArbitraryWaveform, OutputState, Segment, SegmentTrain, SourcePulses, SourceSettings
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, OutputsOn, WirePath, WorstCase
from tsbench.instruments.guard.pulse_measure import GuardedPulseMeasure
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.records import DeviceLimits
from tsbench.station.bench.bench import Bench

BEHIND = WirePath(5100.0, coupled=True)
LIMITS = DeviceLimits(max_voltage=3.0, max_current=1e-3)


def refused(*arguments: Any) -> Any:
    raise LimitError("driver: with this period and these edges, pulse width = 1.2 ms is outside the range")


def waveform(level: float) -> ArbitraryWaveform:
    return ArbitraryWaveform(np.array([0.0, level] * 16), 1e6)


@pytest.mark.parametrize(("name", "request_of"), [
    ("configure_pulse", lambda level: pulse(amplitude=level)), ("configure_level", float), ("load_waveform", waveform)])
def test_a_level_of_a_generator(name: str, request_of: Callable[[float], object]) -> None:
    """-2 V never was on: 1.5 V in its place are 1.5 V behind the capacitor, not 3.5 V."""
    guard, sent = generator(LIMITS, BEHIND)
    guard.configure_load(float("inf"))
    guard.configure_level(0.0)
    guard.set_output(True)
    setattr(sent, name, refused)
    with pytest.raises(LimitError, match="driver: with this period"):
        getattr(guard, name)(request_of(-2.0))
    assert not guard.charged and guard.path.held == (0.0, 0.0)
    sent.__dict__.pop(name)
    guard.configure_level(1.5)
    setattr(sent, name, no_reply)   # but it may be on if a reply is lost
    with pytest.raises(CommunicationError):
        getattr(guard, name)(request_of(-1.4))
    assert guard.charged and guard.path.held == (-1.4, 1.5)


def test_what_others_may_bring_beside_it() -> None:
    """The sum of all outputs that are on is that of before."""
    guard, sent = generator(LIMITS)
    guard.configure_load(float("inf"))
    guard.configure_level(1.0)
    guard.set_output(True)
    outputs = guard.context.outputs
    outputs.add("meter", WorstCase(0.5, 1e-4, 1e-4), lambda: True)
    sent.configure_level = refused
    with pytest.raises(LimitError, match="driver:"):
        guard.configure_level(2.0)
    assert outputs.beside["meter"] == pytest.approx(1.0) and outputs.left_beside("meter") == 0.0
    outputs.require("drive", "other", WorstCase(1.4, 1e-4, 1e-4), guard.context.device)   # 1.4 + 1 + 0.5 V: below 3 V


def train(top: float) -> SegmentTrain:
    return SegmentTrain(0.0, (Segment(top, 1e-4),) * 3, 1e-5)


def test_a_train_of_a_pulse_measure_unit() -> None:
    sent = Sent(unit()[0].capabilities)
    guard = GuardedPulseMeasure(sent, GuardContext("pulser", BEHIND, DeviceGuard(LIMITS, "D1"), "pmu"))
    guard.configure_train(train(0.0))
    guard.set_output(True)
    sent.configure_train = refused
    with pytest.raises(LimitError, match="driver:"):
        guard.configure_train(train(-2.0))
    assert not guard.charged and guard.path.held == (0.0, 0.0)
    sent.configure_ranges = refused
    with pytest.raises(LimitError, match="driver:"):
        guard.configure_ranges(10.0, 10e-3)
    guard.set_output(True)   # the train of before is set still
    sent.__dict__.pop("configure_train")
    guard.configure_train(train(1.5))
    assert guard.path.held == (0.0, 1.5)


def test_a_train_whose_message_failed_counts_beside_other_outputs() -> None:
    sent = Sent(unit()[0].capabilities)
    guard = GuardedPulseMeasure(sent, GuardContext("pulser", WirePath(5100.0), DeviceGuard(LIMITS, "D1"), "pmu"))
    guard.configure_train(train(0.5))
    guard.set_output(True)
    sent.configure_train = no_reply
    sent.output_states = lambda: [OutputState("pmu", True)]
    with pytest.raises(CommunicationError):
        guard.configure_train(train(2.0))
    outputs = guard.context.outputs
    with pytest.raises(LimitError, match=r"All outputs together could bring 3\.5 V"):
        outputs.require("drive", "meter", WorstCase(1.5, 1e-4, 1e-4), guard.context.device)


def test_a_level_of_a_source_meter_keeps_what_is_known_of_its_level() -> None:
    guard, sent = meter()
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
    guard.set_level(1.0)
    guard.set_output(True)
    guard.set_output(False)
    guard.made_safe = True   # its level is 0 V since
    sent.set_level = refused
    with pytest.raises(LimitError, match="driver:"):
        guard.set_level(2.0)
    assert guard.made_safe


@pytest.mark.parametrize(("name", "act"), [
    ("start_sweep", lambda guard: guard.start_sweep(np.array([0.5, 1.0]), 0.1)),
    ("start_pulses", lambda guard: guard.start_pulses(SourcePulses(0.0, np.array([1.0]), 1e-3, 1e-2))),
    ("start_sampling", lambda guard: guard.start_sampling(1.0, 1e-3, 10)),
])
@pytest.mark.parametrize("on", [False, True])
def test_a_list_of_a_source_meter(name: str, act: Callable[[Any], object], on: bool) -> None:
    """An output that did not go on does not count as on. One that was on may have got the base of the pulses."""
    sent = Sent(FULL)
    guard = GuardedSourceMeter(
        sent, GuardContext("drive", BEHIND, DeviceGuard(LIMITS, "D1"), "meter", OutputsOn()))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
    guard.set_output(on)
    sent.output_states = lambda: [OutputState("meter", on)]
    setattr(sent, name, refused)
    with pytest.raises(LimitError, match="driver:"):
        act(guard)
    assert guard.context.outputs.has("meter") == on
    assert guard.path.held == ((0.0, 1.0) if on else (0.0, 0.0)) and bool(guard.charged) == on


@pytest.mark.parametrize("on", [False, True])
def test_the_limits_behind_a_gate(tmp_path: Any, on: bool) -> None:
    """3 V would be the least resistance of the transistor; the driver refuses them, and 0.9 V stay."""
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        gate: Any = bench.source_meter("gate")
        gate.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=3.0))
        gate.set_level(0.9)
        gate.set_output(on)
        before = bench.wire_path("drive").resistance
        gate.driver.set_level = refused
        with pytest.raises(LimitError, match="driver:"):
            gate.set_level(3.0)
        assert bench.wire_path("drive").resistance == before > 4e3
