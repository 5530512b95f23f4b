"""Rows of the metal-ion devices and their neurons (see :mod:`benchmarks.physics`).

One catalogue set per device does everything: sweeps, delay, relaxation, firing. Circuits and stimuli are stated in the
rows; the series resistors and capacitors of the published neurons were not found, those here are ours.
"""

from benchmarks.physics_nanodots import nanodot_rows
from benchmarks.physics_row import Row
from benchmarks.physics_silver_devices import kinetic_rows, molybdenum_rows, nanowire_rows, threshold_rows
from benchmarks.physics_silver_measured import asymmetric_rows, symmetric_rows
from benchmarks.physics_silver_neurons import neuron_rows

REVIEW = "Wang 2022, JEST 100177"
NOT_MODELLED = "There is no model of this device. "


def rows(quick: bool) -> list[Row]:
    """Return all rows; ``quick`` makes fewer trials and fewer seeds, with the same checks."""
    trials = 40 if quick else 200
    return [
        *asymmetric_rows(seeds=3 if quick else 10),
        *symmetric_rows(sweeps=30 if quick else 100, shots=trials),
        *threshold_rows("ag_sio2", 1.0, f"{REVIEW}, Table 1, row 6 (Zhang 2018)", stop=1.5, step=0.01, quick=quick),
        *kinetic_rows("ag_sio2", 1.0, trials),
        *threshold_rows("ag_sioxny", 1.4, f"{REVIEW}, Table 1, row 5 (Wang 2018)", stop=2.1, step=0.01, quick=quick),
        *kinetic_rows("ag_sioxny", 1.4, trials),
        *nanowire_rows(trials, quick),
        *molybdenum_rows(trials, quick),
        *nanodot_rows(),
        *neuron_rows("ag_sio2", 1.0, trials),
        *neuron_rows("ag_sioxny", 1.4, trials),
        *_absent(),
    ]


def _absent() -> list[Row]:
    reasons = (
        ("Ag/a-Si/Pt", "on/off ratio, switching times", "1e5, 20/16 ns",
         "We found only the figures of the abstract."),
        ("lateral MoS2/Ag", "volatile and non-volatile set", "0.16 V, 0.52 V",
         "The parameter set of mos2_ag describes the vertical device. In the model a filament is non-volatile only "
         "if its life is long."),
        ("Ag/SiOx/Pt (Dutta 2024)", "integration, wake-up, cumulative switching", "trends",
         "We read only the abstract."),
        ("taox_alod_dendrite", "threshold integration, filter of sub-threshold pulses", "trends",
         "We found no voltage, current or time of this device, so a parameter set could not be tested."),
        ("ANN-SNN converters (Midya 2019)", "two synchronise through a capacitor", "yes",
         "The converters were not simulated."),
    )
    return [
        Row(device, what, f"{figure} [F]", "PHYSICS.md II.2, abstracts", "not modelled", "-", None, NOT_MODELLED + why)
        for device, what, figure, why in reasons]
