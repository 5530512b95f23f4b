"""What a telegraph-noise run will do: readings, duration, worst case and dose at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.telegraph_noise.parameters import TelegraphParameters
from tsbench.protocols.worst_case import (
    compliance_refusals,
    dose_items,
    limit_refusals,
    range_refusal,
    worst_case_items,
)

_BYTES_PER_POINT = 100


def plan_telegraph(settings: TelegraphParameters, station: Station) -> Plan:
    """Predict readings, duration, and worst case and dose at the device; refuse what a limit forbids."""
    capabilities = station.source_meter("drive").capabilities
    path = station.wire_path("drive")
    worst = worst_case_of_voltage(farthest_emf(settings.bias, path), path, settings.compliance)
    items, levels = worst_case_items(worst, station.fixture), len(settings.bias)
    each = settings.interval(capabilities.line_frequency)
    duration = levels * (settings.settle + settings.samples * each)
    refusals = [
        *limit_refusals(items, station.device, "lower 'bias'", "lower 'compliance'"),
        *(line for bias in settings.bias
          for line in range_refusal("bias", bias, capabilities.source_voltage, "drive")),
        *compliance_refusals(items, settings.highest, settings.compliance, capabilities, station.device),
        *range_refusal("nplc", settings.nplc, capabilities.nplc, "drive"),
    ]
    if capabilities.maximum_sweep_points < 2:
        refusals.append("the source meter of the role 'drive' has no sweeps, so its readings would not be even in "
                        "time. Use another source meter")
    times = np.repeat(np.arange(levels + 1), 2)[1:-1] * duration / levels
    return Plan(
        steps=levels * settings.samples, points=levels * settings.samples, duration=duration,
        bytes=levels * settings.samples * _BYTES_PER_POINT,
        worst_case=(*items, *dose_items(levels, duration * items[1].value, "levels")), refusals=tuple(refusals),
        preview={"time": times.astype(np.float64), "level": np.repeat(np.asarray(settings.bias, dtype=np.float64), 2)})
