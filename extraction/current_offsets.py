"""An offset of the current in a table: the lines that say what was subtracted, and which events it may hide."""

from collections.abc import Sequence

from tsbench.analysis.resistance.resistances import zero_currents
from tsbench.analysis.threshold.current_offset import flagged_if_offset_matters
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching
from tsbench.analysis.threshold.switching_rule import Rule
from tsbench.quantities import format_quantity


def offset_line(offset: float) -> list[str]:
    """Return a line on the offset [A] that was subtracted from the currents; empty: it is zero."""
    return [] if not offset else [
        f"the current at zero voltage is {format_quantity(offset, 'A', 3)} on both ways of the sweep. This is an "
        "offset of the meter or the source. It is subtracted from all currents"]


def events_with_doubt(
    events: Sequence[Switching], facts: SweepFacts, rule: Rule, read_voltage: float | None
) -> tuple[list[Switching], list[str]]:
    """Return the events, AMBIGUOUS where a current at zero voltage may hide or make them, and what this means in words.

    The events are looked for once more without each current that may be an offset.

    Parameters
    ----------
    events : of the half-sweeps, as they were read
    facts : of the source meter, with the limit of what is left of an offset that was subtracted
    rule : what counts as switching
    read_voltage : [V] at which the off state is read; None: half of the threshold voltage
    """
    marked, lines = list[Switching](), list[str]()
    for event, zero in zip(events, zero_currents(events, facts, read_voltage), strict=True):
        offsets = zero.different_from_zero()
        marked.append(flagged_if_offset_matters(event, offsets, facts, rule))
        if marked[-1] is not event and not lines:
            lines.append(
                f"the current at zero voltage may be {format_quantity(event.half.sign * offsets[0], 'A', 3)}. "
                "Without it, the device switches elsewhere, or a switching appears or disappears. So the events have "
                "the flag ambiguous. Measure the current at zero voltage, in the same range of the meter, before and "
                "after the sweep")
    return marked, lines
