"""The output stage of a source meter: settles, limits, and overshoots its limit for a while."""

import dataclasses

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Segment, SourceMeterStage
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory

STAGE = dataclasses.replace(
    IDLE_STAGE, limit=1e-3, output_resistance=0.5, voltage_time_constant=5e-6, current_time_constant=0.2e-6,
    loop_resistance=1e3, slew_rate=1e5)


def bench(load: str, cable: str = "20p") -> Circuit:
    text = f"R_drive smu dut 2\nC_cable smu 0 {cable}\n{load}"
    return build_circuit(parse_netlist(text, terminals=["smu"]), stages=[("smu1", "smu", "smu1.relay", 1e-3)])


def set_stage(circuit: Circuit, **changes: object) -> None:
    circuit.set_stage("smu1", dataclasses.replace(STAGE, **changes))   # type: ignore[arg-type]


def test_voltage_drive_settles_on_its_level() -> None:
    c = bench("R1 dut 0 10k")
    set_stage(c, level=1.0)
    c.advance(1e-3)
    assert c.voltage("smu1#") == pytest.approx(1.0, rel=1e-3)
    assert c.current("smu1") == pytest.approx(1.0 / 10002.5, rel=1e-6)
    assert c.current("smu1.relay") == pytest.approx(c.current("smu1"), rel=1e-6)


def test_current_drive_settles_on_its_level_and_stops_at_its_voltage_limit() -> None:
    c = bench("R1 dut 0 10k")
    set_stage(c, function="current", level=1e-4, limit=2.0)
    c.advance(5e-3)
    assert c.current("smu1") == pytest.approx(1e-4, rel=1e-6)
    set_stage(c, function="current", level=1e-3, limit=2.0)
    c.advance(10e-3)
    assert c.voltage("smu") == pytest.approx(2.0, rel=1e-3)
    assert c.current("smu1") == pytest.approx(2e-4, rel=1e-3)
    set_stage(c, function="current", level=-1e-3, limit=2.0)
    c.advance(15e-3)
    assert c.voltage("smu") == pytest.approx(-2.0, rel=1e-3)


def test_voltage_drive_in_compliance_holds_its_current_limit() -> None:
    c = bench("R1 dut 0 100")
    for sign in (1.0, -1.0):
        set_stage(c, level=sign)
        c.advance(c.time + 5e-3)
        assert c.current("smu1") == pytest.approx(sign * 1e-3, rel=1e-6)


def test_slew_rate_limits_the_rise() -> None:
    c = bench("R1 dut 0 10k")
    set_stage(c, level=10.0, slew_rate=1e4)
    c.advance(0.5e-3)
    assert c.voltage("smu") == pytest.approx(5.0, rel=0.01)


def overshoot(cable: str) -> tuple[float, float]:
    """Return for how long and how far the current exceeds its limit when the device switches on."""
    text = f"R_drive smu dut 2\nC_cable smu 0 {cable}\nXDUT dut low nbo2\nR_shunt low 0 50"
    c = build_circuit(parse_netlist(text, terminals=["smu"]), stages=[("smu1", "smu", "smu1.relay", 1e-3)])
    set_stage(c, level=1.0)
    c.advance(1e-3)
    duration, peak = 0.0, 0.0

    class Watch:
        def observe(self, segment: Segment) -> None:
            nonlocal duration, peak
            assert isinstance(segment, RecordedTrajectory)
            times = segment.times
            current = segment.current("XDUT", times)
            over = np.maximum(current[:-1], current[1:]) > 1.01e-3
            duration += float(np.diff(times)[over].sum())
            peak = max(peak, segment.extremes("current", "XDUT")[1])

    c.add_observer(Watch())
    set_stage(c, level=1.2)
    c.advance(3e-3, skip=False)
    assert c.current("smu1") == pytest.approx(1e-3, rel=1e-4)
    return duration, peak


def test_overshoot_at_compliance_lasts_longer_with_more_cable() -> None:
    seen = [overshoot(cable) for cable in ("20p", "200p", "1n")]
    print("overshoot (duration, peak):", seen)
    durations, peaks = zip(*seen, strict=True)
    assert all(d > 1e-8 for d in durations)
    assert durations[0] < durations[1] < durations[2]
    assert all(p > 1.15e-3 for p in peaks)


def test_set_points_that_make_no_stage_are_refused() -> None:
    c = bench("R1 dut 0 10k")
    with pytest.raises(ConfigurationError, match="smu1: limit = 0 must be positive"):
        set_stage(c, limit=0.0)
    with pytest.raises(ConfigurationError, match=r"no source-meter stage 'smu2'. Did you mean 'smu1'"):
        c.set_stage("smu2", STAGE)


def test_the_contract_of_the_stage() -> None:
    assert {f.name for f in dataclasses.fields(SourceMeterStage)} >= {"function", "level", "limit", "slew_rate"}
