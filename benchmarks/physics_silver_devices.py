"""Rows of the Ag devices of the review: thresholds, delay, relaxation (see :mod:`benchmarks.physics_silver`)."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from benchmarks.measured_silver import Switched, extracted
from benchmarks.physics_row import Row, claimed, compared, shown
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.experiments import (
    FilamentPulse,
    HalfSweeps,
    Shots,
    half_sweeps,
    pulse_shots,
)
from tsbench.simulated_backends.studies.filaments.runs import Surroundings

AG_2D = "'Artificial Neuron using Ag/2D-MoS2/Au Threshold Switching Memristor', conference abstract"
REVIEW = "Wang 2022, JEST 100177"
HOTS = "another stack: Yunzhiumass/HOTS-using-diffusive-memristor, 260 public curves (possibly selected)"
OVERDRIVE = 1.5  #: pulses for delay and relaxation, in thresholds
LIMITS = (10e-6, 30e-6, 100e-6, 300e-6, 1e-3)  #: [A] compliances of the relaxation law


def silver(name: str, seed: float = 0.0) -> SilverFilament:
    """Return a silver device of the catalogue."""
    model = device_model(name, {"seed": seed})
    assert isinstance(model, SilverFilament)
    return model


def swept(name: str, stop: float, step: float, count: int, compliance: float, seed: float = 1.0) -> Switched:
    """Return threshold and hold voltages of half-sweeps of 10 ms a step, on above a fiftieth of the compliance."""
    voltage, current = half_sweeps(silver(name, seed), HalfSweeps(stop, step, 10e-3, compliance, 50e-3), count)
    sweep = np.repeat(np.arange(count), voltage.shape[1])
    return extracted(voltage.ravel(), abs(current).ravel(), sweep, compliance / 50.0)


def threshold_rows(name: str, published: float, source: str, stop: float, step: float, quick: bool) -> list[Row]:
    """Return threshold rows of a device of Table 1, in both polarities."""
    rows = []
    for polarity, sign in ((1, "+"), (-1, "-")):
        found = swept(name, polarity * stop, step, 30 if quick else 100, 10e-6, seed=2.0 + polarity)
        threshold = abs(found.threshold)
        share = float(threshold.std(ddof=1) / threshold.mean())
        rows += [
            compared(name, f"threshold voltage {sign}, mean of {found.half_sweeps} half-sweeps, 10 ms a step",
                     published, "V", "F", source, float(threshold.mean()), 0.1),
            claimed(name, f"threshold voltage {sign}, sigma/mean", "3 to 13 % [F2]", "PHYSICS.md III.7, other stacks",
                    f"{100 * share:.1f} %", 0.03 <= share <= 0.13, "We found no published value of this stack."),
            claimed(name, f"volatile {sign}: switches off below its threshold", "hold < threshold [F]", source,
                    f"mean hold {abs(found.hold).mean():.3f} V, largest {abs(found.hold).max():.3f} V; "
                    f"{found.threshold.size} of {found.half_sweeps} half-sweeps switch on and off",
                    found.threshold.size == found.half_sweeps and abs(found.hold).max() < threshold.min()),
        ]
    return rows


@dataclass(frozen=True)
class Law:
    """Delays at rising amplitudes."""

    amplitude: FloatArray  #: [V]
    probability: FloatArray  #: of switching within the pulse
    median: FloatArray  #: [s]
    variation: FloatArray  #: coefficient of variation


def delays(name: str, amplitudes: FloatArray, width: float, trials: int) -> Law:
    """Return the delays of pulses of ``width`` [s] through 1 kOhm."""
    found = [_shots(name, float(amplitude), width, 1e-3, 1.0, trials).delay for amplitude in amplitudes]
    fired = [delay[np.isfinite(delay)] for delay in found]
    return Law(
        amplitudes, np.array([delay.size / trials for delay in fired]),
        np.array([np.median(delay) if delay.size else np.nan for delay in fired]),
        np.array([delay.std() / delay.mean() if delay.size else np.nan for delay in fired]))


def _shots(
    name: str, amplitude: float, width: float, after: float, limit: float, trials: int, base: float = 0.0,
) -> Shots:
    """Pulse through 1 kOhm with a limited current; on above the conductance gc at the read bias, off below half."""
    model = silver(name)
    level = model.gc * (base if base else 0.1 * amplitude)
    around = Surroundings(1e3, 20e-12, limit=limit, above=level, below=0.5 * level)
    return pulse_shots(model, around, FilamentPulse(amplitude, width, base, min(1e-6, 0.01 * width)), after, trials)


def kinetic_rows(name: str, threshold: float, trials: int) -> list[Row]:
    """Return rows of delay and relaxation."""
    law = delays(name, threshold * np.array([0.7, 1.05, 1.2, OVERDRIVE, 1.8]), 5e-3, trials)
    listed = ", ".join(
        f"{v:.2f} V {format_quantity(float(t), 's')} (CV {c:.2f})"
        for v, t, c in zip(law.amplitude[1:], law.median[1:], law.variation[1:], strict=True))
    strong = float(law.variation[3])
    error = strong * np.sqrt((0.5 + strong**2) / trials)
    lives = [_shots(name, OVERDRIVE * threshold, 20e-3, 30.0, limit, max(trials // 4, 20), 0.02).relaxation
             for limit in LIMITS]
    medians = np.array([np.median(life) for life in lives])
    slopes = np.diff(np.log(medians)) / np.diff(np.log(LIMITS))
    overall = float(np.polyfit(np.log(LIMITS), np.log(medians), 1)[0])
    spread = float(np.mean([np.log(life[life > 0]).std() for life in lives[:3]]))
    deviation = spread / np.sqrt(2.0 * sum(life.size for life in lives[:3]))
    return [
        claimed(name, "delay falls with amplitude; no switching far below the threshold", "delay then fire [F]",
                f"{REVIEW}, section 3.2", f"P({law.amplitude[0]:.2f} V) = {law.probability[0]:.2f}; {listed}",
                bool(law.probability[0] < 0.02 and (np.diff(law.median[1:]) < 0).all())),
        claimed(name, f"delay, coefficient of variation at {OVERDRIVE} thresholds", "0.25 to 0.38 [F2]", HOTS,
                f"{strong:.3f} +- {error:.3f}", 0.25 - 2.0 * error <= strong <= 0.38 + 2.0 * error,
                "Closer to the threshold the random path decides the delay, and the coefficient of variation is 0.5 "
                "to 1.5. The overdrive of the public curves is not known. The value after +- is the standard error. "
                "A value may lie up to two standard errors outside the range."),
        claimed(name, "sigma of ln(relaxation), 10 to 100 uA", "0.16 to 0.23 [F2]", HOTS,
                f"{spread:.3f} +- {deviation:.3f}", 0.16 - 2.0 * deviation <= spread <= 0.23 + 2.0 * deviation,
                "The value after +- is the standard error. A value may lie up to two standard errors outside the "
                "range."),
        claimed(name, "life tau rises with the compliance I, 10 uA to 1 mA, read at 20 mV; slope d ln tau/d ln I",
                "rising [F]; 1.5 to 2.5 [A]", "Nat. Commun. 10:81; PHYSICS.md II.2",
                f"slope {overall:.2f}, life {format_quantity(float(medians[0]), 's')} to "
                f"{format_quantity(float(medians[-1]), 's')}; local slopes "
                + ", ".join(f"{slope:.2f}" for slope in slopes),
                1.5 <= overall <= 2.5,
                "Above 0.3 mA much of the voltage drops across the electrode resistance. Less voltage is left to "
                "thicken the neck, so the slope falls."),
    ]


def nanowire_rows(trials: int, quick: bool) -> list[Row]:
    """Return the rows of ``ag_nanowire``."""
    name, source = "ag_nanowire", f"{REVIEW}, section 3.2 (Fu 2020)"
    rows, means = [], []
    for polarity, sign in ((1, "+"), (-1, "-")):
        found = swept(name, polarity * 0.1, 1e-3, 50 if quick else 200, 1e-6, seed=2.0 + polarity)
        threshold = abs(found.threshold)
        means.append((threshold.mean(), threshold.std(ddof=1) / np.sqrt(threshold.size)))
        rows.append(claimed(
            name, f"threshold voltage {sign}, mean and sigma of {threshold.size} half-sweeps, 10 ms a step",
            "60 +- 4 mV [F]", source, f"{1e3 * threshold.mean():.1f} +- {1e3 * threshold.std(ddof=1):.1f} mV",
            bool(0.056 <= threshold.mean() <= 0.064 and 0.002 <= threshold.std(ddof=1) <= 0.006)))
    difference, error = means[0][0] - means[1][0], float(np.hypot(means[0][1], means[1][1]))
    law = delays(name, np.array([0.04, 0.065, 0.07, 0.08, 0.1]), 50e-3, trials)
    return [
        *rows,
        claimed(name, "symmetric in polarity", "yes [F]", source,
                f"difference of means {1e3 * difference:+.2f} +- {1e3 * error:.2f} mV", abs(difference) < 3.0 * error),
        claimed(name, "delay falls with amplitude; no switching far below the threshold", "trend [A]",
                "PHYSICS.md II.4",
                f"P(40 mV) = {law.probability[0]:.2f}; " + ", ".join(
                    f"{1e3 * v:.0f} mV {format_quantity(float(t), 's')}"
                    for v, t in zip(law.amplitude[1:], law.median[1:], strict=True)),
                bool(law.probability[0] < 0.02 and (np.diff(law.median[1:]) < 0).all())),
        Row(name, "threshold voltage by Table 1 of the review", "0.5 V [F]", f"{REVIEW}, Table 1, row 7", "60 mV", "-",
            None, "The review contradicts itself. It gives 60 mV in the text and 0.5 V in the table. We found no "
                  "explanation of the 0.5 V, and the model does not reproduce it."),
    ]


def molybdenum_rows(trials: int, quick: bool) -> list[Row]:
    """Return the rows of ``mos2_ag``."""
    name = "mos2_ag"
    found = swept(name, 0.8, 0.01, 30 if quick else 100, 10e-6)
    model = silver(name)
    voltage, current = half_sweeps(dataclasses.replace(model, seed=3.0), HalfSweeps(0.8, 0.01, 10e-3, 10e-6, 0.05), 10)
    at = np.argmin(abs(voltage[0] - 0.2))
    down = voltage.shape[1] - 2 - at
    ratio = float(np.median(current[:, down] / current[:, at]))
    shots = [_shots(name, v, 5e-3, 10.0, 30e-6 * v, max(trials // 4, 20), 0.02) for v in (0.6, 0.8, 1.0)]
    lives = [float(np.median(one.relaxation)) for one in shots]
    return [
        claimed(name, f"threshold voltage, mean of {found.half_sweeps} half-sweeps", "0.4 to 0.5 V [F]", AG_2D,
                f"{found.threshold.mean():.3f} +- {found.threshold.std(ddof=1):.3f} V",
                bool(0.4 <= found.threshold.mean() <= 0.5)),
        Row(name, "on/off ratio at 0.2 V, compliance 10 uA", "1e6 [F]", "Dev 2020, IEEE EDL 41 936, abstract",
            f"{ratio:.1e}", "factor 3", 1e6 / 3 <= ratio <= 3e6,
            "The ratio is from another work than the threshold, and perhaps from another device. We did not find its "
            "compliance."),
        claimed(name, "relaxation time rises with the amplitude of the pulse", "trend [F]",
                "Hao 2020 (abstract), a lateral Ag device on a monolayer",
                "after 0.6, 0.8, 1.0 V: " + ", ".join(format_quantity(life, "s") for life in lives),
                lives[0] < lives[1] < lives[2],
                "The current limit is proportional to the amplitude, with 30 uA at 1 V."),
        shown(name, "hold voltage on the sweep", f"{found.hold.mean():.3f} V", "We found no published hold voltage."),
    ]
