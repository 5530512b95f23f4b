"""Circuits in lockstep: each lane is what the circuit does alone, whatever stands beside it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.kernel.lanes import crossing_in_step
from tsbench.simulated_backends.circuit.kernel.lockstep import WIDTH
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.studies.batch import BatchResult, Crossing, run_batch

OSCILLATOR = (Path(__file__).parents[3] / "examples" / "oscillator.cir").read_text(encoding="utf-8")
CURRENT = Crossing("current", "XDUT", 4e-4)
UNTIL = 24.4e-6   # 100 periods
BURSTS = "PWL(0 0 10n {0} 2u {0} 2.01u 0.5 3u 0.5 3.02u {0} 5u {0} 5.01u 0)"


def specimen(seed: int, text: str = OSCILLATOR, rtol: float = 1e-4, specialised: bool = False) -> Circuit:
    model = catalogue()["nbo2"].specimen(seed, "XDUT")
    return build_circuit(parse_netlist(text), {"XDUT": model}, rtol=rtol, specialised=specialised)


def lanes(count: int, rtol: float = 1e-4) -> list[Circuit]:
    return [specimen(seed, rtol=rtol) for seed in range(1, count + 1)]


def alone(circuits: list[Circuit], until: float = UNTIL) -> BatchResult:
    """Run each circuit by itself: what a source meter, say, would have the batch do."""
    from tsbench.simulated_backends.studies.batch import one_by_one

    return one_by_one(circuits, until, CURRENT, 1)


@pytest.fixture(scope="module")
def together() -> BatchResult:
    return run_batch(lanes(WIDTH + 9), UNTIL, CURRENT, threads=1)


def same(a: BatchResult, b: BatchResult) -> bool:
    """Return whether two results are the same in every bit."""
    return (all((x == y).all() for x, y in zip(a.instants, b.instants, strict=True))
            and (a.unknowns == b.unknowns).all() and (a.steps == b.steps).all() and (a.refused == b.refused).all())


def test_each_lane_is_the_single_run(together: BatchResult) -> None:
    assert together.in_lockstep
    single = alone([specimen(seed, specialised=True) for seed in range(1, WIDTH + 10)])
    worst = max(abs(a / b - 1).max() for a, b in zip(together.instants, single.instants, strict=True))
    print(f"{together.counts.sum()} events, worst difference {worst:.1e}")
    assert together.counts.min() > 90
    assert (together.counts == single.counts).all() and (together.steps == single.steps).all()
    assert worst < 1e-9


def test_each_lane_is_the_single_run_of_the_generic_code(together: BatchResult) -> None:
    single = alone(lanes(6))
    assert max(abs(a / b - 1).max() for a, b in zip(together.instants, single.instants, strict=False)) < 1e-9


def test_periods_are_those_of_a_tight_tolerance() -> None:
    """The error of the period of every lane at rtol 1e-3 is below 0.1 %."""
    loose, tight = (run_batch(lanes(WIDTH, rtol), UNTIL, CURRENT) for rtol in (1e-3, 1e-8))
    periods = [np.array([np.diff(t[3:]).mean() for t in r.instants]) for r in (loose, tight)]
    error = abs(periods[0] / periods[1] - 1)
    print(f"worst error of a period {error.max():.1e}; periods {periods[1].min():.3g} to {periods[1].max():.3g} s")
    assert np.ptp(periods[1]) > 0.05 * periods[1].mean()   # the devices differ
    assert error.max() < 1e-3


def test_bitwise_the_same_again_and_on_two_threads_and_among_others(together: BatchResult) -> None:
    assert same(together, run_batch(lanes(WIDTH + 9), UNTIL, CURRENT, threads=1))
    assert same(together, run_batch(lanes(WIDTH + 9), UNTIL, CURRENT, threads=2))
    few = run_batch(lanes(WIDTH + 9)[5:9], UNTIL, CURRENT)
    assert all((a == b).all() for a, b in zip(few.instants, together.instants[5:9], strict=True))
    assert (few.unknowns == together.unknowns[5:9]).all()


def test_lanes_with_breakpoints_of_their_own() -> None:
    def make(k: int, specialised: bool) -> Circuit:
        bursts = BURSTS.format(2.0 + 0.1 * k)
        text = OSCILLATOR.replace("PULSE(0 2.2 0 10n 10n 1)", bursts).replace("in dut 5k", f"in dut {5 + k}k")
        return specimen(k + 1, text, specialised=specialised)

    batch = run_batch([make(k, False) for k in range(5)], 6e-6, CURRENT)
    single = alone([make(k, True) for k in range(5)], 6e-6)
    assert batch.in_lockstep and batch.counts.min() >= 5 and len(set(batch.counts)) > 1
    assert (batch.counts == single.counts).all()
    assert max(abs(a / b - 1).max() for a, b in zip(batch.instants, single.instants, strict=True)) < 1e-9


def test_a_voltage_that_contains_a_source() -> None:
    """The shunt ends at a source that rises, which its upper node follows; the topology stays that of the others."""
    from tsbench.simulated_backends.studies.batch import one_by_one

    text = OSCILLATOR.replace("Rsh   low 0 50", "Rsh   low b 50\nVb b 0 PWL(0 0 2u 0.1)")
    watched = Crossing("voltage", "low", 0.06)
    found, single = (run([specimen(seed, text) for seed in (1, 2, 3)], 2e-6, watched, 1)
                     for run in (run_batch, one_by_one))
    assert found.in_lockstep and found.counts.min() >= 3
    assert (found.counts == single.counts).all()
    assert max(abs(a / b - 1).max() for a, b in zip(found.instants, single.instants, strict=True)) < 1e-9


def test_stochastic_devices_runone_by_one() -> None:
    text = "V1 in 0 PWL(0 0 2m 1.6 4m 0)\nR1 in dut 100k\nC1 dut 0 80p\nXDUT dut 0 ag_sio2\n"
    models = [dataclasses.replace(catalogue()["ag_sio2"].model(), seed=float(seed)) for seed in (1, 2, 3)]
    results = [run_batch([build_circuit(parse_netlist(text), {"XDUT": m}) for m in models], 4e-3,
                         Crossing("current", "XDUT", 1e-6), threads) for threads in (1, 2)]
    assert not results[0].in_lockstep and results[0].counts.min() >= 1
    assert same(*results)
    assert len({t[0] for t in results[0].instants}) == 3


def test_what_cannot_be_a_batch() -> None:
    with pytest.raises(ConfigurationError, match="list of circuits is empty"):
        run_batch([], 1e-6, CURRENT)
    other = build_circuit(parse_netlist(OSCILLATOR.replace("Rsh   low 0 50", "Rsh low 0 50\nCl low 0 1p")), rtol=1e-4)
    with pytest.raises(ConfigurationError, match="circuit 1 does not have the topology"):
        run_batch([specimen(1), other], 1e-6, CURRENT)
    with pytest.raises(ConfigurationError, match="All circuits must have the same time and rtol"):
        run_batch([specimen(1), specimen(2, rtol=1e-3)], 1e-6, CURRENT)
    with pytest.raises(ConfigurationError, match="depends on a time derivative"):
        run_batch([specimen(1)], 1e-6, Crossing("current", "Cdut", 0.0))
    with pytest.raises(ConfigurationError, match="no node 'dutt'"):
        run_batch([specimen(1)], 1e-6, Crossing("voltage", "dutt", 0.0))


@pytest.mark.parametrize(("p", "q"), [(0.0, 0.0), (3.0, -2.0), (-0.9, 5.0), (40.0, -90.0)])
def test_crossing_within_a_step(p: float, q: float) -> None:
    at = crossing_in_step(2.0, 0.5, -0.3, 0.7, p, q)
    s = (at - 2.0) / 0.5
    assert 0 <= s <= 1
    assert -0.3 * (1 - s) + s * (0.7 + (1 - s) * (p + s * q)) == pytest.approx(0.0, abs=1e-12)
