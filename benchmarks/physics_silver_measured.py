"""Rows of the two Ag diffusive devices that others have measured (see :mod:`benchmarks.physics_silver`)."""

import numpy as np
from scipy.stats import ks_2samp

from benchmarks.measured_silver import FILE, SWEEPS, Switched, extracted, measured, simulated
from benchmarks.physics_row import Row, claimed, shown
from tsbench.quantities import format_quantity
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import FilamentPulse, HalfSweeps, half_sweeps, pulse_shots
from tsbench.simulated_backends.studies.filaments.runs import Surroundings

YANG = "yanglab2021/DiffusiveMemristor, measured data"
LEAST_P, LEAST_SEEDS = 0.05, 0.9
_RATE = f"The sweep rate is not published. We assume {SWEEPS.dwell * 1e3:g} ms a step."


def asymmetric_rows(seeds: int) -> list[Row]:
    """Return the rows of ``ag_diffusive_asymmetric``: 101 half-sweeps from each seed against the 101 measured."""
    name = "ag_diffusive_asymmetric"
    if not FILE.exists():
        return [shown(name, "threshold and hold distributions", "not compared", f"No measured data at {FILE}.")]
    data, models = measured(), [simulated(seed) for seed in range(1, seeds + 1)]
    rows = []
    for quantity, real, given in (
        ("threshold", data.threshold, [model.threshold for model in models]),
        ("hold", data.hold, [model.hold for model in models]),
    ):
        chances = np.array([ks_2samp(values, real).pvalue for values in given])
        kept, both = int((chances > LEAST_P).sum()), np.concatenate(given)
        rows.append(claimed(
            name, f"{quantity} voltage, distribution over 101 half-sweeps (8 mV steps, 1 uA, on above 10 nA)",
            f"{real.mean():.4f} +- {real.std(ddof=1):.4f} V [F]", YANG,
            f"{both.mean():.4f} +- {both.std(ddof=1):.4f} V; two-sample Kolmogorov-Smirnov p > {LEAST_P} in {kept} of "
            f"{seeds} seeds, smallest p {chances.min():.2f}", kept >= LEAST_SEEDS * seeds, _RATE))
    other = simulated(1, 100, polarity=-1)
    rows.append(claimed(
        name, "no switching in negative polarity to -0.2 V", "0 of 100 half-sweeps [F]", YANG,
        f"{other.threshold.size} of {other.half_sweeps}", other.threshold.size == 0))
    return rows


def symmetric_rows(sweeps: int, shots: int) -> list[Row]:
    """Return the rows of ``ag_diffusive_symmetric``."""
    name = "ag_diffusive_symmetric"
    rows = []
    for polarity, sign, mean, spread, hold, hold_spread in (
        (1, "+", 0.260, 0.015, 0.020, 0.022), (-1, "-", 0.291, 0.023, 0.083, 0.021)
    ):
        found = _swept(name, HalfSweeps(polarity * 0.6, 6e-3, SWEEPS.dwell, 1e-6, 0.2), sweeps)
        threshold, held = abs(found.threshold), polarity * found.hold
        rows += [
            _near(name, f"threshold voltage {sign}, mean of half-sweeps", mean, float(threshold.mean()), "V",
                  0.1 * mean, "10 %", _RATE),
            _within(
                name, f"threshold voltage {sign}, standard deviation", spread, float(threshold.std(ddof=1)), "V", 2),
            _near(name, f"hold voltage {sign}, mean", hold, float(held.mean()), "V", 0.010, "10 mV", _RATE),
            _within(name, f"hold voltage {sign}, standard deviation", hold_spread, float(held.std(ddof=1)), "V", 2, (
                "A filament that has existed for a whole sweep needs about 20 ms until its neck breaks. This time is "
                "random. The hold voltage therefore spreads equally in both polarities, as measured. An earlier "
                "version varied only the path of the filament and gave spreads of 4 and 44 mV.")),
        ]
    model = device_model(name)
    assert isinstance(model, SilverFilament)
    around = Surroundings(22e3, 100e-12, above=1e-6, below=1e-7)
    found_shots = pulse_shots(model, around, FilamentPulse(-1.0, 20e-3, -0.1), 0.1, shots)
    delay, life = found_shots.delay, found_shots.relaxation
    note = ("We simulate pulses of negative polarity, because the published current has the opposite sign to its "
            "voltage. A device that holds down to +0.02 V cannot relax at +0.1 V.")
    rows += [
        _within(name, "delay of a pulse of 1 V, 20 ms through 22 kOhm, median", 2.4e-3, float(np.nanmedian(delay)),
                "s", 2, note),
        _within(name, "relaxation to 0.1 uA at 0.1 V, median", 3.5e-3, float(np.nanmedian(life)), "s", 2, note),
        _within(name, "ratio of the largest to the smallest delay (13 pulses)", 9.1 / 0.1, float(
            np.nanpercentile(delay, 96) / np.nanpercentile(delay, 4)), "", 4, (
            "The model value is the ratio of the 96 % quantile to the 4 % quantile of all pulses. One hop moves the "
            "state by hg = 60, more than the width of the gap. A hop of 8 gave a ratio of 12, a hop of 1 gave 3.4. "
            "Measured currents also grow in bursts over milliseconds, and some measured pulses switch at once.")),
        claimed(name, "off current at 0.1 V", "1.3 pA [F]", YANG, format_quantity(0.1 * model.gleak, "A"),
                0.5 < 0.1 * model.gleak / 1.3e-12 < 2.0),
    ]
    return rows


def _swept(name: str, sweeps: HalfSweeps, count: int, above: float = 10e-9, seed: int = 1) -> Switched:
    model = device_model(name, {"seed": float(seed)})
    assert isinstance(model, SilverFilament)
    voltage, current = half_sweeps(model, sweeps, count)
    return extracted(voltage.ravel(), abs(current).ravel(), np.repeat(np.arange(count), voltage.shape[1]), above)


def _near(
    name: str, what: str, published: float, given: float, unit: str, reach: float, tolerance: str, note: str,
) -> Row:
    return Row(
        name, what, f"{format_quantity(published, unit)} [F]", YANG, format_quantity(given, unit), tolerance,
        abs(given - published) <= reach, note)


def _within(
    name: str, what: str, published: float, given: float, unit: str, factor: float, note: str = "",
) -> Row:
    def text(value: float) -> str:
        return format_quantity(value, unit) if unit else f"{value:.3g}"

    return Row(
        name, what, f"{text(published)} [F]", YANG, text(given), f"factor {factor:g}",
        1.0 / factor <= given / published <= factor, note)
