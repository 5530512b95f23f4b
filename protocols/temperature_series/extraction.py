"""A temperature series to numbers: threshold and hold at each temperature, their slopes, and the activation energy."""

import numpy as np

from tsbench.analysis.conductance.conductance import conductance, resistance_result
from tsbench.analysis.series.slopes import SAME_TEMPERATURE, activation_energy
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.protocols.extracting.facts import parameter, sweep_facts
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.sweep_series import at_conditions, slopes_of_polarities
from tsbench.protocols.iv_sweep.extraction import sweep_points, sweep_switching
from tsbench.records import Flag, FloatArray, Result, Run

#: voltage -> its slope over temperature
SLOPES = {name: f"{name}_slope" for name in ("threshold_voltage", "hold_voltage")}
_MOST = 400  #: readings for one resistance: the slopes of all pairs are taken


def temperature_of_cycles(run: Run) -> dict[int, float]:
    """Return the temperature [K] of each cycle."""
    return dict(zip(run.column("cycle").astype(int).tolist(), run.column("temperature").tolist(), strict=True))


def at_temperatures(run: Run, options: ExtractionOptions) -> tuple[list[Switching], FloatArray]:
    """Return what each half-sweep shows, and its temperature [K], shape (n,)."""
    found, temperatures = list(sweep_switching(run, options)), temperature_of_cycles(run)
    return found, np.array([temperatures[one.half.cycle] for one in found])


def resistances(run: Run, options: ExtractionOptions) -> tuple[list[Result], FloatArray]:
    """Return the resistance at low voltage at each temperature, and the temperatures [K], shape (n,)."""
    temperature = run.column("temperature")
    points, facts = sweep_points(run), sweep_facts(run, options)
    limit = float(parameter(run, "read_voltage", 0.2))
    bad = int(Flag.COMPLIANCE | Flag.OSCILLATING | Flag.OVERFLOW)
    low = (np.abs(points.voltage) <= limit) & (run.column("direction") > 0) & ((run.point_flags & bad) == 0)
    found, at = [], np.unique(temperature)
    for one in at:
        mine = np.flatnonzero(low & (temperature == one))[:_MOST]
        slope = conductance(points.voltage[mine], points.current[mine], facts.voltage_gain + facts.current_gain)
        found.append(resistance_result(slope, {"temperature": float(one), "up to": limit}))
    return found, at


def temperature_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return threshold and hold of each half-sweep, resistances, slopes over temperature, and activation energy."""
    if len(run.points) == 0:
        return or_nothing([], run, "threshold_voltage", "V")
    found, temperatures = at_temperatures(run, options)
    results = at_conditions(found, "temperature", temperatures)
    low, at = resistances(run, options)
    results += low
    results += slopes_of_polarities(found, temperatures, SLOPES, "V/K", "temperature", SAME_TEMPERATURE)
    return [*results, activation_energy(at, low, {"up to": float(parameter(run, "read_voltage", 0.2))})]
