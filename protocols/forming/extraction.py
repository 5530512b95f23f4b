"""A forming run to numbers: forming voltage, resistance before and after each stage, and what forming has changed.

These numbers have names of their own. Nothing here is a threshold voltage: the first switching of a device differs from
all that follow, so it must not be in their statistics.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tsbench.analysis.conductance.conductance import conductance, resistance_result
from tsbench.analysis.pulse.at_once import on_above
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.analysis.threshold.threshold import switching
from tsbench.protocols.extracting.facts import device_current, sweep_facts
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.forming.acquisition import CONFIRMATION, RAMP, READ
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Result, Run

_SHIFT_METHOD = ("forming voltage less the switching voltage of the ramp after forming; bounds from the ends of both "
                 "intervals")
_FIRST = 2  #: levels of a ramp at which a device conducts from the beginning on
_CLEAR = 3.0  #: times the offset of the ammeter: a current that is seen for sure
_ANOTHER = 3.0  #: as many times less than before forming: then the device may be stuck in its on state


def stage_switching(run: Run, options: ExtractionOptions | None = None) -> dict[int, Switching]:
    """Return what each ramp shows, by stage; the confirmation is the stage after the last."""
    ramps = run.column("phase") != READ
    if not ramps.any():
        return {}
    points = IVPoints(
        voltage=run.column("device_voltage")[ramps], current=device_current(run)[ramps],
        level=run.column("set_point")[ramps], flags=run.point_flags[ramps],
        cycle=run.column("stage")[ramps].astype(np.int64), cycle_name="stage")
    options = options or ExtractionOptions()
    return {found.half.cycle: found for found in switching(points, sweep_facts(run, options), options.rule)}


def read_resistances(run: Run, options: ExtractionOptions) -> dict[int, Result]:
    """Return the resistance at low voltage before the first stage (0) and after each."""
    reads = run.column("phase") == READ
    if not reads.any():
        return {}
    facts, stage = sweep_facts(run, options), run.column("stage")
    found: dict[int, Result] = {}
    limited = (run.point_flags & int(Flag.COMPLIANCE)) != 0
    for number in np.unique(stage[reads]):
        mine = reads & (stage == number)
        free = mine & ~limited
        conditions = {"after stage": int(number), "up to": float(np.abs(run.column("set_point")[mine]).max())}
        result = resistance_result(
            conductance(run.column("device_voltage")[free], device_current(run)[free],
                        facts.voltage_gain + facts.current_gain), conditions)
        if (mine & limited).any():
            result = replace(result, flags=result.flags | Flag.COMPLIANCE)
        found[int(number)] = replace(result, quantity="read_resistance")
    return found


def forming_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return forming voltage and current, the events of later stages, resistances, and the shift by forming."""
    stages = stage_switching(run, options)
    phases = {int(stage): float(phase) for stage, phase in zip(
        run.column("stage"), run.column("phase"), strict=True) if phase != READ}
    limits = {int(stage): float(limit) for stage, limit, phase in zip(
        run.column("stage"), run.column("compliance"), run.column("phase"), strict=True) if phase != READ}
    results: list[Result] = []
    formed: Result | None = None
    unclear: Result | None = None
    for stage, found in stages.items():
        conditions = {"stage": stage, "compliance": limits[stage], **_polarity(found)}
        voltage = found.threshold_voltage
        if voltage.value is not None and Flag.NO_HYSTERESIS in voltage.flags:
            unclear = unclear or _unclear(voltage, conditions)
            continue
        if phases[stage] == CONFIRMATION:
            after = replace(voltage, quantity="switching_voltage_after_forming", conditions=conditions)
            results.append(after)
            if formed is not None:
                results.append(forming_shift(formed, after, conditions))
        elif formed is None and voltage.value is not None:
            formed = replace(voltage, quantity="forming_voltage", conditions=conditions)
            results += [formed, replace(found.threshold_current, quantity="forming_current", conditions=conditions)]
        elif formed is not None:
            results.append(replace(voltage, quantity="switching_voltage_in_forming", conditions=conditions))
    if formed is None and stages:
        results.insert(0, unclear or _not_formed(stages[max(stages)], limits, conducting_already(run, options)))
    return results + list(read_resistances(run, options).values())


def _unclear(voltage: Result, conditions: Mapping[str, Any]) -> Result:
    """Return a change that both branches make at the same place: its bounds, but no value.

    A knee does this, and so does a device that oscillates while the source meter limits its current.
    """
    return replace(voltage, quantity="forming_voltage", value=None, conditions=conditions,
                   method=f"{voltage.method}; both branches change there, so it may be no switching",
                   flags=voltage.flags | Flag.AMBIGUOUS)


def conducting_already(run: Run, options: ExtractionOptions) -> str:
    """Return in words how the device conducts at the first levels of a ramp; "" where it does not, in any ramp.

    A device that is on, formed or short conducts more than :func:`tsbench.analysis.pulse.at_once.on_above` there.
    Where the source meter limits the current, the voltage that is left tells its resistance.
    """
    facts, stage = sweep_facts(run, options), run.column("stage")
    level, current = run.column("set_point"), np.abs(device_current(run))
    voltage = np.maximum(np.abs(run.column("device_voltage")), max(facts.voltage_offset, 1e-9))
    for number in np.unique(stage[run.column("phase") == RAMP]):
        ramp = np.flatnonzero((stage == number) & (run.column("phase") == RAMP) & (level != 0.0))
        first = ramp[np.isin(level[ramp], list(dict.fromkeys(level[ramp].tolist()))[:_FIRST])]
        told = first.size >= _FIRST and bool(np.all(current[first] > _CLEAR * facts.current_offset))
        if told and np.all(current[first] >= on_above(facts.path_resistance) * voltage[first]):
            resistance, at = float(voltage[first[0]] / current[first[0]]), float(level[first[0]])
            return (f"the device conducts already: {format_quantity(resistance, 'Ohm', 3)} at the first level of stage "
                    f"{number:g}, {format_quantity(at, 'V', 3)}")
    return ""


def _not_formed(last: Switching, limits: Mapping[int, float], conducts: str) -> Result:
    """Return a forming voltage that is only known to be above what was applied, in magnitude.

    Of a device that conducts already, nothing is known: it may be formed.
    """
    half = last.half
    conditions = {"stages": len(limits), "compliance": max(limits.values()), **_polarity(last)}
    if conducts:
        return Result("forming_voltage", "V", None, None, None, f"{last.threshold_voltage.method}; {conducts}",
                      conditions, last.threshold_voltage.flags & ~Flag.CENSORED | Flag.AMBIGUOUS)
    flags = last.threshold_voltage.flags | Flag.CENSORED
    free = half.voltage[(half.flags & int(Flag.COMPLIANCE)) == 0]
    reached = float(half.polarity * free.max()) if free.size else None   # in compliance, the ramp does not act
    low, high = (reached, None) if half.polarity > 0 else (None, reached)
    return Result("forming_voltage", "V", None, low, high, last.threshold_voltage.method, conditions, flags)


def forming_shift(before: Result, after: Result, conditions: Mapping[str, Any]) -> Result:
    """Return by how much forming has lowered the magnitude of the switching voltage [V].

    Where the interval holds zero, the device may have been formed before: the flag AMBIGUOUS.
    """
    known = (before.value, before.low, before.high, after.value, after.low, after.high)
    flags = (before.flags | after.flags) & ~(Flag.COMPLIANCE | Flag.UNCHECKED)
    if None in known:
        return Result("forming_shift", "V", None, None, None, _SHIFT_METHOD, conditions, flags | Flag.NO_EVENT)
    b, b_low, b_high, a, a_low, a_high = (float(one) for one in known if one is not None)
    sign = 1.0 if b > 0 else -1.0
    low, high = sorted((sign * (b_low - a_high), sign * (b_high - a_low)))
    flags |= Flag.AMBIGUOUS if low <= 0.0 else Flag.NONE
    return Result("forming_shift", "V", sign * (b - a), low, high, _SHIFT_METHOD, conditions, flags)


def forming_remark(run: Run) -> str:
    """Return in one line how the forming did not go as meant: no event, formed before, or stuck in the on state."""
    results = forming_results(run, ExtractionOptions()) if len(run.points) else []
    by_name = {result.quantity: result for result in results}
    formed, shift = by_name.get("forming_voltage"), by_name.get("forming_shift")
    if formed is None:
        return ""
    if formed.value is None and (conducts := conducting_already(run, ExtractionOptions())):
        return (f"{conducts}. It may have been formed before, be short, or switch below the first level. Check the "
                "device, or use a lower 'start'")
    if formed.value is None and Flag.AMBIGUOUS in formed.flags:
        return ("it is not clear whether the device was formed, because the current changes at the same voltage on "
                "both ways. Use a higher compliance, and look at the device with a scope")
    if formed.value is None:
        return ("the device was not formed: no ramp shows switching. Use a higher 'stop' or a higher compliance, or "
                "check the contact")
    reads = [result for result in results if result.quantity == "read_resistance"]
    first, last = reads[0], reads[-1]
    least = first.low if first.value is None else first.value
    if last.high is not None and least is not None and last.high * _ANOTHER < least:
        return (f"after forming, the resistance at low voltage is {format_quantity(last.value, 'Ohm', 3)}, and it was "
                f"{'at least ' if first.value is None else ''}{format_quantity(least, 'Ohm', 3)} before. The device "
                "may stay in its on state")
    if last.value is None and Flag.COMPLIANCE in last.flags:
        return "after forming, the reads at low voltage are in compliance. The device may be a short"
    if shift is not None and Flag.AMBIGUOUS in shift.flags:
        return ("the device switches at the same voltage before and after this run, so it may have been formed before")
    return ""


def _polarity(found: Switching) -> dict[str, str]:
    return {"polarity": "+" if found.half.polarity > 0 else "-"}

