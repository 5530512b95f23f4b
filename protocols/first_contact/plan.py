"""What a first contact will do: readings, duration, worst case at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.first_contact.parameters import ContactParameters
from tsbench.protocols.reading_time import APERTURES
from tsbench.protocols.worst_case import (
    compliance_refusals,
    dose_items,
    limit_refusals,
    range_refusal,
    worst_case_items,
)

_OVERHEAD = 0.02  #: [s] of a level and its reading beside dwell and apertures
_BYTES_PER_POINT = 100


def plan_contact(settings: ContactParameters, station: Station) -> Plan:
    """Predict readings, duration and the worst case at the device; refuse what a limit forbids."""
    capabilities = station.source_meter("drive").capabilities
    path, wire = settings.path(), station.wire_path("drive")
    worst = worst_case_of_voltage(farthest_emf(map(float, path), wire), wire, settings.compliance)
    items = worst_case_items(worst, station.fixture)
    each = settings.dwell + APERTURES * settings.nplc / capabilities.line_frequency + _OVERHEAD
    return Plan(
        steps=path.size, points=path.size, duration=path.size * each, bytes=path.size * _BYTES_PER_POINT,
        worst_case=(*items, *dose_items(path.size, path.size * each * worst.current, "levels")),
        refusals=(
            *limit_refusals(items, station.device, "lower 'highest'", "lower 'compliance'"),
            *range_refusal("highest", settings.highest, capabilities.source_voltage, "drive"),
            *compliance_refusals(items, settings.highest, settings.compliance, capabilities, station.device),
            *range_refusal("nplc", settings.nplc, capabilities.nplc, "drive"),
        ),
        preview={"time": each * np.arange(path.size, dtype=np.float64), "level": path},
    )
