"""What the page of a device shows: sweep, delay, relaxation and oscillation, on circuits that suit it."""

from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.oscillation.waveform_class import WaveformClass, classify_waveform
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.simulate.simulate import simulate


@dataclass(frozen=True)
class Settings:
    """Circuits for one device; V, Ohm, s, F. ``bias`` None: no oscillator."""

    peak: float  #: of the sweep
    sweep_load: float
    sweep_time: float
    pulses: tuple[float, ...]
    pulse_load: float
    pulse_time: float
    read: float  #: voltage after the pulse
    relaxation_time: float
    bias: float | None = None
    load: float = 1e3
    capacitance: float = 1e-12
    oscillation_time: float = 1e-6


def _times(threshold: float, *factors: float) -> tuple[float, ...]:
    return tuple(threshold * f for f in factors)


_FACTORS = (1.01, 1.02, 1.05, 1.1, 1.2, 1.4)

SETTINGS = {
    "nbo2": Settings(2.0, 50.0, 2e-3, _times(1.023, *_FACTORS), 20.0, 2e-6, 0.1, 100e-9, 2.2, 5e3, 80e-12, 2e-6),
    "tin_nbo2": Settings(1.0, 25.0, 2e-3, _times(0.51, *_FACTORS), 20.0, 2e-6, 0.05, 100e-9, 1.2, 2e3, 500e-12, 5e-6),
    "nbo2_slesazeck": Settings(
        1.5, 5.0, 2e-3, _times(0.965, *_FACTORS), 5.0, 1e-6, 0.1, 20e-9, 2.0, 500.0, 1e-9, 2.4e-6),
    "ots_gst": Settings(
        2.5, 1e3, 1e-3, (1.42, 1.44, 1.46, 1.48, 1.5, 1.55, 1.6), 1e3, 5e-6, 0.1, 50e-9, 2.5, 20e3, 5e-12, 1e-6),
    "nb2o5": Settings(2.5, 1e3, 2e-3, _times(1.775, *_FACTORS), 1e3, 1e-6, 0.1, 5e-9, 3.0, 10e3, 1e-9, 50e-6),
    "vo2": Settings(2.0, 1e3, 2e-3, _times(1.24, *_FACTORS), 1e3, 1e-6, 0.1, 10e-9, 2.0, 10e3, 1e-9, 60e-6),
    "vo2_hysteretic": Settings(
        20.0, 1e3, 2e-3, (8.0, 9.0, 10.0, 11.0, 12.0, 14.0), 1e3, 5e-6, 1.0, 2e-6, 12.0, 12e3, 145.346e-12, 20e-6),
    "nbox_third_order": Settings(
        2.2, 1.0, 100e-6, (1.84, 1.86, 1.9, 1.95, 2.05, 2.2), 1.0, 1e-6, 0.1, 100e-9, 1.95, 1.0, 1e-12, 1.5e-6),
    "ag_hfo2": Settings(
        0.5, 1e3, 2.0, (0.267, 0.268, 0.27, 0.28, 0.3, 0.5, 1.5), 1.0, 20e-6, 0.02, 1e-6),
    "tunnel_diode": Settings(0.4, 1.0, 2e-3, (0.1,), 1.0, 1e-6, 0.1, 1e-6),
    "resistor": Settings(2.0, 1e3, 2e-3, (1.0,), 1e3, 1e-6, 0.1, 1e-6),
    "diode": Settings(2.0, 1e3, 2e-3, (1.0,), 1e3, 1e-6, 0.1, 1e-6),
    "capacitor": Settings(2.0, 1e3, 20e-6, (1.0,), 1e3, 1e-6, 0.1, 1e-6),
    "ag_sio2": Settings(
        1.6, 100e3, 2.0, (1.05, 1.1, 1.15, 1.2, 1.3, 1.5), 100e3, 20e-3, 0.05, 10e-3),
    "ag_diffusive_asymmetric": Settings(
        0.4, 200e3, 2.0, (0.15, 0.18, 0.2, 0.25, 0.3), 200e3, 0.2, 0.02, 20e-3),
}


def settings_of(name: str) -> Settings:
    """Return a device's circuits, from here or from its folder.

    A silver device without its own has those of ag_sio2, scaled to its model.
    """
    if name in SETTINGS:
        return SETTINGS[name]
    own_circuits = catalogue()[name].circuits.get("page")
    if own_circuits is not None:
        return Settings(**{**own_circuits, "pulses": tuple(own_circuits["pulses"])})
    s, own, usual = SETTINGS["ag_sio2"], catalogue()[name].model(), catalogue()["ag_sio2"].model()
    if not (isinstance(own, SilverFilament) and isinstance(usual, SilverFilament)):
        raise ValueError(f"device_runs: no circuits for {name}; give it [NAME.circuits.page] in its catalogue.toml")
    volts, slower, longer = own.vst / usual.vst, usual.klim / own.klim, usual.rate / own.rate
    return replace(
        s, peak=s.peak * volts, pulses=tuple(v * volts for v in s.pulses), pulse_time=s.pulse_time * slower,
        read=s.read * volts, relaxation_time=s.relaxation_time * longer)


def _run(source: str, load: float, capacitance: float, device: str, stop: float) -> tuple[FloatArray, ...]:
    if catalogue()[device.split(maxsplit=1)[0]].model().stochastic and "seed=" not in device:
        device += " seed=0"   # the nominal path
    result = simulate(
        f"* page\nV1 in 0 {source}\nR1 in out {load}\nC1 out 0 {capacitance}\nX1 out 0 {device}\n"
        f".tran {stop / 4000} {stop} uic\n.save v(out) i(X1)\n")
    return result.times, result.columns["v(out)"], result.columns["i(x1)"]


def sweep(name: str) -> tuple[FloatArray, FloatArray]:
    """Return terminal voltage [V] and current [A] of a sweep up, down, to the other polarity and back."""
    s = settings_of(name)
    quarter = s.sweep_time / 4
    _, voltage, current = _run(
        f"PWL(0 0 {quarter} {s.peak} {3 * quarter} {-s.peak} {4 * quarter} 0)", s.sweep_load, 1e-14, name, s.sweep_time)
    return voltage, current


def delays(name: str, trials: int = 12) -> tuple[FloatArray, FloatArray]:
    """Return pulse voltages [V] (m,) and delays [s] (m, n) to half of the largest current; NaN: did not switch.

    From the end of an edge of a thousandth of the pulse; n is 1 for a device without randomness.
    """
    s = settings_of(name)
    stochastic = catalogue()[name].model().stochastic
    found = np.full((len(s.pulses), trials if stochastic else 1), np.nan)
    edge = s.pulse_time / 1000
    for a, volts in enumerate(s.pulses):
        for b in range(found.shape[1]):
            device = f"{name} seed={b + 1}" if stochastic else name
            times, _, current = _run(f"PWL(0 0 {edge} {volts})", s.pulse_load, 1e-15, device, s.pulse_time)
            fresh = times > edge
            if current[fresh].max() > 5.0 * current[np.flatnonzero(fresh)[0]]:
                found[a, b] = times[np.flatnonzero(current >= 0.5 * current[fresh].max())[0]] - edge
    return np.array(s.pulses), found


def relaxation(name: str) -> tuple[FloatArray, FloatArray]:
    """Return time after a pulse [s] and conductance at the read voltage [S]."""
    s = settings_of(name)
    edge = min(s.relaxation_time, s.pulse_time) / 100
    end = s.pulse_time + 2 * edge
    device = f"{name} seed=1" if catalogue()[name].model().stochastic else name
    source = f"PWL(0 0 {edge} {s.pulses[-1]} {s.pulse_time} {s.pulses[-1]} {s.pulse_time + edge} {s.read})"
    times, voltage, current = _run(source, s.pulse_load, 1e-15, device, end + s.relaxation_time)
    after = times > end
    return times[after] - s.pulse_time - edge, current[after] / voltage[after]


def firing(name: str) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return time [s], terminal voltage [V], current [A] of ten pulses, and their length [s]."""
    s = settings_of(name)
    period = s.pulse_time
    width, edge = 0.05 * period, 0.001 * period
    device = f"{name} seed=1" if catalogue()[name].model().stochastic else name
    times, voltage, current = _run(
        f"PULSE(0 {s.pulses[2]} {0.1 * period} {edge} {edge} {width} {period} 10)", s.pulse_load, 1e-15,
        device, 10 * period)
    return times, voltage, current, width


def oscillation(name: str) -> tuple[FloatArray, FloatArray, FloatArray, WaveformClass] | None:
    """Return time [s], terminal voltage [V], current [A] and the class of the current; None without an oscillator."""
    s = settings_of(name)
    if s.bias is None:
        return None
    edge = s.oscillation_time / 1000
    device = f"{name} seed=1" if catalogue()[name].model().stochastic else name
    times, voltage, current = _run(
        f"PWL(0 0 {edge} {s.bias})", s.load, s.capacitance, device, s.oscillation_time)
    late = times > 0.3 * s.oscillation_time
    return times, voltage, current, classify_waveform(times[late], current[late])
