"""A remark on a device that did not behave as a threshold switch in a run, by what the instruments saw."""

from collections.abc import Iterable, Iterator

import numpy as np

from tsbench.analysis.contact.device_condition import Stand, pulse_stand, remark, swept
from tsbench.analysis.pulse.seen_switching import switching_currents
from tsbench.analysis.signal import mute_of
from tsbench.protocols.extracting.facts import device_current, sweep_facts
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import device_records
from tsbench.records import Flag, FloatArray, Run

#: of a record: in means over more, a switching is seen as well; fewer samples in a mean save no time
_ENOUGH_SAMPLES, _LEAST_BLOCK = 2**18, 8
_MOST = 2000  #: records that are looked at, from both ends of a long run


def remark_on_device(run: Run) -> str:
    """Return how the device of a sweep or of pulses did not behave; "" if it did, or no reading shows it."""
    names = {column.name for column in run.header.columns}
    if {"device_voltage", "current", "set_point", "cycle", "polarity"} <= names:
        return _of_sweep(run)
    return remark_on_stands(_pulses(run), "switching")


def remark_on_stands(stands: Iterable[Stand], missed: str) -> str:
    """Return a remark where all of ``stands``, of a device in each record, show the same; else "".

    Parameters
    ----------
    stands : how the device stood in each record
    missed : what did not happen: "switching", "oscillation"
    """
    every = list(stands)
    return remark([*every[:_MOST], *every[_MOST:][-_MOST:]], missed)


def _of_sweep(run: Run) -> str:
    cycle, polarity = run.column("cycle"), run.column("polarity")
    current, noise, offsets = device_current(run), 0.0, (0.0, 0.0)
    if "voltage" in {column.name for column in run.header.columns}:
        facts = sweep_facts(run, ExtractionOptions())
        noise, offsets = facts.current_noise, (facts.voltage_offset, facts.current_offset)
    if (run.point_flags & int(Flag.OSCILLATING)).any():  # then its readings are averages and do not show its states
        return ""
    for number, sign in sorted(set(zip(cycle.tolist(), polarity.tolist(), strict=True))):
        mine = (cycle == number) & (polarity == sign)
        line = swept(run.column("set_point")[mine], run.column("device_voltage")[mine], current[mine], noise, offsets)
        if line:
            return f"{line} (cycle {number:g})" if cycle.max() > 1 else line
    return ""


def _pulses(run: Run) -> Iterator[Stand]:
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        if record.conditions.get("pulse") == 2.0:  # of a pair: it may find the device on
            continue
        for segment, (voltage, current) in enumerate(zip(record.voltage, record.current, strict=True)):
            if mute_of(record_flags(record, segment))[0]:
                continue
            yield _stand(record.times, voltage, current, record.current_resolution)


def _stand(time: FloatArray, voltage: FloatArray, current: FloatArray, resolution: float) -> Stand:
    """Return how the device stood in one pulse [s], [V], [A], shape (n,); a long record is looked at in means first."""
    block = time.size // _ENOUGH_SAMPLES
    if block >= _LEAST_BLOCK:
        few = [np.mean(one[: one.size // block * block].reshape(-1, block), axis=1) for one in (time, voltage, current)]
        if (currents := switching_currents(few[0], few[1], few[2])) is not None:
            return pulse_stand(few[1], few[2], resolution, currents)
    return pulse_stand(voltage, current, resolution, switching_currents(time, voltage, current))
