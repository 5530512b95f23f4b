"""Pulses of a table that do not show a device switching, and in which it conducts: was it on from the edge on?

A device that switches within the edge, or that was on before it, conducts as a resistor does all the time. So does a
resistor. Such a pulse is not one that "did not switch the device".
"""

from collections.abc import Sequence

import numpy as np

from tsbench.analysis.contact.contact import OPEN_BELOW
from tsbench.analysis.contact.device_condition import CLEAR, Stand, conducting
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.quantities import format_quantity


def with_doubts(delays: Sequence[Delay], stands: Sequence[Stand]) -> tuple[list[Delay], str]:
    """Return the delays, those of pulses that may have found the device on as AMBIGUOUS, and a line about these.

    Where some pulses switch the device, they show how it conducts when it is off and when it is on
    (:func:`tsbench.analysis.contact.device_condition.conducting`). Where none does, the off state is not known: a
    device that conducts more than ``OPEN_BELOW`` may be on.

    Parameters
    ----------
    delays : of the pulses of a table
    stands : how the device stood in each of them; of one that switched: before it did
    """
    doubtful = conducting(stands) if any(stand.switched for stand in stands) else [
        stand.conductance > OPEN_BELOW and abs(stand.current) > CLEAR * stand.resolution for stand in stands]
    if not any(doubtful):
        return list(delays), ""
    seen = float(np.median([stand.conductance for stand, odd in zip(stands, doubtful, strict=True) if odd]))
    number = sum(doubtful)
    line = (f"in {number} of {len(delays)} pulses, the device conducts like a resistor of "
            f"{format_quantity(1.0 / seen, 'Ohm', 2)} from the edge on. It may have switched within the edge, or may "
            "have been on before, so the interval of the probability holds both")
    return [delay.doubted() if odd else delay
            for delay, odd in zip(delays, doubtful, strict=True)], line
