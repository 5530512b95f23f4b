"""What an I-V sweep will do: points, duration, worst case at the device, and why it is refused."""

from collections.abc import Sequence

import numpy as np

from tsbench.instruments import Plan, PlanItem, SourceMeterCapabilities, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_current, worst_case_of_voltage
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.charging_time import late_readings
from tsbench.protocols.iv_sweep.parameters import DRIVE_UNITS, SweepParameters
from tsbench.protocols.iv_sweep.path import soft_steps
from tsbench.protocols.worst_case import (
    boundary_refusal,
    compliance_refusals,
    dose_items,
    limit_refusals,
    measuring_range_refusal,
    range_refusal,
    worst_case_items,
)
from tsbench.quantities import short_quantity
from tsbench.records import DeviceDescription

_BYTES_PER_POINT = 120
_PREVIEW_POINTS = 2000
_SHOWN = 3  #: levels of a file that are told
_OTHER = ", or set measure_range = auto"  #: where no measuring range suits a compliance
_LOOK = 0.05  #: [s] that the scope takes to look whether the device oscillates


def plan_sweep(settings: SweepParameters, station: Station) -> Plan:
    """Predict points, duration and the worst case at the device; refuse what a limit forbids."""
    capabilities = station.source_meter("drive").capabilities
    path = settings.path()
    farthest = float(np.abs(path.levels).max())
    wire = station.wire_path("drive")
    if settings.drive == "voltage":
        emf = farthest_emf((float(path.levels.min()), float(path.levels.max())), wire)
        worst = worst_case_of_voltage(emf, wire, settings.compliance)
    else:   # a capacitor in series may be charged to the compliance, of either sign
        volts = (-settings.compliance, settings.compliance)
        worst = worst_case_of_current(farthest, farthest_emf(volts, wire) if wire.coupled else settings.compliance)
    items = worst_case_items(worst, station.fixture)
    per_point = settings.time_per_point(capabilities.line_frequency)
    size, first = path.largest_step, float(path.levels[0])
    checks = settings.check_oscillation and device_view(station) is not None
    looks = -(-len(path) // settings.check_every) if checks else 0
    ramps = soft_steps(0.0, first, size).size + soft_steps(float(path.levels[-1]), 0.0, size).size
    shown = np.linspace(0, len(path) - 1, min(len(path), _PREVIEW_POINTS)).astype(int)
    rate = PlanItem("sweep rate", size / per_point, f"{DRIVE_UNITS[settings.drive][0]}/s")
    duration = len(path) * per_point + ramps * settings.ramp_wait(size) + looks * _LOOK
    dose = dose_items(settings.cycles * (1 + settings.both_polarities), duration * worst.current, "ramps")
    return Plan(
        steps=len(path),
        points=len(path),
        duration=duration,
        bytes=len(path) * _BYTES_PER_POINT,
        worst_case=(*items, *dose, rate),
        refusals=(
            *_limit_refusals(settings, items, station.device),
            *_range_refusals(settings, capabilities),
            *_compliance_refusals(settings, station, capabilities, items, farthest),
            *_sweep_refusal(capabilities, checks=checks),
        ),
        warnings=(*_warnings(settings, capabilities, len(path), checks=checks), *late_readings(
            station, path.levels, settings.drive, settings.compliance, max(settings.dwell, capabilities.minimum_dwell),
            settings.nplc / capabilities.line_frequency)),
        preview={"time": shown * per_point, "level": path.levels[shown]},
    )


def _limit_refusals(settings: SweepParameters, items: Sequence[PlanItem], device: DeviceDescription) -> list[str]:
    """Return what the device's limits refuse; under current drive, the compliance is the largest voltage."""
    farthest = max(abs(settings.start), abs(settings.stop))
    names = ["levels"] if settings.levels else [
        name for name in ("start", "stop") if abs(getattr(settings, name)) == farthest]
    level = f"bring {' and '.join(repr(name) for name in names)} closer to 0"
    if settings.drive == "voltage":
        return limit_refusals(items, device, level, "lower 'compliance'")
    return [line for item in items
            for line in limit_refusals([item], device, "lower 'compliance'" if item.quantity == "voltage" else level)]


def _range_refusals(settings: SweepParameters, capabilities: SourceMeterCapabilities) -> list[str]:
    voltage_drive = settings.drive == "voltage"
    levels = capabilities.source_voltage if voltage_drive else capabilities.source_current
    ends = (min(settings.levels), max(settings.levels)) if settings.levels else (settings.start, settings.stop)
    return [
        *range_refusal("levels" if settings.levels else "start", ends[0], levels, "drive"),
        *range_refusal("levels" if settings.levels else "stop", ends[1], levels, "drive"),
        *range_refusal("nplc", settings.nplc, capabilities.nplc, "drive"),
    ]


def _compliance_refusals(
    settings: SweepParameters, station: Station, capabilities: SourceMeterCapabilities, items: tuple[PlanItem, ...],
    farthest: float,
) -> list[str]:
    fixed = settings.measure_range == "compliance"
    if settings.drive == "current":   # the worst case has the compliance voltage already
        given = settings.compliance
        between = measuring_range_refusal("current", given, capabilities, "drive", _OTHER) if fixed else []
        return (range_refusal("compliance", given, capabilities.compliance_voltage, "drive")
                or boundary_refusal("current", farthest, given, capabilities, "drive") or between)
    return compliance_refusals(
        items, farthest, settings.compliance, capabilities, station.device, fixed=fixed, other=_OTHER)


def _sweep_refusal(capabilities: SourceMeterCapabilities, *, checks: bool) -> list[str]:
    """Refuse a source meter without sweeps; with the check for oscillation, the levels are set one by one."""
    if checks or capabilities.maximum_sweep_points > 1:
        return []
    return ["the source meter of the role 'drive' has no sweeps (maximum_sweep_points = 1). Use another source meter, "
            "or connect a scope to the device and set 'check_oscillation'. Then the levels are set one by one"]


def _levels_read(settings: SweepParameters) -> list[str]:
    """Return a line with the levels that were read from a file, for a user who knows which ones it should have."""
    if not (settings.file and settings.levels):
        return []
    unit, levels = DRIVE_UNITS[settings.drive][0], settings.levels
    first = ", ".join(short_quantity(level, unit) for level in levels[:_SHOWN])
    return [f"{len(levels)} levels are read from {settings.file}, between {short_quantity(min(levels), unit)} and "
            f"{short_quantity(max(levels), unit)}. The first are {first}"]


def _warnings(
    settings: SweepParameters, capabilities: SourceMeterCapabilities, points: int, *, checks: bool
) -> tuple[str, ...]:
    warnings = _levels_read(settings)
    if not checks and points > settings.cycles * capabilities.maximum_sweep_points:
        warnings.append(f"a cycle has {round(points / settings.cycles)} points, but the list of the source meter holds "
                        f"only {capabilities.maximum_sweep_points}. tsbench sends the cycle in parts, and the output "
                        "may be disconnected between the parts")
    if settings.check_oscillation and not checks:
        warnings.append("no scope is connected to the device, so an oscillation during a reading will not be noticed")
    if settings.dwell < capabilities.minimum_dwell:
        least = capabilities.minimum_dwell
        warnings.append(f"dwell = {settings.dwell:g} s is shorter than the minimum of the source meter. tsbench uses "
                        f"the minimum, {least:g} s")
    if settings.measure_range == "auto":
        warnings.append("measure_range = auto: the source meter changes its measuring range by itself, also where the "
                        "device switches. A reading may then come some milliseconds later than 'dwell' says, and the "
                        "run file does not contain its range")
    return tuple(warnings)
