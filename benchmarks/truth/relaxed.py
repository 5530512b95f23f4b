"""True median relaxation time of a device, from many simulated pulses.

A run has some ten pulses. Their median differs from that of the device, for which a result gives an interval. So many
more pulses are simulated, without instruments, by the solver of :mod:`.studies.filaments.runs`. It shares nothing with
the circuit engine but the equations of the device. It reads the device at the voltage that the generator of the run
really gave: a source is off by its accuracy, which is much of a small read bias.
"""

import math

import numpy as np

from benchmarks.truth.records import TruthRecord
from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.witness.log import WitnessLog

_PULSES = 240  #: the median of so many scatters by 0.08 of what the pulses scatter by; that of a run by 0.3 to 0.4
_SOURCE = 50.0  #: [Ohm] of the generator
_SCOPE = (1e6, 14e-12)  #: [Ohm], [F] of an input of the scope, at the device and across the sense resistor
_RATIO = 1.01  #: of two times at which the current after the edge is read
_SETTLED = 14.0  #: time constants of the node after which the source current is that of the device: the rest is 1e-6
_TOP = 0.05  #: last part of a pulse that tells whether the device is on


def read_voltage(record: TruthRecord, witness: WitnessLog) -> float | None:
    """Return the open-circuit voltage [V] that really read the device of a run after its pulses; None: unknown."""
    resistance = _circuit(record)[0] + record.shunt
    found = [voltage for event in witness.relaxations()
             if (voltage := event.read_voltage(resistance)) is not None]
    return float(np.median(found)) if found else None


def relaxation_time(record: TruthRecord, base: float) -> float | None:
    """Return the true median relaxation time [s] of the device of a record; None: few pulses fire, or it is longer
    than the window.

    The time from the middle of the falling edge until the current stays below the share of the record of its value
    right after the edge, both above the current of the device at rest (docs/definitions.md).

    Parameters
    ----------
    record : a run of ``relaxation`` with one amplitude
    base : [V] that reads the device, see :func:`read_voltage`
    """
    repeats = record.parameters["repeats"]
    found = [_run(record, base, part) for part in range(math.ceil(_PULSES / repeats))]
    times = np.concatenate(found)
    times = times[~np.isnan(times)]
    return float(np.median(times)) if times.size >= _PULSES // 4 and np.isfinite(np.median(times)) else None


def _circuit(record: TruthRecord) -> tuple[float, float, float]:
    """Return resistance [Ohm] and capacitance [F] at the node of the device, and what the scope leaves of a voltage."""
    wiring = parse_netlist(record.netlist, check=False)
    series = _SOURCE + sum(one.value for one in wiring.of_kind("R"))
    share = _SCOPE[0] / (_SCOPE[0] + series)
    return series * share, sum(one.value for one in wiring.of_kind("C")) + _SCOPE[1], share


def _run(record: TruthRecord, base: float, part: int) -> FloatArray:
    """Return the relaxation times [s] of the pulses that fire in one run of as many as the record has; inf: longer.

    Each run begins with a device that has rested, on a random path of its own.
    """
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.devices.catalogue import catalogue
    from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
    from tsbench.simulated_backends.devices.switching_levels import levels_of
    from tsbench.simulated_backends.studies.filaments.runs import Surroundings, levels, run
    from tsbench.simulated_backends.witness.firing import pulses_fired

    settings = record.parameters
    resistance, capacitance, share = _circuit(record)
    shunt = record.shunt * _SCOPE[0] / (record.shunt + _SCOPE[0])
    edge = protocol_named(record.protocol).parse(dict(settings)).rise_time / 0.8
    top, width, window = base + share * settings["amplitude"][0], settings["width"], settings["window"]
    model = catalogue()[record.model].specimen(record.device_seed, "D1").seeded(1000 * record.seed + part, "D1")
    assert isinstance(model, SilverFilament)
    conducts = levels_of(model)
    assert conducts is not None
    first = _SETTLED * resistance * capacitance
    tail = np.geomspace(first, window, math.ceil(math.log(window / first) / math.log(_RATIO)))
    pulse = [
        (settings["rest"] * 0.9, base), (settings["rest"] * 0.1, base), (edge, base, top),
        (width * (1.0 - _TOP) - edge, top), (width * _TOP, top), (edge, top, base), (first, base),
        *((length, base) for length in np.diff(tail).tolist())]
    found = run(model, Surroundings(resistance, capacitance, shunt), levels(*pulse * settings["repeats"]))
    current, voltage = (one.reshape(settings["repeats"], -1) for one in (found.source_current, found.node_voltage))
    conductance = current / (voltage - shunt * current)
    before, on, rested = conductance[:, 1], conductance[:, 4], conductance[0, 1]
    fired = pulses_fired(before, on, np.full(before.size, rested), conducts)
    after = current[:, 6:] - current[:, 1:2]
    # from the middle of the edge to the middle of the later half of each part, over which its current is the mean
    times = edge / 2.0 + tail - 0.25 * np.diff(tail, prepend=0.0)
    return np.array([_until(times, one, settings["fraction"] * one[0]) for one in after[fired]])


def _until(times: FloatArray, current: FloatArray, level: float) -> float:
    """Return the time [s] from which a current [A] stays below a level; inf: it does not within the window."""
    above = np.flatnonzero(current >= level)
    if not level > 0.0 or not above.size:   # the device was off as the pulse ended
        return math.nan
    last = int(above[-1])
    if last == current.size - 1:
        return math.inf
    ends = np.log(np.maximum(current[last : last + 2], 1e-3 * level))   # the current may fall to zero within a part
    share = (ends[0] - math.log(level)) / (ends[0] - ends[1])
    return float(times[last] + share * (times[last + 1] - times[last]))
