"""Pulses of a table that do not show a device switching, and in which it conducts: was it on from the edge on?

A device that switches within the edge, or that was on before it, conducts as a resistor does all the time. So does a
resistor. Such a pulse is not one that "did not switch the device".
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.contact.contact import OPEN_BELOW
from tsbench.analysis.contact.device_condition import ANOTHER, CLEAR, Stand
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.quantities import format_quantity
from tsbench.records import Flag


def with_doubts(delays: Sequence[Delay], stands: Sequence[Stand]) -> tuple[list[Delay], str]:
    """Return the delays, those of pulses that may have found the device on as AMBIGUOUS, and a line about these.

    Where some pulses switch the device, they show how it conducts when it is off, and three times as much is another
    state. Where none does, the off state is not known: a device that conducts more than ``OPEN_BELOW`` may be on.

    Parameters
    ----------
    delays : of the pulses of a table
    stands : how the device stood in each of them; of one that switched: before it did
    """
    fired = [stand for delay, stand in zip(delays, stands, strict=True) if delay.fired]
    bound = ANOTHER * float(np.median([stand.conductance for stand in fired])) if fired else OPEN_BELOW
    doubtful = [not delay.fired and not stand.dark and stand.conductance > bound
                and abs(stand.current) > CLEAR * stand.resolution
                for delay, stand in zip(delays, stands, strict=True)]
    if not any(doubtful):
        return list(delays), ""
    seen = float(np.median([stand.conductance for stand, odd in zip(stands, doubtful, strict=True) if odd]))
    number = sum(doubtful)
    line = (f"in {number} of {len(delays)} pulses, the device conducts like a resistor of "
            f"{format_quantity(1.0 / seen, 'Ohm', 2)} from the edge on. It may have switched within the edge, or may "
            "have been on before, so these pulses do not count as pulses that did not switch it")
    return [replace(delay, stood=None, flags=delay.flags | Flag.AMBIGUOUS) if odd else delay
            for delay, odd in zip(delays, doubtful, strict=True)], line


def is_doubtful(delay: Delay) -> bool:
    """Return whether it is not known whether a pulse switched the device."""
    return not delay.fired and Flag.AMBIGUOUS in delay.flags
