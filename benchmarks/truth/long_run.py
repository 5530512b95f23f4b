"""What is true of a device and not of the events of one run: its refractory period, by many simulated pulse pairs.

The pairs are simulated on the circuit of the record, without instruments. Their counts give the gap at which the second
pulse fires half as often as after a long gap (docs/definitions.md), to one or two percent.

The recovery of a real device is no logistic function: some filaments dissolve much sooner than most, so it begins
earlier than it ends. A logistic function through two decades of gaps is half high 4 % too soon then (ag_sio2). So only
gaps close to the period count, over which any smooth curve will do, and a long gap, which tells the whole height.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from benchmarks.truth.records import TruthRecord
from tsbench.records import FloatArray

_GAPS, _PAIRS = 8, 12  #: gaps over the whole range, and pairs at each
_LONG_PAIRS = 200
#: seen from the generator: its source resistance, the wiring of the record and the inputs of the scope
_NETLIST = """VG emf 0 {base}
RO emf source 50
{wiring}
XDUT dut low device
RSH low 0 {shunt:g}
C1 dut 0 14p
R1 dut 0 1meg
C2 low 0 14p
R2 low 0 1meg
"""


@dataclass(frozen=True)
class GapRound:
    """Gaps about the period known so far: from it divided by ``ratio`` to it times ``ratio``."""

    gaps: int
    pairs: int  #: at each gap
    ratio: float


_CLOSER = (GapRound(8, 40, 2.0), GapRound(7, 300, 1.2))  #: one after the other, about the better known period
Counts = list[tuple[float, int, int]]  #: gap [s], first pulses that fired, second pulses that fired after those


def refractory_period(record: TruthRecord) -> float | None:
    """Return the true refractory period [s] of the device of a record; None where the pairs do not show one.

    Records of the same circuit have the same one.
    """
    shortest, longest = record.parameters["shortest"], record.parameters["longest"]
    return period_of(
        lambda gaps, pairs, part: pairs_of(record, gaps, pairs, record.device_seed + part), shortest, longest)


def period_of(simulated: Callable[[FloatArray, int, int], Counts], shortest: float, longest: float) -> float | None:
    """Return the refractory period [s] of a device; None where its pairs do not show one.

    Parameters
    ----------
    simulated : gaps [s], pairs at each of them, number of the random path -> counts
    shortest, longest : [s] the gaps that the record has
    """
    period = fitted(simulated(np.geomspace(shortest, longest, _GAPS), _PAIRS, 0))
    if period is None or not shortest < period < longest:
        return None
    late = simulated(np.array([3.0 * longest]), _LONG_PAIRS, len(_CLOSER) + 1)
    for part, closer in enumerate(_CLOSER, start=1):
        if period is not None:
            gaps = np.geomspace(period / closer.ratio, period * closer.ratio, closer.gaps)
            period = fitted(simulated(gaps, closer.pairs, part) + late)
    return period


def pairs_of(record: TruthRecord, gaps: FloatArray, pairs: int, seed: int) -> Counts:
    """Simulate ``pairs`` pulse pairs at each gap [s]; the random path of the device begins with ``seed``."""
    from tsbench.netlist import parse_netlist
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PulseWaveform
    from tsbench.simulated_backends.devices.catalogue import catalogue
    from tsbench.simulated_backends.devices.switching_levels import levels_of
    from tsbench.simulated_backends.witness.firing import ConductanceWatch, pulses_fired

    settings = record.parameters
    base, amplitude, width = settings["base"], settings["amplitude"][0], settings["width"]
    edge = protocol_named(record.protocol).parse(dict(settings)).rise_time / 0.8
    entry = catalogue()[record.model]
    model = (entry.specimen(record.device_seed, "D1") if entry.variability else entry.model()).seeded(seed, "D1")
    netlist = _NETLIST.format(base=base, wiring=record.netlist, shunt=record.shunt)
    circuit = build_circuit(parse_netlist(netlist), device_models={"xdut": model, "XDUT": model})
    rest = max(settings["rest"], 2.0 * float(gaps[-1]))   # a filament may remember the pair before
    watch = ConductanceWatch("XDUT", ("dut", "low"))
    circuit.add_observer(watch)
    begin, order = circuit.time + rest, np.repeat(gaps, pairs)
    for gap in order.tolist():
        circuit.set_source("VG", PulseWaveform(base, base + amplitude, begin, edge, edge, width, width + gap, 2))
        watch.ask((begin, begin + width, begin + width + gap, begin + 2 * width + gap))   # edges begin there
        end = begin + 2 * width + gap
        circuit.advance(end + rest / 2)
        begin = end + rest
    levels, seen = levels_of(model), watch.conductances().reshape(-1, 4).T
    assert levels is not None
    fired, again = (pulses_fired(*seen[part], seen[0], levels) for part in (slice(0, 2), slice(2, 4)))
    return [(gap, int(fired[order == gap].sum()), int((fired & again)[order == gap].sum())) for gap in gaps.tolist()]


def fitted(counts: Counts) -> float | None:
    """Return the period [s] of the most likely recovery, logistic in the logarithm of the gap; None without one."""
    gaps, pairs, again = np.array([row for row in counts if row[1] > 0], dtype=np.float64).reshape(-1, 3).T
    if gaps.size < 3 or again.sum() == 0 or again.sum() == pairs.sum():
        return None
    x = np.log(gaps)

    def misfit(parameters: FloatArray) -> float:
        share = 1.0 / (1.0 + np.exp(-np.clip(np.exp(parameters[1]) * (x - parameters[0]), -60, 60)))
        probability = np.clip(share / (1.0 + np.exp(-parameters[2])), 1e-9, 1 - 1e-9)
        return -float(np.sum(again * np.log(probability) + (pairs - again) * np.log(1 - probability)))

    best = min((minimize(misfit, [start, 1.0, 2.0], method="Nelder-Mead", options={"maxiter": 2000})
                for start in np.linspace(x[0], x[-1], 7)), key=lambda one: float(one.fun))
    return float(np.exp(best.x[0]))
