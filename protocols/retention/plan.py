"""What a retention run will do: readings, duration, worst case and dose at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.reading_time import APERTURES
from tsbench.protocols.retention.parameters import RetentionParameters
from tsbench.protocols.worst_case import (
    compliance_refusals,
    dose_items,
    limit_refusals,
    range_refusal,
    worst_case_items,
)

_OVERHEAD = 5e-3  #: [s] of a level and its reading beside the apertures
_BYTES_PER_POINT = 120


def plan_retention(settings: RetentionParameters, station: Station) -> Plan:
    """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
    capabilities = station.source_meter("drive").capabilities
    path = station.wire_path("drive")
    farthest = farthest_emf((settings.set_voltage, settings.read_voltage), path)
    items = worst_case_items(worst_case_of_voltage(farthest, path, settings.compliance), station.fixture)
    read = worst_case_of_voltage(settings.read_voltage, path, settings.compliance).current
    each = APERTURES * settings.nplc / capabilities.line_frequency + _OVERHEAD
    at_read = settings.last if settings.between == "read" else settings.points * each
    charge = settings.repeats * (items[1].value * (settings.set_time + each) + read * at_read)
    warnings = []
    if settings.first < 2 * each:
        warnings.append(f"first = {settings.first:g} s is near to the time of a reading, {each:.2g} s. The reads come "
                        "when the source meter is ready, and their times are recorded. Raise 'first', or lower 'nplc'")
    times, levels = np.array([-settings.set_time, 0.0, 0.0, settings.last]), np.array([
        settings.set_voltage, settings.set_voltage, settings.read_voltage, settings.read_voltage])
    return Plan(
        steps=settings.total, points=settings.total,
        duration=settings.repeats * (settings.rest + settings.set_time + settings.last + 4 * each),
        bytes=settings.total * _BYTES_PER_POINT,
        worst_case=(*items, *dose_items(settings.repeats, charge, "stimuli")),
        refusals=(
            *limit_refusals(items, station.device, "lower 'set_voltage'", "lower 'compliance'"),
            *range_refusal("set_voltage", settings.set_voltage, capabilities.source_voltage, "drive"),
            *compliance_refusals(items, settings.set_voltage, settings.compliance, capabilities, station.device),
            *range_refusal("nplc", settings.nplc, capabilities.nplc, "drive")),
        warnings=tuple(warnings), preview={"time": times - times[0], "level": levels})
