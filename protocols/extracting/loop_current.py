"""Compares the current that the scope shows with the one that the level of the source and its path give.

While the level is steady, level = current * resistance of the path + voltage at the high side of the device, whatever
the device is. A wrong shunt, a probe at a channel, exchanged channels or another path make it false. In a sweep, the
source meter's own reading tells the same during the run (:mod:`tsbench.protocols.acquiring.current_comparison`).
"""

import itertools
import math
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.energy.spike_energy import SourcePath
from tsbench.protocols.acquiring.current_comparison import APART, contradiction
from tsbench.protocols.extracting.current_quantities import depends_on_current
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.long_records import shown_part
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.signals import DeviceRecord, acquisitions
from tsbench.protocols.extracting.source_path import BIAS, PULSE, driving_role, source_path
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray, Result, Run
from tsbench.samples import median, noise_of

#: conditions beside which a record may have a level: what is set around the device, and numbers of shots
_PLAIN = {"amplitude", "pulse_width", "bias", "train", "shot", "load_resistance", "parallel_capacitance",
          "temperature"}
_MOST = 200  #: records of a run, and pulses of a record, that are looked at
_LEAST_RESISTANCE = 1.0  #: [Ohm] of a path whose drop tells a current
_CONTACT = 5.0  #: [Ohm] of contacts in the path that the bench file need not state (chosen)
_FROM, _TO = 0.4, 0.9  #: part of a pulse in which edges, ringing and most devices have settled
_AT_REST = 0.4  #: part of the record before the pulse that tells the base
_BLOCKS, _FEWEST = 4, 8  #: parts of a plateau whose means must agree; samples that are needed
_STEADY, _STILL = 0.02, 0.05  #: relative: drift of a steady plateau, and its scatter
_SIGMAS = 3.0  #: of noise
_TELLING = 0.5  #: relative: two currents that agree within more than that would agree with a factor of two as well
_ONE_CODE = 1.0 + 1e-6  #: times the resolution of the voltage, with what rounding adds
_WHOLE = 0.5  #: part of a record that must lie between two instants with the same voltage


@dataclass(frozen=True)
class _Pair:
    """The current [A] that level and path give, the one that the scope shows, and what they may differ by [A]."""

    expected: float
    shown: float
    limit: float
    upper_resistance: float  #: [Ohm] of the path that is not the sensor
    drop: float  #: [V] of it

    @property
    def apart(self) -> int:
        """Return 1 or -1 where the scope shows more or less than can be, 0 where the two agree."""
        difference = self.shown - self.expected
        return 0 if abs(difference) <= self.limit else int(math.copysign(1.0, difference * (self.drop or 1.0)))


def contradiction_of(run: Run, roles: Iterable[str], options: ExtractionOptions | None = None) -> str:
    """Return one line where a run's records show another current than the source can drive; "" where they do not.

    Of a sweep, it is the line that the run itself has said.

    Parameters
    ----------
    run : as read back
    roles : of the protocol that measured it; with several sources, it is not known which of them drives a record
    options : choices of the extraction
    """
    said = [event.message for event in run.events if APART in event.data]
    if said:
        return said[0]
    role, options = driving_role(roles), options or ExtractionOptions()
    if not role:
        return ""
    by_level: dict[str, list[_Pair]] = {BIAS: [], PULSE: []}
    records = (shown_part(group, run.header.fixture) for group in itertools.islice(acquisitions(run), _MOST))
    for record in records:
        names = by_level.keys() & record.conditions.keys()
        if len(names) == 1 and set(record.conditions) <= _PLAIN:
            level_name, = names
            by_level[level_name].extend(_pairs(run, record, role, level_name, options))
    sides = (1,) if _through_transistor(run) else (1, -1)
    for pairs in by_level.values():
        for side in sides:
            same = [pair for pair in pairs if pair.apart == side]
            if len(same) * 2 > len(pairs):
                return _line(run, role, sorted(same, key=lambda pair: abs(pair.shown - pair.expected))[len(same) // 2])
    return ""


def _through_transistor(run: Run) -> bool:
    """Return whether the load is a transistor, which passes less than its resistance tells in saturation."""
    text = (run.header.provenance.get("bench_file") or {}).get("text", "")
    try:
        control = tomllib.loads(text).get("fixture", {}).get("control", {})
        return bool(control.get("load_resistance", {}).get("gate"))
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return False


def with_contradiction(results: Iterable[Result], line: str, run: Run) -> tuple[Result, ...]:
    """Return the results, those that depend on the current with the flag AMBIGUOUS if ``line`` is not empty.

    Which ones do, :func:`tsbench.protocols.extracting.current_quantities.depends_on_current` says.
    """
    sensing = run.header.fixture.sensing
    return tuple(
        replace(one, flags=one.flags | Flag.AMBIGUOUS) if line and depends_on_current(one.quantity, sensing) else one
        for one in results)


def _line(run: Run, role: str, pair: _Pair) -> str:
    sensing = run.header.fixture.sensing
    resistance = short_quantity(pair.upper_resistance + sensing.burden, "Ohm")
    given = f"the level of {role} and its path of {resistance} give"
    line = contradiction(given, pair.expected, pair.shown, sensing, "level and path are", roughly=True)
    if pair.shown and pair.drop / pair.shown > 0:
        other = short_quantity(float(f"{pair.drop / pair.shown + sensing.burden:.2g}"), "Ohm")
        line += f". Or the path of {role} has about {other}: check the netlist and the cables of the generator"
    return line


def _pairs(
    run: Run, record: DeviceRecord, role: str, level_name: str, options: ExtractionOptions,
) -> Iterator[_Pair]:
    """Yield what each segment of a record tells in which the level is steady."""
    sensing = run.header.fixture.sensing
    path = source_path(run, role, record.conditions, options, level_name)
    if record.times.size < _FEWEST or path is None or record.voltage is None or record.current is None or (
            sensing.current in {None, sensing.voltage_high}):
        return
    below = sensing.burden if sensing.voltage_low is not None or sensing.unseen_drop else 0.0
    tau = path.resistance * run.header.fixture.parallel_capacitance
    for segment in range(min(len(record.voltage), _MOST)):
        if record.clipped[segment]:
            continue
        current = record.current[segment]
        high = record.voltage[segment] + below * current
        found = (_in_bias(record, high, current, tau) if level_name == BIAS
                 else _in_pulse(run, record, high, current, tau))
        if found is not None:
            pair = _compared(record, path, sensing.burden, sensing.current_tolerance, found)
            if pair is not None:
                yield pair


@dataclass(frozen=True)
class _Steady:
    """Voltage [V] at the high side and current [A] while the level is steady, with limits of noise and zero."""

    voltage: float
    current: float
    voltage_limit: float
    current_limit: float


def _compared(
    record: DeviceRecord, path: SourcePath, burden: float, tolerance: float, found: _Steady,
) -> _Pair | None:
    """Return both currents; None where they agree, but would do so with another factor between them too."""
    resistance = path.resistance - burden
    if resistance < _LEAST_RESISTANCE:
        return None
    limit = math.sqrt(3.0)   # of a standard uncertainty of a uniform error
    drop = path.level - found.voltage - path.leak * found.voltage * resistance
    volts = limit * (path.level_uncertainty + record.voltage_gain * abs(found.voltage)) + found.voltage_limit
    expected = drop / resistance
    doubt = volts / resistance + abs(expected) * (
        limit * path.resistance_uncertainty + _CONTACT / (resistance + _CONTACT))
    doubt += found.current_limit + (record.current_gain + tolerance) * abs(found.current)
    pair = _Pair(expected, found.current, doubt, resistance, drop)
    tells = doubt <= _TELLING * max(abs(expected), abs(found.current))
    return pair if tells or pair.apart else None   # with little current, as of a device that is off, any two agree


def _in_bias(record: DeviceRecord, high: FloatArray, current: FloatArray, tau: float) -> _Steady | None:
    """Return the means between the first and the last rise of the voltage through its median.

    The voltage is the same at both, so capacitances beside the device have taken no charge in between. Nor have they
    where the voltage of a whole record longer than ``tau`` [s] is the same but for one code of the scope.
    """
    if float(np.ptp(high)) <= record.voltage_resolution * _ONE_CODE and float(np.ptp(record.times)) > tau:
        part = slice(0, high.size)
    else:
        middle = median(high)
        rises = np.flatnonzero((high[:-1] < middle) & (high[1:] >= middle))
        if rises.size < 2 or rises[-1] - rises[0] < _WHOLE * high.size:
            return None
        part = slice(int(rises[0]), int(rises[-1]))
    limit = math.sqrt(3.0)
    return _Steady(
        float(high[part].mean()), float(current[part].mean()),
        _noise(high[part]) + record.voltage_resolution + limit * record.voltage_offset,
        _noise(current[part]) + record.current_resolution + limit * record.current_offset)


def _in_pulse(run: Run, record: DeviceRecord, high: FloatArray, current: FloatArray, tau: float) -> _Steady | None:
    """Return what the plateau of a pulse shows more than the base before it; None where it has no steady plateau."""
    times, width = record.times, record.conditions.get("pulse_width")
    if width is None:
        return None
    before = times < min(0.0, float(times[-1]))
    base = median(high[before]) if before.sum() >= _FEWEST else math.nan
    away = np.abs(high - base)
    if math.isnan(base) or not float(away.max()) > 0.0:
        return None
    edge = float(times[int(np.argmax(away >= 0.5 * float(away.max())))])
    fall = parameter(run, "fall_time", 0.0)   # another author's protocol may call something else so
    fall = float(fall) if isinstance(fall, int | float) else 0.0
    late = math.log(2.0) * tau   # at most, by the charging of the capacitance
    first, last = edge + _FROM * width, edge + _TO * width - late - fall
    if last - first < tau:   # too short: the current of the capacitance hardly changes
        return None
    plateau = (times >= first) & (times <= last)
    rest = times < times[0] + _AT_REST * (edge - times[0])
    if min(int(plateau.sum()), int(rest.sum())) < _FEWEST or not (
            _is_steady(high[plateau], high[rest], record.voltage_resolution) and
            _is_steady(current[plateau], current[rest], record.current_resolution)):
        return None
    voltage, amps = (float(one[plateau].mean() - one[rest].mean()) for one in (high, current))
    volts, doubt = (
        _noise(one[plateau]) + _noise(one[rest]) + resolution
        for one, resolution in ((high, record.voltage_resolution), (current, record.current_resolution)))
    if abs(voltage) <= 2.0 * volts and abs(amps) <= 2.0 * doubt:   # the pulse may be over
        return None
    return _Steady(voltage, amps, volts, doubt)


def _is_steady(values: FloatArray, rest: FloatArray, resolution: float) -> bool:
    """Return whether there is no drift, and no oscillation: the samples may miss its short discharges."""
    parts = [float(one.mean()) for one in np.array_split(values, _BLOCKS)]
    noise, mean = noise_of(rest, resolution), abs(float(values.mean()))
    drift = _SIGMAS * noise / math.sqrt(values.size / _BLOCKS) + resolution + _STEADY * mean
    return max(parts) - min(parts) <= drift and float(values.std()) <= _SIGMAS * noise + resolution + _STILL * mean


def _noise(values: FloatArray) -> float:
    """Return the limit of the error of a mean by the scatter of its samples."""
    return _SIGMAS * float(values.std()) / math.sqrt(values.size)
