"""The level from which the device of a sweep oscillates, by the scope records taken during the sweep.

Such a device may never switch from one steady state to another: it has no threshold among readings that are averages,
but it has a level from which on it oscillates.
"""

from tsbench.protocols.extracting.facts import parameter
from tsbench.records import Flag, Result, Run

_METHOD = "between the last level without oscillation at the scope and the first level with oscillation"


def oscillation_onset(run: Run) -> list[Result]:
    """Return the onset of the first oscillation of a sweep; empty where the scope saw no oscillation.

    The interval is a bracket of set-points. Where no quiet look came before, only its upper bound is known.
    """
    names = {column.name for column in run.header.columns}
    seen = [event for event in run.events if {"set_point", "frequency"} <= set(event.data)]
    if not seen or not {"set_point", "time", "cycle", "polarity"} <= names:
        return []
    first = seen[0]
    level = float(first.data["set_point"])
    oscillating = (run.point_flags & int(Flag.OSCILLATING | Flag.UNCHECKED)) != 0
    before = (run.column("time") < first.time) & ~oscillating & (run.column("set_point") * level >= 0)
    quiet = run.column("set_point")[before]
    unit = "A" if parameter(run, "drive", "voltage") == "current" else "V"
    conditions = {"polarity": "+" if level > 0 else "-"}
    if quiet.size == 0 or abs(float(quiet[-1])) >= abs(level):
        below, above = (None, level) if level > 0 else (level, None)
        return [Result("oscillation_onset", unit, None, below, above, _METHOD, conditions, Flag.CENSORED)]
    low, high = sorted((float(quiet[-1]), level))
    flags = Flag.UNDER_SAMPLED if high - low > 0.02 * abs(level) else Flag.NONE
    return [Result("oscillation_onset", unit, 0.5 * (low + high), low, high, _METHOD, conditions, flags)]
