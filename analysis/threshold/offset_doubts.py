"""Whether an offset of the current hides a switching, or makes one."""

from collections.abc import Iterable
from dataclasses import replace

from tsbench.analysis.threshold.switching_results import SweepFacts, Switching
from tsbench.analysis.threshold.switching_rule import Rule
from tsbench.analysis.threshold.threshold import switching_of
from tsbench.records import Flag

_EVENTS = "threshold", "hold"


def doubted_by_offsets(event: Switching, offsets: Iterable[float], facts: SweepFacts, rule: Rule) -> Switching:
    """Return the events of a half-sweep, AMBIGUOUS where they are elsewhere, appear or disappear without an offset.

    Parameters
    ----------
    event : of the half-sweep, as it was read
    offsets : [A] what the currents may have too much, each turned to the side of the half-sweep
    facts : of the source meter
    rule : what counts as switching
    """
    others = [switching_of(replace(event.half, current=event.half.current - one), facts, rule) for one in offsets]
    doubted = [name for name in _EVENTS if len({getattr(one, f"{name}_index") for one in (event, *others)}) > 1]
    return event if not doubted else replace(event, **{
        f"{name}_{kind}": replace(found, flags=found.flags | Flag.AMBIGUOUS)
        for name in doubted for kind in ("voltage", "current")
        if (found := getattr(event, f"{name}_{kind}")) is not None})
