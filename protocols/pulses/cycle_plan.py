"""What the plans of write and read cycles share."""

from collections.abc import Sequence

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.pulses.delivery import SENT_ONE_BY_ONE
from tsbench.protocols.pulses.plan import sensor_warnings, worst_case_and_refusals
from tsbench.protocols.pulses.write_read import WriteReadParameters, playback
from tsbench.protocols.worst_case import dose_items, long_record_refusal

_CHANNELS = 2
_BYTES_PER_POINT = 60


def cycle_plan(
    settings: WriteReadParameters, station: Station, duration: float, warnings: Sequence[str] = (), at_once: int = 1,
) -> Plan:
    """Return the plan of all cycles of a run: worst case, pulses and charge at the device, size, and refusals.

    Parameters
    ----------
    settings : the cycles; those at each amplitude are ``total / len(amplitude)``
    station : Station
    duration : [s] of the run
    warnings : of the protocol
    at_once : cycles of one acquisition
    """
    reads = {float(np.copysign(settings.read_amplitude, one)) for one in settings.amplitude}
    items, refusals = worst_case_and_refusals(settings, station, reads=sorted(reads))
    generator = station.pulse_generator("pulser").capabilities
    how = playback(settings, generator, at_once)
    if how.refusal:
        refusals.append(how.refusal)
    if how.clocked and at_once > 1 and settings.trigger == "external":
        warnings = (*warnings, SENT_ONE_BY_ONE)
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    elif long := long_record_refusal(
            settings.span, station.oscilloscope("scope").capabilities, "'width' or 'read_width'"):
        refusals += long
    elif settings.samples > (room := station.oscilloscope("scope").capabilities.record_length):
        refusals.append(f"scope: samples = {settings.samples} exceeds the record length of the scope ({room}). Lower "
                        "'samples'")
    resistance = max(station.wire_path("pulser").thevenin_resistance, 1e-3)
    each = sum(abs(one) * settings.width + abs(settings.read_amplitude) * settings.read_width
               for one in settings.amplitude) / len(settings.amplitude)
    times, levels = settings.corners(max(settings.amplitude, key=abs))
    total = settings.total
    return Plan(
        steps=total, points=total, duration=duration,
        bytes=total * (_CHANNELS * settings.samples + _BYTES_PER_POINT),
        worst_case=(*items, *dose_items(2 * total, total * each / resistance)),
        refusals=tuple(refusals),
        warnings=(*warnings, *sensor_warnings(settings, station),
                  *slow_pulses(station, min(settings.width, settings.read_width))),
        preview={"time": np.asarray(times), "level": np.asarray(levels)},
    )
