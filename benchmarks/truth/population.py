"""The population: which devices, in which circuits, are measured how.

One :class:`Kind` for each threshold switch of the catalogue. Its numbers say between which bounds an experimenter who
knows the device roughly would choose: loads, compliances, amplitudes, biases. Devices themselves differ by the
device-to-device variation of the catalogue, and by the ``factors`` where the catalogue has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A device model and how it is measured: V, A, Ohm, s, F. Bounds are drawn from evenly in the logarithm.

    Parameters
    ----------
    model : catalogue name
    threshold : [V] about, at the device
    limits : [V], [A] of the device
    sweep_stop : of the threshold
    sweep_load : [Ohm] in series during sweeps
    compliance : [A] of sweeps
    amplitude : of the threshold, of single pulses through ``pulse_load``
    pulse_load : [Ohm]
    width, rest : [s] of a pulse, and between two
    shunt : [Ohm] that senses the current
    bias, load, capacitance : of an oscillator [V], [Ohm], [F]; without, the device is not made to oscillate
    longest_period : [s] of the oscillator
    window : [s] in which it relaxes after a pulse; None: a relaxation is not measured
    gaps : [s] shortest and longest of pulse pairs; None: no refractory period is measured
    factors : relative standard deviations of parameters that the catalogue does not vary
    """

    model: str
    threshold: float
    limits: tuple[float, float]
    sweep_stop: Bounds
    sweep_load: Bounds
    compliance: Bounds
    amplitude: Bounds
    pulse_load: float
    width: float
    rest: float
    shunt: float
    bias: Bounds | None = None
    load: Bounds = (1e3, 1e3)
    capacitance: Bounds = (80e-12, 80e-12)
    longest_period: float = 1e-3
    window: float | None = None
    gaps: Bounds | None = None
    factors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


KINDS: tuple[Kind, ...] = (
    Kind("nbo2", 1.02, (4.0, 20e-3), (1.1, 1.6), (2.0, 100.0), (0.5e-3, 5e-3), (1.05, 1.4), 2.0, 1e-6, 50e-6, 50.0,
         (1.7, 2.8), (3e3, 8e3), (50e-12, 500e-12), 2e-5),
    Kind("tin_nbo2", 0.51, (3.0, 30e-3), (1.1, 1.6), (2.0, 50.0), (1e-3, 10e-3), (1.05, 1.4), 2.0, 1e-6, 50e-6, 25.0,
         (0.9, 1.6), (1.2e3, 3e3), (200e-12, 2e-9), 2e-5),
    Kind("nbo2_slesazeck", 0.965, (4.0, 50e-3), (1.1, 1.6), (5.0, 50.0), (2e-3, 20e-3), (1.05, 1.4), 5.0, 1e-6, 50e-6,
         10.0, (1.6, 2.6), (300.0, 800.0), (0.5e-9, 3e-9), 2e-5, factors={"rth": 0.03}),
    Kind("vo2", 1.24, (5.0, 20e-3), (1.1, 1.6), (300.0, 3e3), (0.5e-3, 5e-3), (1.05, 1.5), 1e3, 1e-6, 50e-6, 50.0,
         (1.7, 2.6), (7e3, 15e3), (0.5e-9, 3e-9), 3e-4),
    Kind("nb2o5", 1.775, (5.0, 20e-3), (1.1, 1.5), (300.0, 3e3), (0.5e-3, 5e-3), (1.05, 1.4), 1e3, 1e-6, 50e-6, 50.0,
         (2.5, 3.6), (7e3, 15e3), (0.5e-9, 3e-9), 3e-4),
    Kind("vo2_hysteretic", 8.0, (25.0, 20e-3), (1.4, 2.2), (500.0, 3e3), (1e-3, 10e-3), (1.05, 1.2), 1e3, 5e-6, 200e-6,
         50.0, (11.0, 14.0), (9e3, 15e3), (100e-12, 500e-12), 5e-5),
    Kind("ots_gst", 1.42, (4.0, 5e-3), (1.2, 1.8), (0.5e3, 5e3), (50e-6, 1e-3), (1.03, 1.15), 1e3, 2e-6, 100e-6, 50.0,
         (2.2, 2.9), (15e3, 40e3), (50e-12, 200e-12), 5e-5),
    Kind("thermal_ndr_10nm", 1.06, (4.0, 20e-3), (1.2, 1.6), (50.0, 500.0), (1e-3, 5e-3), (1.05, 1.4), 20.0,
         1e-6, 50e-6, 50.0),
    Kind("thermal_ndr_30nm", 1.93, (6.0, 40e-3), (1.2, 1.5), (50.0, 500.0), (1e-3, 5e-3), (1.03, 1.4), 20.0,
         1e-6, 50e-6, 50.0),
    Kind("thermal_ndr_90nm", 2.88, (9.0, 60e-3), (1.2, 1.5), (50.0, 500.0), (1e-3, 5e-3), (1.03, 1.4), 20.0,
         2e-6, 100e-6, 50.0),
    Kind("ag_hfo2", 0.267, (2.0, 1e-3), (1.4, 2.5), (500.0, 5e3), (1e-6, 100e-6), (1.2, 4.0), 1e3, 20e-6, 200e-6, 1e3,
         factors={"vth_p": 0.13, "vh_p": 0.1, "ron_p": 0.2}),
    Kind("ag_sio2", 1.02, (4.0, 100e-6), (1.2, 1.6), (2.0, 1e4), (1e-6, 50e-6), (1.2, 1.6), 100e3, 1e-3, 0.5, 10e3,
         (1.7, 2.3), (0.7e6, 1.5e6), (5e-9, 20e-9), 0.5, window=20e-3, gaps=(0.3e-3, 30e-3)),
    Kind("ag_sioxny", 1.4, (5.0, 100e-6), (1.2, 1.6), (2.0, 1e4), (1e-6, 50e-6), (1.2, 1.6), 100e3, 1e-3, 0.5, 10e3,
         window=50e-3, gaps=(0.3e-3, 100e-3)),
    Kind("ag_diffusive_asymmetric", 0.145, (1.0, 10e-6), (1.2, 1.6), (100.0, 1e5), (0.2e-6, 2e-6), (1.3, 2.5), 200e3,
         50e-3, 2.0, 100e3, window=0.5),
    Kind("ag_diffusive_symmetric", 0.26, (2.0, 50e-6), (1.2, 1.6), (100.0, 2e4), (1e-6, 10e-6), (1.5, 4.0), 22e3, 10e-3,
         1.0, 10e3, window=50e-3, gaps=(1e-3, 0.3)),
    Kind("ag_nanowire", 0.06, (0.5, 1e-6), (1.3, 2.0), (100.0, 1e5), (10e-9, 200e-9), (1.5, 4.0), 200e3, 10e-3, 1.0,
         1e6),
    Kind("mos2_ag", 0.45, (2.0, 50e-6), (1.2, 1.8), (100.0, 2e4), (1e-6, 10e-6), (1.3, 2.5), 22e3, 5e-3, 1.0, 10e3,
         window=0.2),
)
