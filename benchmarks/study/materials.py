"""The three materials of the study, and how each is measured: what an experimenter would choose for such a device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """A device of the catalogue and the parameters of each step of its study.

    Parameters
    ----------
    name : of the page
    model : catalogue name
    limits : of the device, as in a bench file
    sweep_load, pulse_load, shunt, load : [Ohm] in series during sweeps, during pulses, for the current, of the
        oscillator
    capacitance : [F] across the device of the oscillator
    temperatures : [K]
    sweep, delays, recovery, pairs, map : parameters of iv_sweep, pulse_train, relaxation, paired_pulse and
        oscillation_map. None: the device does not recover slowly enough for a relaxation to be seen
    loads : [Ohm] of the map
    neuron : parameters of the characterisation as a neuron, at the load of the oscillator
    """

    name: str
    model: str
    limits: Mapping[str, str]
    sweep_load: float
    pulse_load: float
    shunt: float
    load: float
    capacitance: float
    temperatures: tuple[float, ...]
    sweep: Parameters
    delays: Parameters
    pairs: Parameters
    map: Parameters
    loads: tuple[float, ...]
    neuron: Parameters
    recovery: Parameters | None = None


MATERIALS = {material.name: material for material in (
    Material(
        "nbo2", "nbo2", {"max_voltage": "4 V", "max_current": "20 mA"}, 2.0, 2.0, 50.0, 5e3, 200e-12,
        (296.0, 306.0, 316.0, 326.0),
        {"start": "0.6 V", "stop": "1.3 V", "step": "10 mV", "compliance": "1 mA", "nplc": 0.01, "dwell": "100 us",
         "check_every": 100},
        {"amplitude": ["1.05 V", "1.1 V", "1.15 V", "1.25 V", "1.4 V"], "width": "1 us", "count": 20},
        {"amplitude": "1.15 V", "width": "1 us", "shortest": "20 ns", "longest": "5 us", "base": "0 V",
         "rest": "50 us", "rise_time": "5 ns", "fall_time": "5 ns", "repeats": 5, "points": 10},
        {"start": "1.5 V", "stop": "3.1 V", "points": 9, "longest_period": "100 us"},
        (4e3, 5e3, 6.5e3, 8e3), {"pair_width": "1 us"}),
    Material(
        "vo2", "vo2", {"max_voltage": "5 V", "max_current": "20 mA"}, 1e3, 1e3, 50.0, 10e3, 1e-9,
        (296.0, 302.0, 308.0, 314.0),
        {"start": "300 mV", "stop": "1.9 V", "step": "10 mV", "compliance": "2 mA", "nplc": 0.01, "dwell": "100 us",
         "check_every": 100},
        {"amplitude": ["1.4 V", "1.5 V", "1.6 V", "1.8 V", "2 V"], "width": "1 us", "count": 20},
        {"amplitude": "1.6 V", "width": "1 us", "shortest": "20 ns", "longest": "5 us", "base": "0 V",
         "rest": "50 us", "rise_time": "5 ns", "fall_time": "5 ns", "repeats": 5, "points": 10},
        {"start": "1.5 V", "stop": "3.1 V", "points": 9, "longest_period": "1 ms"},
        (7e3, 10e3, 12e3, 15e3),
        {"amplitude": ["0.7 V", "1 V", "1.2 V", "1.7 V", "1.9 V", "2.1 V", "2.3 V", "2.6 V"], "width": "150 us",
         "pair_width": "12 us", "shortest": "500 ns", "longest": "100 us", "rest": "5 ms"}),
    Material(
        "silver", "ag_sio2", {"max_voltage": "4 V", "max_current": "100 uA"}, 2.0, 100e3, 10e3, 1e6, 10e-9,
        (296.0, 306.0, 316.0, 326.0),
        {"stop": "1.6 V", "step": "15 mV", "compliance": "20 uA", "nplc": 0.01, "dwell": "1 ms",
         "check_every": 100},
        {"amplitude": ["1.3 V", "1.4 V", "1.5 V", "1.6 V", "1.8 V"], "width": "1 ms", "count": 20, "period": "0.5 s"},
        {"amplitude": "1.4 V", "width": "1 ms", "shortest": "300 us", "longest": "30 ms", "rest": "0.5 s"},
        {"start": "1.6 V", "stop": "2.4 V", "points": 5, "longest_period": "0.5 s"},
        (0.7e6, 0.9e6, 1.1e6),
        {"amplitude": ["0.6 V", "0.8 V", "0.95 V", "1.7 V", "1.9 V", "2.1 V", "2.3 V"], "width": "300 ms",
         "pair_width": "20 ms", "shortest": "1 ms", "longest": "300 ms", "rest": "1 s", "rise_time": "1 us",
         "fall_time": "1 us"},
        {"amplitude": ["1.4 V", "1.6 V"], "width": "1 ms"}),
)}
