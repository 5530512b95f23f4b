"""The witness of a stochastic filament: on while it carries nothing, which pulses fired, when it had dissolved."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.witness.relaxation import RelaxationDetector
from tsbench.simulated_backends.witness.witness import Witness

NETLIST = "V1 in 0 0\nR1 in dut 100k\nC1 dut 0 80p\nXDUT dut low device\nR2 low 0 10k\nC2 low 0 20p"
WIDTH, EDGE = 1e-3, 1e-6


def pulses(starts: FloatArray, top: float, base: float) -> PiecewiseLinear:
    """Return trapezoids whose rises are half way at ``starts``."""
    corners = np.array([-EDGE / 2, EDGE / 2, WIDTH - EDGE / 2, WIDTH + EDGE / 2])
    times = (starts[:, None] + corners).reshape(-1)
    return PiecewiseLinear(times, np.tile([base, top, top, base], starts.size))


def witnessed(
    path: Path, starts: FloatArray, top: float, base: float, pieces: int
) -> tuple[WitnessLog, list[FloatArray]]:
    """Run pulses, the circuit advanced in ``pieces``; return the log and (times, s)."""
    model = device_model("ag_sio2").seeded(4, "D")
    circuit = build_circuit(parse_netlist(NETLIST), {"XDUT": model})
    circuit.set_source("V1", pulses(starts, top, base))
    witness = Witness(path, {"XDUT": ("dut", "low")})
    witness.start("test", 4, {"D": model}, {})
    witness.connected("XDUT", "D", model, 0.0)
    seen: list[tuple[FloatArray, FloatArray]] = []

    class States:
        def observe(self, segment: RecordedTrajectory) -> None:
            seen.append((segment.times, segment.state("XDUT", 0, segment.times)))

    circuit.add_observer(witness)
    circuit.add_observer(States())  # type: ignore[arg-type]
    end = starts[-1] + 40e-3
    for t in np.linspace(0, end, pieces + 1)[1:]:
        circuit.advance(float(t))
    witness.end(circuit.time)
    return read_witness(path), [np.concatenate(parts) for parts in zip(*seen, strict=True)]


@pytest.mark.parametrize("base", [0.0, 0.1])
@pytest.mark.parametrize("pieces", [1, 500])
def test_every_pulse_has_its_delay_and_its_relaxation(tmp_path: Path, base: float, pieces: int) -> None:
    starts = 5e-3 + 30e-3 * np.arange(12)
    log, (t, s) = witnessed(tmp_path / "w.jsonl", starts, 1.4, base, pieces)
    on, off, relaxed = log.switching_on(), log.switching_off(), log.relaxations()
    assert len(on) == len(off) == len(relaxed) == 12
    assert log.fired(starts, starts + WIDTH).all()
    assert not log.fired(starts + WIDTH, starts + 29e-3).any()
    for k, start in enumerate(starts):
        rise = t[(s > 1) & (t > start)][0] - start
        assert on[k].delay == pytest.approx(rise, abs=25e-6)
        assert on[k].threshold == pytest.approx(1.4, abs=0.01)
        edge = relaxed[k].edge
        assert edge is not None
        assert edge == pytest.approx(start + WIDTH, abs=3e-6)
        fall = t[(s > -1) & (t < start + 29e-3)][-1] - start - WIDTH
        assert relaxed[k].until(1e-6 / np.e) == pytest.approx(fall, abs=30e-6)
        ladder = [relaxed[k].until(g) for g in (1e-5, 1e-6, 1e-7, 1e-8)]
        assert ladder == sorted(ladder)
        assert off[k].time == pytest.approx(relaxed[k].time, abs=20e-6)


def test_a_device_that_is_still_on_cannot_fire(tmp_path: Path) -> None:
    """Without a voltage between the pulses nothing but the filament itself tells that it is still there."""
    starts = np.array([5e-3, 6.2e-3, 40e-3, 60e-3])
    log, _ = witnessed(tmp_path / "w.jsonl", starts, 1.4, 0.0, 1)
    assert log.fired(starts, starts + WIDTH).tolist() == [True, False, True, True]
    first = log.relaxations()[0]
    assert first.edge == pytest.approx(starts[1] + WIDTH, abs=3e-6)   # it relaxed after the second pulse


def test_relaxation_counts_from_the_last_fall_and_only_what_stays_below() -> None:
    records: list[dict[str, object]] = []
    detector = RelaxationDetector(SwitchingLevels(1e-8, 3e-6, 3e-7, 1e-5), records.append)
    t = np.linspace(0, 1, 1001)
    g = np.interp(t, [0, 0.1, 0.3, 0.4, 0.5, 0.8, 1.0], [1e-12, 1e-5, 1e-5, 5e-7, 1e-5, 1e-10, 1e-12])
    i = g * np.interp(t, [0, 0.55, 0.56, 1], [1.0, 1.0, 0.1, 0.1])
    for k in range(0, 1000, 7):
        detector.see(t[k: k + 8], i[k: k + 8], g[k: k + 8])
    detector.finish()
    assert len(records) == 1
    levels: Any = records[0]["levels"]
    assert all(time > 0.5 for g, time, _ in levels if g < 9e-6)
    assert records[0]["t_edge"] == pytest.approx(0.555, abs=0.01)


@pytest.mark.parametrize(("factor", "known"), [(1.0, False), (2.0, False), (2.0, True), (0.5, True)])
def test_the_relaxation_is_of_the_parameters_that_the_device_has_now(
        tmp_path: Path, factor: float, known: bool) -> None:
    """The film's conductance is gc exp(s); s falls by one in a millisecond, so it passes 1 uS later by ln(gc'/gc)."""
    model = replace(device_model("ag_sio2"), re=0.0)
    changed = replace(model, gc=factor * model.gc)
    now = changed if known else model

    class Dissolving:
        """A pulse of 1 V that ends at 5 ms, s = 6 there."""

        times = np.linspace(0.0, 30e-3, 301)
        start, end = 0.0, 30e-3

        def state(self, element: str, k: int, times: FloatArray) -> FloatArray:
            return np.interp(times, [0.0, 1e-3, 5e-3, 30e-3], [-12.0, 6.0, 6.0, -19.0]) if k == 0 else 0.0 * times

        def voltage(self, node: str, times: FloatArray) -> FloatArray:
            return np.interp(times, [0.9e-3, 1e-3, 5e-3, 5.001e-3], [0.1, 1.0, 1.0, 0.1])

        def current(self, element: str, times: FloatArray) -> FloatArray:
            return now.gc * np.exp(self.state(element, 0, times)) * self.voltage("dut", times)

    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.connected("XDUT", "D", model, 0.0)
    if known:
        witness.now("XDUT", changed)
    witness.now("XDUT", device_model("nbo2"))   # no device of another mechanism becomes this one
    witness.observe(Dissolving())   # type: ignore[arg-type]
    witness.end(30e-3)
    (relaxed,) = read_witness(tmp_path / "w").relaxations()
    assert relaxed.until(1e-6) == pytest.approx(6e-3 + 1e-3 * np.log(now.gc / 1e-6), abs=20e-6)


def test_a_device_without_a_filament_gets_none(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "w", {"XDUT": ("dut", "0")})
    witness.connected("XDUT", "D", device_model("nbo2"), 0.0)
    before = witness.places["XDUT"].model
    witness.now("XDUT", device_model("nbo2"))
    assert witness.places["XDUT"].model is before is None
