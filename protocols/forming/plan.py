"""What a forming run will do: readings, duration, worst case and dose at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.forming.parameters import CONFIRMING, READ_LEVELS, FormingParameters
from tsbench.protocols.reading_time import APERTURES
from tsbench.protocols.worst_case import (
    compliance_refusals,
    dose_items,
    limit_refusals,
    measuring_range_refusal,
    range_refusal,
    worst_case_items,
)

_OVERHEAD = 0.02  #: [s] of a level and its reading beside dwell and apertures
_BYTES_PER_POINT = 130
_PREVIEW = 2000


def plan_forming(settings: FormingParameters, station: Station) -> Plan:
    """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
    capabilities = station.source_meter("drive").capabilities
    highest = settings.compliance[-1]
    ramp, wire = settings.ramp(), station.wire_path("drive")
    farthest = farthest_emf((settings.stop, *map(float, ramp), *map(float, settings.reads())), wire)
    worst = worst_case_of_voltage(farthest, wire, highest)
    items = worst_case_items(worst, station.fixture)
    each = settings.dwell + APERTURES * settings.nplc / capabilities.line_frequency + _OVERHEAD
    ramps = [*settings.compliance, *((highest,) if settings.confirm else ())]
    in_ramp, in_read = 2 * ramp.size - 1 + CONFIRMING, READ_LEVELS
    points = len(ramps) * in_ramp + (len(ramps) + 1) * in_read
    charge = sum(limit * each * in_ramp for limit in ramps)
    read_drive = settings.polarity * settings.read_voltage
    levels = np.concatenate([settings.reads(), *([ramp, ramp[-2::-1], settings.reads()] * len(ramps))])[:_PREVIEW]
    return Plan(
        steps=points, points=points, duration=points * each, bytes=points * _BYTES_PER_POINT,
        worst_case=(*items, *dose_items(len(ramps), charge, "ramps")),
        refusals=(
            *limit_refusals(items, station.device, "lower 'stop'", "lower 'compliance'"),
            *range_refusal("stop", settings.stop, capabilities.source_voltage, "drive"),
            *range_refusal("read_voltage", read_drive, capabilities.source_voltage, "drive"),
            *(line for one in settings.compliance[:-1] for line in (
                range_refusal("compliance", one, capabilities.compliance_current, "drive")
                or measuring_range_refusal("voltage", one, capabilities, "drive"))),
            *compliance_refusals(items, abs(settings.stop), highest, capabilities, station.device),
            *range_refusal("nplc", settings.nplc, capabilities.nplc, "drive"),
        ),
        warnings=(
            "forming changes the device for good. The run ends early if the device switches in an early stage",),
        preview={"time": each * np.arange(levels.size, dtype=np.float64), "level": levels},
    )
