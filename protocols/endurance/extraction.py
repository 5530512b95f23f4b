"""An endurance run to numbers: cycles to failure, share of failed cycles, and both resistances over the cycles."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.analysis.signal import mute_of
from tsbench.analysis.statistics import median_interval, proportion_interval
from tsbench.protocols.endurance.failure import CycleVerdict, FailureCount
from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import device_records
from tsbench.protocols.pulses.cycle_states import SIGMAS, CycleState, record_states, resistance_of
from tsbench.protocols.pulses.write_read import rows_of
from tsbench.records import Flag, FloatArray, Result, Run


@dataclass(frozen=True)
class EnduranceCycle:
    """One cycle of an endurance run, from 1."""

    number: int
    state: CycleState
    verdict: CycleVerdict
    flags: Flag = Flag.NONE  #: of its record, for example CLIPPED


def settings_of(run: Run) -> EnduranceParameters:
    """Return the parameters that a run was made with."""
    return EnduranceParameters.model_validate(
        {name: given["value"] for name, given in run.header.parameters.items()
         if name in EnduranceParameters.model_fields})


def cycles(run: Run) -> tuple[list[EnduranceCycle], FailureCount]:
    """Return every recorded cycle in order, and the count of the failed ones."""
    settings = settings_of(run)
    count, found = FailureCount(settings), []
    for record in device_records(run):
        rows = rows_of(run.point_flags, int(record.conditions.get("first", 0)), record.segment_times.size)
        for segment, (row, state) in enumerate(zip(rows, record_states(settings, record), strict=False)):
            found.append(EnduranceCycle(
                int(row) + 1, state, count.add(int(row) + 1, state), record_flags(record, segment)))
    return found, count


def endurance_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return cycles to failure, share of failed cycles, and resistances by decade of cycles."""
    settings = settings_of(run)
    found, count = cycles(run)
    conditions: dict[str, Any] = {"amplitude": settings.amplitude[0], "pulse_width": settings.width}
    results = [_life(found, count, settings, conditions), _share(count, conditions)]
    for label, part in _decades(found):
        within = {**conditions, "cycles": label}
        flags = Flag.NONE
        for cycle in part:
            flags |= mute_of(cycle.flags)[1]
        results.append(_resistance("on_resistance", [cycle.state.write for cycle in part], within, flags))
        results.append(_resistance("off_resistance", [cycle.state.read for cycle in part], within, flags))
    return results


def _life(
    found: list[EnduranceCycle], count: FailureCount, settings: EnduranceParameters, conditions: dict[str, Any],
) -> Result:
    criterion = (f"{settings.failures} cycles in a row with more than {settings.on_below:g} Ohm at the end of the "
                 f"write pulse or less than {settings.off_above:g} Ohm during the read pulse")
    if count.failed_at is None:
        bound = float(count.last_good) if found else None
        flags = Flag.CENSORED if found else Flag.NO_EVENT
        return Result("cycles_to_failure", "", None, bound, None, f"not failed: {criterion}", conditions, flags)
    return Result(
        "cycles_to_failure", "", float(count.failed_at), float(count.good_before + 1), float(count.failed_at),
        f"first failed cycle of {criterion} ({count.how}); from the cycle after the last good one on", conditions)


def _share(count: FailureCount, conditions: dict[str, Any]) -> Result:
    """Return the share of failed cycles before the device failed, or of all."""
    failed, judged = count.single, count.good + count.single
    before = "" if count.failed_at is None else " before the device failed"
    method = f"{failed} of {judged} cycles failed{before}, {count.undecided} undecided; Wilson interval"
    if not judged:
        return Result("failed_cycle_share", "", None, None, None, method, conditions, Flag.NO_EVENT)
    low, high = proportion_interval(failed, judged)
    return Result("failed_cycle_share", "", failed / judged, low, high, method, conditions)


def _decades(found: list[EnduranceCycle]) -> Iterator[tuple[str, list[EnduranceCycle]]]:
    """Yield the good cycles by decade of their number: 1 to 9, 10 to 99 and so on."""
    good = [cycle for cycle in found if cycle.verdict is CycleVerdict.GOOD]
    first = 1
    while good and first <= good[-1].number:
        part = [cycle for cycle in good if first <= cycle.number < 10 * first]
        if part:
            yield f"{first} to {10 * first - 1}", part
        first *= 10


def _resistance(quantity: str, stands: list[Any], conditions: dict[str, Any], flags: Flag) -> Result:
    """Return the median resistance; a cycle whose conductance could be zero is a lower bound."""
    conductance = np.array([one.conductance for one in stands])
    least = np.array([one.uncertainty for one in stands]) * SIGMAS
    seen = np.abs(conductance) > least
    values: FloatArray = np.where(seen, resistance_of(conductance), np.inf)
    method = f"median of {values.size} good cycles; 95 % interval from order statistics, without the gain accuracy"
    value, interval = float(np.median(values)), median_interval(values)
    flags |= Flag.TOO_FEW if interval is None else Flag.NONE
    low = None if interval is None else interval[0]
    high = None if interval is None or not np.isfinite(interval[1]) else interval[1]
    if not np.isfinite(value):
        bound = float(np.median(1.0 / (np.maximum(conductance, 0.0) + least)))
        return Result(quantity, "Ohm", None, bound, None, f"{method}; the current could be zero", conditions,
                      flags | Flag.CENSORED)
    if high is None and low is not None:
        flags |= Flag.CENSORED
    return Result(quantity, "Ohm", value, low, high, method, conditions, flags)


def endurance_remark(run: Run) -> str:
    """Return how the device failed, and what else looks the same."""
    _, count = cycles(run)
    if count.failed_at is None:
        return ""
    doubt = ("A lost contact looks the same. Check the contact" if count.how == CycleVerdict.NOT_ON.value else
             "Check the device")
    return f"the device failed at cycle {count.failed_at}: {count.how}. {doubt}"
