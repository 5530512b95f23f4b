"""What is true of a device and not of the events of one run: its refractory period, by many simulated pulse pairs.

The pairs are simulated on the circuit of the record, without instruments. Their counts give the gap at which the second
pulse fires half as often as after a long gap (docs/definitions.md), to a few percent.
"""

import numpy as np
from scipy.optimize import minimize

from benchmarks.truth.records import TruthRecord
from tsbench.records import FloatArray

#: gaps and pairs of each: first over the whole range, then about the period that those show, last a long gap
_GAPS, _PAIRS, _ABOUT, _LONG_PAIRS = 8, (12, 40), 2.0, 60
_REST = 50e-3  #: [s] between pairs, at least; ten times the longest relaxation of the devices that are measured so
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

Counts = list[tuple[float, int, int]]  #: gap [s], first pulses that fired, second pulses that fired after those


def refractory_period(record: TruthRecord) -> float | None:
    """Return the true refractory period [s] of the device of a record; None where the pairs do not show one."""
    shortest, longest = record.parameters["shortest"], record.parameters["longest"]
    first = pairs_of(record, np.geomspace(shortest, longest, _GAPS), _PAIRS[0], record.seed)
    about = fitted(first)
    if about is None or not shortest < about < longest:
        return None
    near = np.geomspace(max(about / _ABOUT, 0.5 * shortest), about * _ABOUT, _GAPS)
    second = pairs_of(record, near, _PAIRS[1], record.seed + 1)
    late = pairs_of(record, np.array([3.0 * longest]), _LONG_PAIRS, record.seed + 2)
    return fitted(first + second + late)


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
    rest = max(_REST, 2.0 * float(gaps[-1]))
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
