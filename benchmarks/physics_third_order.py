"""Rows of the third-order NbOx element, its waveforms classified by the analysis package."""

import numpy as np

from benchmarks.physics_row import Row, claimed, compared, shown
from tsbench.analysis.oscillation.waveform_class import WaveformClass, classify_waveform
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.simulate.simulate import simulate

NAME = "nbox_third_order"
KUMAR = "Kumar 2020, Nature 585 518, by the review"
START = 0.6e-6  #: [s] left out
RAMPS = (10e-6, 100e-6, 1e-3)  #: [s]
SPIKE = 0.1e-3  #: [A] swing of the terminal current that is a spike and not the small sinusoid


def current(source: str, length: float, parameters: str = "") -> tuple[FloatArray, FloatArray]:
    """Return times [s] and the terminal current [A] on a voltage source alone."""
    result = simulate(
        f"* element\nV1 in 0 {source}\nX1 in 0 {NAME} {parameters}\n.tran {length / 15000} {length} uic\n.save i(X1)\n",
        seed=1)
    return result.times, result.columns["i(x1)"]


def at(voltage: float, parameters: str = "") -> WaveformClass:
    """Return what the terminal current shows at a constant voltage, the start left out."""
    times, values = current(f"PWL(0 0 10n {voltage})", 3e-6, parameters)
    return classify_waveform(times[times > START], values[times > START])


def rows(quick: bool) -> list[Row]:
    """Return all rows; ``quick`` leaves nothing out."""
    sine, burst = at(1.8), at(1.95)
    share = sine.fundamental_share or 0.0
    pairs = [v for v in np.arange(1.90, 2.005, 0.01) if at(float(v)).spikes_per_burst == 2]
    onset = next((float(v) for v in np.arange(1.78, 2.0, 0.005) if swing(float(v)) > SPIKE), None)
    fast = [at(float(v), "taum=1p").kind for v in np.arange(1.70, 2.11, 0.05)]
    slow = [at(float(v)).kind for v in np.arange(1.70, 2.11, 0.05)]
    return [
        claimed(NAME, "1.8 V: self-sustained sinusoid", "sinusoid [F], fundamental > 90 %", KUMAR,
                f"{sine.kind}: {100 * share:.1f} % in the fundamental, {1e-6 / (sine.period or np.inf):.1f} MHz",
                sine.kind == "sinusoidal" and share > 0.9 and sine.sustained),
        claimed(NAME, "1.95 V: periodic bursts of two spikes", "2 spikes a burst [F]", KUMAR,
                f"{burst.kind}: {burst.basis}; every {1e9 * (burst.period or np.inf):.1f} ns",
                burst.kind == "bursting" and burst.spikes_per_burst == 2 and burst.sustained,
                "The two spikes are unequal. The swing of the second spike is 0.37 of the swing of the first. An "
                "earlier parameter set, with a threshold of 1.825 V, gave 0.62. Between two bursts the current "
                "swings by 0.11 of the first spike. A swing counts as a spike if it is 0.3 or more."),
        compared(NAME, "threshold: lowest constant voltage at which it spikes, in steps of 5 mV", 1.9, "V", "F",
                 "Wang 2022, JEST 100177, Table 1, row 3 (Kumar 2020)", onset, 0.03,
                 "The published static loop at 1.9 V is not reproduced, because the element oscillates at this "
                 "voltage. The small oscillation grows from 1.79 V on. At 1.9 V it is no longer regular."),
        shown(NAME, "voltage of the first spike on ramps to 2.2 V in 10 us, 100 us and 1 ms",
              ", ".join(ramp(t) for t in RAMPS),
              "On a ramp the first spike comes late, because the small oscillation must first grow from the thermal "
              "noise of the inner resistance (300 K, seed 1)."),
        claimed(NAME, "two state variables are not enough for bursts",
                "no neuromorphic behaviour with two state variables [F]",
                "Kumar 2020, SI 7.5, title", "1.70 to 2.10 V, without the delay of the metallic share: "
                f"{', '.join(sorted(set(fast)))}; with the delay: {', '.join(sorted(set(slow)))}",
                "bursting" not in fast and "bursting" in slow),
        shown(NAME, "voltages at which it fires bursts of two spikes, in steps of 10 mV",
              ", ".join(f"{v:.2f}" for v in pairs) + " V", "Only the value 1.95 V is published."),
    ]


def swing(voltage: float) -> float:
    """Return the peak to peak of the terminal current [A] at a constant voltage, the start left out."""
    times, values = current(f"PWL(0 0 10n {voltage})", 3e-6)
    return float(np.ptp(values[times > START]))


def ramp(length: float) -> str:
    """Return at which voltage of a ramp that takes ``length`` [s] the current first swings by a spike within 0.2 us."""
    times, values = current(f"PWL(0 0 {length} 2.2)", length)
    begins = np.arange(0.1 * length, length, 0.2e-6)
    for begin, first, last in zip(begins, *np.searchsorted(times, [begins, begins + 0.2e-6]), strict=True):
        if last > first and np.ptp(values[first:last]) > SPIKE:
            return f"{begin * 2.2 / length:.3f} V"
    return "none"
