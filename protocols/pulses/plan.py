"""What all plans of pulses share: the worst case at the device, and why device or generator refuse them."""

import math
from collections.abc import Sequence

from tsbench.instruments import PlanItem, PulseGeneratorCapabilities, Range, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.acquiring.device_view import trigger_refusals
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.protocols.worst_case import dose_items, limit_refusals, load_remedy, range_refusal, worst_case_items
from tsbench.quantities import format_quantity, short_quantity, told_apart

#: [s] arming, transfer and set-up of one scope acquisition
OVERHEAD = 0.1
_SLACK = 1e-9  #: relative, for the rounding of decimal numbers
_AMPLITUDES = ("amplitude", "lowest", "highest", "conditioning", "pair_amplitude")  #: parameters that set one
RISE_OF_ONE_POLE = 0.35  #: rise time from 10 to 90 %, times the bandwidth


def worst_case_and_refusals(
    settings: PulseParameters, station: Station, times: Sequence[tuple[str, float, Range]] = (),
    name: str = "amplitude", role: str = "pulser", reads: Sequence[float] = (),
) -> tuple[tuple[PlanItem, ...], list[str]]:
    """Return the worst case at the device, and what device, generator and the trigger of the scope refuse.

    Parameters
    ----------
    settings : the pulses
    station : the bench
    times : (name, value [s], range that the generator has), beside width and edges
    name : of the parameter that sets the highest amplitude
    role : of the generator
    reads : [V] levels of the parameter 'read_amplitude'
    """
    capabilities = station.pulse_generator(role).capabilities
    farthest = max(abs(level) for level in (*settings.levels, *reads))
    highest = name if farthest in map(abs, settings.levels) else "read_amplitude"
    path = station.wire_path(role)
    worst = worst_case_of_voltage(farthest_emf((*settings.levels, *reads), path), path)
    items = worst_case_items(worst, station.fixture, settings.width)
    refusals = limit_refusals(items, station.device, f"lower '{highest}' or 'base'",
                              load_remedy(station.fixture), "shorten 'width'")
    tops = settings.levels[1:]
    for what, value, allowed in (
        ("base", settings.base, capabilities.level_into_open),
        *((f"base + {name}", top, capabilities.level_into_open) for top in sorted({min(tops), max(tops)})),
        ("width", settings.width, capabilities.pulse_width),
        *(("read_amplitude", read, capabilities.level_into_open) for read in reads),
        *times,
        ("rise_time", settings.rise_time, capabilities.edge_time),
        ("fall_time", settings.fall_time, capabilities.edge_time),
    ):
        refusals += range_refusal(what, value, allowed, role)
    refusals += _size_refusals(settings, capabilities, name, role)
    return items, refusals + trigger_refusals(station, settings.trigger)


def _size_refusals(
    settings: PulseParameters, capabilities: PulseGeneratorCapabilities, name: str, role: str,
) -> list[str]:
    """Return why the generator makes no pulses as small or as large as these, or no edges as fast at their size."""
    amplitudes, able = [level - settings.base for level in settings.levels[1:]], capabilities.amplitude_into_open
    smallest, largest = min(amplitudes, key=abs), max(amplitudes, key=abs)
    refusals = []
    if abs(smallest) < able.low * (1 - _SLACK):
        shown, least = told_apart(abs(smallest), able.low, "V")
        change = f"Lower '{{}}' to -{least} or less" if smallest < 0 else f"Raise '{{}}' to {least} or more"
        refusals.append(f"{role}: the smallest pulse has {shown} from base to top, but the generator makes at least "
                        f"{least}. {change.format(_parameter_of(smallest, settings, name))}")
    levels = capabilities.level_into_open   # a top beyond them is refused already
    top = min(max(settings.base + largest, levels.low), levels.high)
    if abs(top - settings.base) > able.high * (1 + _SLACK):
        shown, most = told_apart(abs(largest), able.high, "V")
        change = f"Raise '{{}}' to -{most} or more" if largest < 0 else f"Lower '{{}}' to {most} or less"
        refusals.append(f"{role}: the largest pulse has {shown} from base to top, but the generator makes at most "
                        f"{most}. {change.format(_parameter_of(largest, settings, name))}")
    edge, shortest = min(settings.rise_time, settings.fall_time), capabilities.shortest_edge(abs(largest))
    if capabilities.edge_time.low * (1 - _SLACK) <= edge < shortest * (1 - _SLACK):
        shown, needed = told_apart(edge, shortest, "s")
        refusals.append(f"{role}: pulses above {short_quantity(capabilities.fast_edges_up_to, 'V')} have edges of at "
                        f"least {needed}, but {shown} is set. Raise 'rise_time' and 'fall_time', or lower '{name}'")
    return refusals


def _parameter_of(amplitude: float, settings: PulseParameters, name: str) -> str:
    """Return the parameter that sets an amplitude [V]; ``name`` where none has this value."""
    for parameter in _AMPLITUDES:
        given = getattr(settings, parameter) if parameter in type(settings).model_fields else ()
        for value in given if isinstance(given, Sequence) else (given,):
            if value is not None and math.isclose(value, amplitude, rel_tol=_SLACK, abs_tol=_SLACK):
                return parameter
    return name


def pulse_dose(items: Sequence[PlanItem], pulses: int) -> tuple[PlanItem, ...]:
    """Return what all pulses of a run do to the device at most: their number, and the charge of each of them together.

    Parameters
    ----------
    items : the worst case of one pulse
    pulses : that may be sent, probes and repeated ones included
    """
    return dose_items(pulses, pulses * next((item.value for item in items if item.quantity == "charge"), 0.0))


def sensor_warnings(settings: PulseParameters, station: Station) -> tuple[str, ...]:
    """Return a line where the amplifier that senses the current is slower than the edges of the pulses."""
    sensing = station.fixture.sensing
    edge = min(settings.rise_time, settings.fall_time)
    if sensing.amplifier is None or edge >= (rise := RISE_OF_ONE_POLE / sensing.amplifier.bandwidth):
        return ()
    return (
        f"the amplifier at '{sensing.current}' has a rise time of {format_quantity(rise, 's')}, but the edges of the "
        f"pulses last {format_quantity(edge, 's')}. The current during an edge is shown later and smoother than it is",)
