"""What is true of a device and not of the events of one run: its refractory period, by many simulated pulse pairs.

The pairs are simulated on the circuit of the record, without instruments. Their counts give the gap at which the second
pulse fires half as often as after a long gap (docs/definitions.md). Its standard deviation is 1 to 3 % for a device
that always fires after a long gap, and 6 % for one that then fires in three of four pairs.

The recovery of a real device is no logistic function: some filaments dissolve much sooner than most, so it begins
earlier than it ends. A logistic function through two decades of gaps is half high 4 % too soon then (ag_sio2). So the
height is that after a long gap, and only gaps close to the period tell where it is half, over which any smooth curve
will do. They are found by bisection: a gap after which the second pulse surely fires more or less often bounds the
period. (A curve through a dozen pairs at each of eight gaps put it on the plateau of devices that do not fire always.)
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.stats import binomtest

from benchmarks.truth.records import TruthRecord
from tsbench.records import FloatArray

_LONG_PAIRS = 600  #: after a gap beyond the range
_PAIRS, _MOST_PAIRS = 25, 200  #: of one part, and of all parts that tell on which side of half the probability is
_SURE = 0.005  #: probability of a wrong side, at each part
_FAR = 10.0  #: logarithm of the ratio of two gaps. The line through the counts tells nothing beyond it
_NEAR = 2.0  #: ratio of two gaps between which the period lies, close enough for the rounds
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


_CLOSER = (GapRound(8, 40, 2.0), GapRound(7, 200, 1.2))  #: one after the other, about the better known period
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
    parts = count()
    late = simulated(np.array([3.0 * longest]), _LONG_PAIRS, next(parts))
    half = _share(late) / 2.0
    sides = [_side(simulated, gap, half, parts) for gap in (shortest, longest)]
    if sides != [-1, 1]:
        return None
    low, high = shortest, longest
    while high / low > _NEAR:
        middle = float(np.sqrt(low * high))
        side = _side(simulated, middle, half, parts)
        low, high = (middle if side <= 0 else low), (middle if side >= 0 else high)
    period, counts = float(np.sqrt(low * high)), Counts()
    for closer in _CLOSER:
        gaps = np.geomspace(period / closer.ratio, period * closer.ratio, closer.gaps)
        counts += simulated(gaps, closer.pairs, next(parts))
        period = crossing(counts, half)
        if not low / _NEAR < period < high * _NEAR:   # too few second pulses fire to tell
            return None
    return period


def _side(simulated: Callable[[FloatArray, int, int], Counts], gap: float, half: float, parts: Iterator[int]) -> int:
    """Return 1 where the second pulse fires more often than ``half`` after a gap [s], -1 less often, 0 not known."""
    counts: Counts = []
    for part in islice(parts, _MOST_PAIRS // _PAIRS):
        counts += simulated(np.array([gap]), _PAIRS, part)
        pairs, again = (sum(row[place] for row in counts) for place in (1, 2))
        if pairs and binomtest(again, pairs, half).pvalue < _SURE:
            return 1 if again > half * pairs else -1
    return 0


def _share(counts: Counts) -> float:
    pairs = sum(row[1] for row in counts)
    return sum(row[2] for row in counts) / pairs if pairs else 0.0


def pairs_of(record: TruthRecord, gaps: FloatArray, pairs: int, seed: int) -> Counts:
    """Simulate ``pairs`` pulse pairs at each gap [s] with the random paths of ``seed``, in a random order.

    Each run of as many pairs as the record has begins with a device that has rested: one that is never left alone may
    come to a state that the record does not see (the residue of ``ag_diffusive_symmetric`` lets its filaments live
    longer, and these leave more residue: after some 2,000 pairs, a filament lives for a second).
    """
    random, settings = np.random.default_rng(seed), record.parameters
    own = np.geomspace(settings["shortest"], settings["longest"], settings["points"])
    asked = np.repeat(gaps, pairs)
    # between them, the gaps of the record: what a pair leaves in the device depends on its gap
    order = random.permutation(np.concatenate([asked, random.choice(own, asked.size)]))
    most = settings["points"] * settings["repeats"]
    parts = np.array_split(order, math.ceil(order.size / most))
    told = np.concatenate([_outcomes(record, part, 1000 * seed + k) for k, part in enumerate(parts)])
    fired, again = told.T
    return [(gap, int(fired[order == gap].sum()), int((fired & again)[order == gap].sum())) for gap in gaps.tolist()]


def _outcomes(record: TruthRecord, gaps: FloatArray, seed: int) -> npt.NDArray[np.bool_]:
    """Simulate pulse pairs on a device that has rested; return which pulses fired, shape (pairs, 2)."""
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
    watch = ConductanceWatch("XDUT", ("dut", "low"))
    circuit.add_observer(watch)
    begin = circuit.time + settings["rest"]
    for gap in gaps.tolist():
        # a filament may remember the pair before, the longer the shorter the rest
        rest = max(settings["rest"], 2.0 * gap)
        circuit.set_source("VG", PulseWaveform(base, base + amplitude, begin, edge, edge, width, width + gap, 2))
        watch.ask((begin, begin + width, begin + width + gap, begin + 2 * width + gap))   # edges begin there
        end = begin + 2 * width + gap
        circuit.advance(end + rest / 2)
        begin = end + rest
    levels, seen = levels_of(model), watch.conductances().reshape(-1, 4).T
    assert levels is not None
    return np.array([pulses_fired(*seen[part], seen[0], levels) for part in (slice(0, 2), slice(2, 4))]).T


def crossing(counts: Counts, half: float) -> float:
    """Return the gap [s] after which the second pulse fires with the probability ``half``.

    Close to it, the probability is taken as logistic in the logarithm of the gap.
    """
    gaps, pairs, again = np.array(counts, dtype=np.float64).T
    x, middle = np.log(gaps), float(np.mean(np.log(gaps)))

    def misfit(line: FloatArray) -> float:
        probability = np.clip(1.0 / (1.0 + np.exp(-(line[0] + line[1] * (x - middle)))), 1e-9, 1 - 1e-9)
        return -float(np.sum(again * np.log(probability) + (pairs - again) * np.log(1 - probability)))

    level, slope = minimize(misfit, [0.0, 1.0], method="Nelder-Mead", options={"maxiter": 2000}).x
    away = (np.log(half / (1.0 - half)) - level) / slope if slope > 0.0 else np.inf
    return float(np.exp(middle + away)) if away < _FAR else float("inf")
