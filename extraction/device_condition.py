"""One line about a device that did not behave as a threshold switch in a run, by what the instruments saw."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.contact.device_condition import Stand, pulse_stand, steady_stand, swept, told
from tsbench.analysis.pulse.pulse import switching_delay
from tsbench.extraction.contacts import contact_of
from tsbench.extraction.runs import oscillation_records
from tsbench.extraction.signals import device_records
from tsbench.records import Flag, Run

_CYCLES = 3  #: fewer spikes are no oscillation
_MOST = 2000  #: records that are looked at, from both ends of a long run


def device_line(run: Run) -> str:
    """Return a line about the device of a run; "" if it behaved as a threshold switch, or no reading shows it."""
    if line := contact_of(run).message:
        return line
    names = {column.name for column in run.header.columns}
    if {"device_voltage", "current", "set_point", "cycle", "polarity"} <= names:
        return f"the device: {line}" if (line := _of_sweep(run)) else ""
    oscillation = run.header.protocol == "oscillation"
    stands = list(_oscillations(run) if oscillation else _pulses(run))
    line = told([*stands[:_MOST], *stands[_MOST:][-_MOST:]], "oscillation" if oscillation else "switching")
    return f"the device: {line}" if line else ""


def _of_sweep(run: Run) -> str:
    cycle, polarity = run.column("cycle"), run.column("polarity")
    if (run.point_flags & int(Flag.OSCILLATING)).any():  # then its readings are averages, and say nothing of its states
        return ""
    for number, sign in sorted(set(zip(cycle.tolist(), polarity.tolist(), strict=True))):
        mine = (cycle == number) & (polarity == sign)
        line = swept(run.column("set_point")[mine], run.column("device_voltage")[mine], run.column("current")[mine])
        if line:
            return f"{line} (cycle {number:g})" if cycle.max() > 1 else line
    return ""


def _oscillations(run: Run) -> Iterator[Stand]:
    for record, spikes, _ in oscillation_records(run):
        if record.voltage is not None and record.current is not None:
            yield steady_stand(
                record.voltage[0], record.current[0], record.current_resolution, spikes.times.size >= _CYCLES)


def _pulses(run: Run) -> Iterator[Stand]:
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        for voltage, current in zip(record.voltage, record.current, strict=True):
            found = switching_delay(record.times, voltage, current)
            switched = found.value is not None
            yield pulse_stand(
                voltage, current, record.current_resolution, switched, found.off_current if switched else np.nan)
