"""Pulses in a table to results: switching delay of each, relaxation after it, and what they have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tsbench.analysis.contact.contact import contact
from tsbench.analysis.contact.device_condition import Stand, pulse_stand
from tsbench.analysis.pulse.charging_current import ChargedEdge, charged_edge
from tsbench.analysis.pulse.clipped_rise import beyond
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, delay_result, mean_delay, switching_probability
from tsbench.analysis.pulse.even_record import on_even_times, widened_delay, with_noise
from tsbench.analysis.pulse.firing import PulseOutcome, counted, outcome
from tsbench.analysis.pulse.pulses_in_record import PulseRecord, PulseSpan, find_pulses
from tsbench.analysis.relaxation.relaxation import Relaxed, relaxation_time
from tsbench.analysis.relaxation.results import mean_result, median_result, shot_result
from tsbench.analysis.tables.clipping import shown_noise, shown_step, stands_at_end
from tsbench.analysis.tables.printed_digits import PrintedDigits, printed_digits
from tsbench.analysis.tables.table import Table
from tsbench.errors import ConfigurationError
from tsbench.extraction.charged_edges import with_charging
from tsbench.extraction.conducting_pulses import with_doubts
from tsbench.extraction.found import Found, drawn
from tsbench.protocols.extracting.contacts import with_contact
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import Flag, FloatArray, Result
from tsbench.samples import step_of_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: [V] a base level below which no current says whether the device is still on
_READ_LEVEL = 0.01
#: pulses are of one kind whose amplitudes, and widths, differ by no more than these shares
_SAME_AMPLITUDE, _SAME_WIDTH = 0.05, 0.1
_MOST_FIGURES = 12
#: values are codes of a digitiser where so many differ, and so many of their differences below so many steps are whole
#: within this part of a step
_FEWEST_CODES, _OF_CODES, _FAR, _OFF_CODE = 8, 0.9, 10.0, 0.15
#: samples after a pulse whose current tells how many decimals the relaxing one was printed with. Chosen: few, because
#: the current and with it the step of its last digit are largest at first; more than one, so that none decides alone
_FIRST_AFTER = 12
_ROUNDING = 1e-9
_CLEAR = 5.0  #: standard uncertainties
_ENOUGH_BEFORE = 8  #: samples before a pulse that tell how the rested device conducts


@dataclass(frozen=True)
class TablePulse:
    """One pulse of a table and what was found of it."""

    span: PulseSpan
    amplitude: float  #: [V] of the pulses of its kind
    width: float  #: [s] of the pulses of its kind
    base: float  #: [V]
    delay: Delay
    relaxed: Relaxed
    stand: Stand
    edge: ChargedEdge | None  #: the readings of its edge, where they may show a capacitance

    @property
    def conditions(self) -> dict[str, object]:
        """The conditions that distinguish its results from those of other pulses."""
        return {"amplitude": self.amplitude, "base": self.base, "pulse_width": self.width}


def analyse_pulses(table: Table, path: Path, what: str, out: Path | None) -> Found:
    """Return switching delays and relaxation times of the pulses of a table.

    Parameters
    ----------
    table : with time, voltage and current
    path : of the table
    what : "pulses" for delays, "relaxation", or "both": relaxation too where the device is read between pulses
    out : folder for figures; None: none are drawn

    Raises
    ------
    ConfigurationError
        There is no pulse in it.
    """
    time, voltage, current = (table.columns[role] for role in ("time", "voltage", "current"))
    found_pulses = _found(table)
    record, said, whole = _whole_pulses(found_pulses, table, path)
    if what == "relaxation" and not whole:
        raise ConfigurationError(f"{path.name}: the record ends inside its only pulse, so it does not show what "
                                 "follows the pulse. Record until after the pulse, or give the kind of table with --as")
    windows = table.windows
    inside = np.concatenate([np.arange(span.first, span.last + 1) for span in record.pulses])
    rest = _current_at_rest(current, found_pulses)
    if _is_against(voltage[inside] - record.base, current[inside] - rest, shown_noise(current)):
        current = -current
        said.append("the current is negative in pulses of positive voltage, so tsbench reverses its sign")
        windows = {**windows, "current": _turned(windows["current"])} if "current" in windows else windows
    if what == "relaxation" and abs(record.base) < _READ_LEVEL:
        said.append(
            f"the voltage after the pulses is {format_quantity(record.base, 'V', 3)}. A current that still flows there "
            "does not pass a resistance at this voltage, so the column of the voltage is not the voltage across the "
            "device after the pulse")
    pulses = _examined(time, voltage, current, record.base, record.pulses, windows)
    delays, doubt = with_doubts([pulse.delay for pulse in pulses], [pulse.stand for pulse in pulses])
    delays, charged = with_charging(
        (time, voltage, current), record.pulses, delays, [pulse.edge for pulse in pulses])
    pulses = [replace(pulse, delay=delay) for pulse, delay in zip(pulses, delays, strict=True)]
    touching = contact(voltage[inside] - record.base, current[inside])
    said += [line for line in (doubt, charged, touching.message if Flag.SHORT in touching.flags else "") if line]
    relaxation = what == "relaxation" or (what == "both" and whole and abs(record.base) >= _READ_LEVEL)
    results: list[Result] = []
    if what != "relaxation":
        results += _delays(pulses, said, whole=whole)
    if relaxation:
        results += _relaxations(pulses, said)
    if Flag.SHORT in touching.flags:
        results = list(with_contact(tuple(results), touching))
    number = f"{len(pulses)} pulse{'s' if len(pulses) != 1 else ''}"
    kinds = ", ".join(
        f"{format_quantity(amplitude, 'V', 3)} for {format_quantity(width, 's', 3)}"
        for amplitude, width in sorted({(pulse.amplitude, pulse.width) for pulse in pulses})[:4])
    name = {"pulses": "pulses", "relaxation": "relaxation after pulses"}.get(
        what, "pulses and relaxation" if relaxation else "pulses")
    found = Found(f"{name}, {number} ({kinds}), base voltage {format_quantity(record.base, 'V', 3)}", results, said)
    return found if out is None else drawn(
        found, path, out, _drawings(pulses, (time, voltage, current), path.stem, what, relaxation=relaxation))


def _found(table: Table) -> PulseRecord:
    """Return the pulses of a record, those of each segment on their own: nothing is known of the time between them."""
    columns = [table.columns[role] for role in ("time", "voltage", "current")]
    parts = table.parts
    records = [find_pulses(*(column[part] for column in columns)) for part in parts]
    spans = tuple(
        replace(span, first=span.first + part.start, last=span.last + part.start, begin=span.begin + part.start,
                end=span.end + part.start)
        for record, part in zip(records, parts, strict=True) for span in record.pulses)
    return replace(records[0], pulses=spans, base=float(np.median([record.base for record in records])))


def _current_at_rest(current: FloatArray, record: PulseRecord) -> float:
    """Return the median current [A] outside the pulses, however long these are, and whichever of them are left out."""
    resting = np.ones(current.size, dtype=np.bool_)
    for span in record.pulses:
        resting[span.first : span.last + 1] = False
    return float(np.median(current[resting] if resting.any() else current))


def _is_against(voltage: FloatArray, current: FloatArray, noise: float) -> bool:
    """Return whether the current of pulses is clearly opposite to their voltage; ``noise`` [A] of one reading."""
    return float(np.dot(voltage, current)) < -_CLEAR * noise * float(np.linalg.norm(voltage))


def _whole_pulses(record: PulseRecord, table: Table, path: Path) -> tuple[PulseRecord, list[str], bool]:
    """Return the record with the pulses that it shows whole, a line about the others, and whether there are such.

    A pulse that began before the record has no edge. One that goes on after the record may switch the device later; but
    where there are only such pulses, the delays of those that switched are known.
    """
    if not record.pulses:
        raise ConfigurationError(
            f"{path.name}: the table has no pulse. Its voltage stays at {format_quantity(record.base, 'V')} within "
            "the noise. Give the kind of table with --as")
    begins, ends = {part.start for part in table.parts}, {part.stop - 1 for part in table.parts}
    begun = tuple(span for span in record.pulses if span.first not in begins)
    if not begun:
        raise ConfigurationError(
            f"{path.name}: the record begins inside its only pulse, so the edge of this pulse is not known. Record "
            "from before the pulse on, or give the kind of table with --as")
    whole = tuple(span for span in begun if span.last not in ends)
    if not whole:
        return replace(record, pulses=begun), [
            "the record ends inside the pulse. The width in the conditions is the part that was recorded, and there is "
            "no probability, because the device may switch later. There is no relaxation time either, because the "
            "record does not show what follows"], False
    number = len(record.pulses) - len(whole)
    if not number:
        return record, [], True
    return replace(record, pulses=whole), [
        f"{number} pulse{'s are' if number > 1 else ' is'} left out, because the record begins or ends inside "
        f"{'them' if number > 1 else 'it'}"], True


def _step_of_codes(values: FloatArray) -> float:
    """Return the step of the digitiser in the unit of the values, shape (n,); 0 where they are no multiples of one."""
    step = step_of_values(values)
    unlike = np.unique(values)
    if step <= 0.0 or unlike.size < _FEWEST_CODES:
        return 0.0
    steps = np.diff(unlike) / step
    near = steps[steps < _FAR]   # printed digits move far codes by more than a part of a step
    return step if np.mean(np.abs(near - np.rint(near)) < _OFF_CODE) >= _OF_CODES else 0.0


def _examined(
    time: FloatArray, voltage: FloatArray, current: FloatArray, base: float, spans: Sequence[PulseSpan],
    windows: Mapping[str, tuple[float, float]],
) -> list[TablePulse]:
    amplitudes = _joined(np.array([span.amplitude for span in spans]), _SAME_AMPLITUDE, 4)
    widths = _joined(np.array([span.width for span in spans]), _SAME_WIDTH)
    shown = {name: (shown_noise(column), shown_step(column))
             for name, column in (("voltage", voltage), ("current", current))}
    volts, amperes = printed_digits(voltage), printed_digits(current)
    # a record of few codes may show no noise before the pulse: then rounding is its error
    codes = _step_of_codes(voltage), _step_of_codes(current)
    pulses: list[TablePulse] = []
    rested: PulseOutcome | None = None
    for span, amplitude, width in zip(spans, amplitudes, widths, strict=True):
        near = _near(time, span)
        edge = float(time[span.first])
        mine = current[span.first : span.last + 1]
        flags, facts = _known_ends(voltage[near], current[near], windows)
        if "voltage" not in windows and (end := _end(voltage[span.first : span.last + 1], *shown["voltage"], volts)):
            flags, facts = flags | Flag.CLIPPED, replace(facts, voltage_window=(-end, end))
        if "current" not in windows and (end := _end(mine, *shown["current"], amperes)):
            flags, facts = flags | Flag.CLIPPED, replace(facts, current_window=(-end, end))
        facts = replace(facts, voltage_resolution=max(codes[0], volts.step(float(np.abs(voltage[near]).max()))),
                        current_resolution=max(codes[1], amperes.step(float(np.abs(mine).max()))))
        record = on_even_times(time[near], voltage[near], current[near])
        found = outcome(record.time, record.voltage, record.current, with_noise(facts, record), flags, edge=edge,
                        rested=rested)
        if abs(base) >= _READ_LEVEL and rested is None and span.first - near.start > _ENOUGH_BEFORE:
            rested = found
        delay = counted(found.firing, widened_delay(found.delay, record))
        whole = slice(near.start, max(span.end - 2, span.last + 1))
        # a device that still conducts a little from the pulse before is not at rest: the first pulse shows what rest is
        rest = None if rested is None else (rested.before.current, rested.before.uncertainty)
        after = np.abs(current[span.last + 1 : span.end][:_FIRST_AFTER])
        facts = replace(facts, current_resolution=amperes.step(float(np.median(after)) if after.size else 0.0))
        relaxed = relaxation_time(time[whole], voltage[whole], current[whole], span.width, facts=facts, start=edge,
                                   rest=rest)
        stand = pulse_stand(voltage[near], current[near], 0.0, delay.currents)
        charged = charged_edge(time[near], voltage[near], current[near], delay)
        pulses.append(TablePulse(span, amplitude, width, _rounded(base), delay, relaxed, stand, charged))
    return pulses


def _near(time: FloatArray, span: PulseSpan) -> slice:
    """Return the samples around a pulse: before it as long as it takes, and half as long after it.

    Where the times are uneven, the samples before it may reach back over a gap.
    """
    length = max(span.last - span.first + 1, 20)
    whole = slice(max(span.begin, span.first - length), min(span.end, span.last + length // 2))
    most = 1.5 * length * float(time[span.last] - time[span.first]) / (span.last - span.first)
    first, end = np.searchsorted(time, (float(time[span.first]) - most, float(time[span.last]) + most))
    return slice(max(whole.start, int(first)), min(whole.stop, int(end)))


def _known_ends(
    voltage: FloatArray, current: FloatArray, windows: Mapping[str, tuple[float, float]]
) -> tuple[Flag, PulseFacts]:
    """Return CLIPPED where a sample of a pulse is at an end that the file states, and these ends."""
    unknown = (-np.inf, np.inf)
    facts = PulseFacts(voltage_window=windows.get("voltage", unknown), current_window=windows.get("current", unknown))
    clipped = beyond(voltage, facts.voltage_window).size or beyond(current, facts.current_window).size
    return Flag.CLIPPED if clipped else Flag.NONE, facts


def _end(values: FloatArray, noise: float, step: float, digits: PrintedDigits) -> float:
    """Return the largest magnitude of a pulse's readings where it is the end of the range; 0: it is not.

    ``noise``, ``step``, ``digits``: of the whole record, as of :func:`.clipping.stands_at_end`.
    """
    end = float(np.abs(values).max())
    # the digits of 1 V are those of 0.999 V: no number above it shows others
    return end if stands_at_end(values, noise, step, digits.step(end * (1.0 - _ROUNDING))) else 0.0


def _turned(window: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a quantity whose sign is reversed."""
    return -window[1], -window[0]


def _joined(values: FloatArray, share: float, digits: int = 3) -> list[float]:
    """Return the values with those that differ by less than ``share`` of themselves replaced by their median."""
    order = np.argsort(values)
    steps = np.diff(values[order]) > share * np.maximum(np.abs(values[order][1:]), 1e-30)
    group = np.empty(values.size, dtype=int)
    group[order] = np.concatenate(([0], np.cumsum(steps)))
    return [_rounded(float(np.median(values[group == one])), digits) for one in group]


def _rounded(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")


def _grouped(pulses: Sequence[TablePulse]) -> list[list[TablePulse]]:
    groups: dict[tuple[float, float], list[TablePulse]] = {}
    for pulse in pulses:
        groups.setdefault((pulse.amplitude, pulse.width), []).append(pulse)
    return list(groups.values())


def _delays(pulses: Sequence[TablePulse], said: list[str], *, whole: bool) -> list[Result]:
    """Return the delays, and the probabilities where the pulses are ``whole``."""
    results = [delay_result(pulse.delay, {**pulse.conditions, "pulse": k}) for k, pulse in enumerate(pulses)]
    for group in _grouped(pulses):
        delays = [pulse.delay for pulse in group]
        mean = mean_delay(delays, dict(group[0].conditions))
        # the voltage of a table may be a nominal one, so that a switching device looks like a diode: it counts
        known = [replace(delay, told=delay.told or delay.fired) for delay in delays]
        probability = switching_probability(known, dict(group[0].conditions))
        if alike := sum(delay.fired and not delay.told for delay in delays):
            probability = replace(probability, flags=probability.flags | Flag.AMBIGUOUS)
            said.append(f"in {alike} of {len(delays)} pulses of {_text(group)}, a diode may show the same current, so "
                        "it is not known whether these pulses switch the device")
        results += [mean, *([probability] if whole else [])]
        fired = sum(delay.fired for delay in delays)
        text = f", delay {format_interval(mean.value, mean.low, mean.high, 's')}" if fired else ""
        clear = [delay for delay in delays if delay.fired or delay.told]
        if clear:
            verb = "count as switching" if alike else "switch the device"
            said.append(f"{fired} of {len(clear)} pulses of {_text(group)} {verb}{text}")
    return results


def _relaxations(pulses: Sequence[TablePulse], said: list[str]) -> list[Result]:
    results = [shot_result(pulse.relaxed, {**pulse.conditions, "pulse": k}) for k, pulse in enumerate(pulses)]
    for group in _grouped(pulses):
        shots = [pulse.relaxed for pulse in group]
        median = median_result(shots, dict(group[0].conditions))
        results += [median, mean_result(shots, dict(group[0].conditions))]
        fired = sum(shot.fired for shot in shots)
        text = f", relaxation time {format_interval(median.value, median.low, median.high, 's')}" if fired else ""
        said.append(f"{fired} of {len(group)} pulses of {_text(group)} switch the device on{text}")
    return results


def _text(group: Sequence[TablePulse]) -> str:
    return f"{format_quantity(group[0].amplitude, 'V', 3)} for {format_quantity(group[0].width, 's', 3)}"


def _drawings(
    pulses: Sequence[TablePulse], record: tuple[FloatArray, FloatArray, FloatArray], title: str, what: str, *,
    relaxation: bool,
) -> dict[str, "Callable[[], Figure]"]:
    from tsbench.analysis.figures import pulse_figure, relaxation_figure

    time, voltage, current = record
    drawings: dict[str, Callable[[], Figure]] = {}
    for number, group in enumerate(_grouped(pulses)[:_MOST_FIGURES], start=1):
        heading = f"{title}: pulse of {_text(group)}"
        if what != "relaxation":
            pulse = group[0]
            length = pulse.span.last - pulse.span.first + 1
            shown = slice(max(pulse.span.begin, pulse.span.first - length // 4),
                          min(pulse.span.end, pulse.span.last + length // 4))
            drawings[f"pulse_{number}"] = partial(
                pulse_figure, time[shown], voltage[shown], current[shown], pulse.delay, heading)
        shots = [
            (time[pulse.span.begin : pulse.span.end], current[pulse.span.begin : pulse.span.end], pulse.relaxed)
            for pulse in group if pulse.relaxed.fired]
        if relaxation and shots:
            median = median_result([pulse.relaxed for pulse in group], {})
            drawings[f"relaxation_{number}"] = partial(relaxation_figure, shots, median, heading)
    return drawings
