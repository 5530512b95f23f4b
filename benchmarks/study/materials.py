"""The three materials of the study, and how each is measured: what an experimenter would choose for such a device."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Oscillator:
    """A load resistor from the generator to the device, and a capacitor across the device.

    Parameters
    ----------
    name : in the tables
    load : [Ohm]
    capacitance : [F]
    """

    name: str
    load: float
    capacitance: float


@dataclass(frozen=True)
class Material:
    """A device of the catalogue and the parameters of each step of its study.

    Parameters
    ----------
    name : of the page
    model : catalogue name
    limits : of the device, as in a bench file
    cycles : the table ``cycles`` of the world file, in TOML; empty: the model itself varies from cycle to cycle
    sweep_load, pulse_load, shunt : [Ohm] in series during sweeps, during pulses, for the current
    oscillator : of the map
    temperatures : [K]
    compliances : [A] at which the hold voltage is measured
    sweep, delays, recovery, pairs, map : parameters of iv_sweep, pulse_train, relaxation, paired_pulse and
        oscillation_map
    loads : [Ohm] of the map
    neurons : circuits that are characterised as a neuron, each with its parameters
    remarks : lines of the page about numbers whose interval does not contain the truth
    exceptions : of a step (or of the single numbers of sweeps) that gives fewer numbers without doubt than others, the
        least share of them and why; of verdicts, the largest share that is not decided
    true_pairs : simulated for each gap of the true recovery; 1: the device has no chance in it
    """

    name: str
    model: str
    limits: Mapping[str, str]
    cycles: str
    sweep_load: float
    pulse_load: float
    shunt: float
    oscillator: Oscillator
    temperatures: tuple[float, ...]
    compliances: tuple[float, ...]
    sweep: Parameters
    delays: Parameters
    recovery: Parameters
    pairs: Parameters
    map: Parameters
    loads: tuple[float, ...]
    neurons: tuple[tuple[Oscillator, Parameters], ...]
    remarks: tuple[str, ...] = ()
    exceptions: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    true_pairs: int = 1


_QUICK_PAIRS = {"width": "1 us", "shortest": "10 ns", "longest": "1 us", "rest": "50 us", "rise_time": "4 ns",
                "fall_time": "4 ns", "repeats": 8, "points": 12, "resolution": 2000}
_QUICK_RECOVERY = {"width": "1 us", "window": "1 us", "rest": "50 us", "rise_time": "5 ns", "fall_time": "5 ns",
                   "repeats": 10}
_WITHIN_THE_FALL = "the device relaxes while the pulse still falls, so there is a bound at most"
_EDGES = (
    "*Spike latency.* Without the sync output, tsbench finds the edge of a step by the rise of the device voltage.\n"
    "  The true values of three latencies behind 5 kOhm with 200 pF are above the upper ends of the intervals, by 0.5 "
    "to\n"
    "  3.2 ns. An error of the amplitude of 0.2 to 0.3 % has this effect at the lowest amplitudes. It was not checked\n"
    "  whether it is the cause.")
_FLUCTUATING = (
    "*Sweeps.* The current of a filament fluctuates between two readings. The true hold voltage is the lowest at any\n"
    "  instant. A reading shows the voltage at other instants, so the interval of a hold voltage reaches below the\n"
    "  lowest reading, and its middle is 5 to 14 mV from the true value. The intervals of the single hold voltages\n"
    "  contain the true value.")
_FEW_BOUNDED = "the readings do not resolve the spread of the hold voltages, so two numbers are bounded"
_DISSOLVES = "the current of a filament fluctuates as it dissolves, so many sweeps have no hold voltage without doubt"
#: a circuit that rests near its threshold shows the scope little of a step before it fires
_BIASED = {"trigger": "external", "external_level": "1 V"}
_NBO2 = Material(
    "nbo2", "nbo2", {"max_voltage": "4.5 V", "max_current": "20 mA"}, "spread = { as_ = 0.02 }", 2.0, 2.0, 50.0,
    Oscillator("oscillator", 5e3, 200e-12), (296.0, 306.0, 316.0, 326.0), (0.8e-3, 1e-3, 1.3e-3, 1.8e-3),
    {"start": "0.8 V", "stop": "1.18 V", "step": "10 mV", "compliance": "1 mA", "nplc": 0.01, "dwell": "100 us",
     "check_every": 100},
    {"amplitude": ["1.07 V", "1.09 V", "1.12 V", "1.16 V", "1.25 V", "1.4 V"], "width": "1 us", "count": 20},
    {"amplitude": ["1.15 V", "1.3 V"], "base": "0.2 V", **_QUICK_RECOVERY},
    {"amplitude": ["0.4 V", "0.5 V", "0.7 V"], "base": "0.7 V", **_QUICK_PAIRS},
    {"start": "1.5 V", "stop": "3.1 V", "points": 9, "longest_period": "100 us"}, (4e3, 5e3, 6.5e3, 8e3),
    ((Oscillator("5 kOhm, 200 pF", 5e3, 200e-12), {"pair_width": "1 us"}),
     (Oscillator("10 kOhm, 1 nF", 10e3, 1e-9),
      {**_BIASED, "base": "1.7 V",
       "amplitude": ["50 mV", "100 mV", "300 mV", "0.5 V", "0.8 V", "1.2 V", "1.8 V", "2.6 V"],
       "width": "40 us", "pair_amplitude": "1 V", "pair_width": "500 ns", "shortest": "200 ns", "longest": "20 us"})),
    (_EDGES,), {"relaxation": (0.0, _WITHIN_THE_FALL)})
_VO2 = Material(
    "vo2", "vo2", {"max_voltage": "5 V", "max_current": "20 mA"}, "spread = { rho_ins = 0.02 }", 1e3, 1e3, 50.0,
    Oscillator("oscillator", 10e3, 1e-9), (296.0, 302.0, 308.0, 314.0), (0.8e-3, 1.1e-3, 1.4e-3, 2e-3),
    {"start": "0.66 V", "stop": "1.42 V", "step": "10 mV", "compliance": "2 mA", "nplc": 0.01, "dwell": "100 us",
     "check_every": 100},
    {"amplitude": ["1.4 V", "1.45 V", "1.5 V", "1.6 V", "1.8 V", "2 V"], "width": "1 us", "count": 20},
    {"amplitude": ["1.6 V", "1.8 V"], "base": "0.1 V", **_QUICK_RECOVERY},
    {"amplitude": ["1 V", "1.2 V", "1.5 V"], "base": "0.5 V", **_QUICK_PAIRS},
    {"start": "1.5 V", "stop": "3.1 V", "points": 9, "longest_period": "1 ms"}, (7e3, 10e3, 12e3),
    ((Oscillator("10 kOhm, 1 nF", 10e3, 1e-9),
      {"amplitude": ["0.7 V", "1 V", "1.2 V", "1.7 V", "1.9 V", "2.1 V", "2.3 V", "2.6 V"], "width": "150 us",
       "samples": 100_000, "pair_width": "12 us", "shortest": "500 ns", "longest": "100 us", "rest": "5 ms"}),
     (Oscillator("10 kOhm, 1 nF", 10e3, 1e-9),
      {**_BIASED, "base": "1.2 V",
       "amplitude": ["50 mV", "100 mV", "150 mV", "300 mV", "0.4 V", "0.6 V", "0.9 V", "1.4 V"],
       "width": "150 us", "samples": 100_000, "pair_amplitude": "0.6 V",
       "pair_width": "5 us", "shortest": "1 us", "longest": "100 us",
       "rest": "5 ms"})),
    exceptions={
        "relaxation": (0.0, _WITHIN_THE_FALL), "I-V sweeps": (0.5, _FEW_BOUNDED),
        "delay": (0.75, "the delay is neither an exponential of the amplitude nor a power of the overvoltage, so slope "
                        "and power are doubted")})
_SILVER = Material(
    "silver", "ag_sio2", {"max_voltage": "4 V", "max_current": "100 uA"}, "", 2.0, 100e3, 10e3,
    Oscillator("oscillator", 1e6, 10e-9), (296.0, 306.0, 316.0, 326.0), (2e-6, 5e-6, 10e-6, 20e-6),
    {"stop": "1.4 V", "step": "10 mV", "compliance": "20 uA", "nplc": 0.01, "dwell": "1 ms", "check_every": 100},
    {"amplitude": ["1.3 V", "1.4 V", "1.5 V", "1.6 V", "1.8 V"], "width": "1 ms", "count": 20, "period": "0.5 s"},
    {"amplitude": ["1.4 V", "1.6 V", "2 V", "2.5 V"], "width": "1 ms"},
    {"amplitude": ["1.4 V", "1.8 V"], "width": "1 ms", "shortest": "300 us", "longest": "30 ms", "rest": "0.5 s"},
    {"start": "1.8 V", "stop": "2.4 V", "points": 4, "longest_period": "0.2 s"}, (0.7e6, 0.9e6, 1.1e6),
    ((Oscillator("1 MOhm, 10 nF", 1e6, 10e-9),
      {"amplitude": ["0.6 V", "0.8 V", "0.95 V", "1.7 V", "1.9 V", "2.1 V", "2.3 V"], "width": "300 ms",
       "pair_width": "20 ms", "shortest": "1 ms", "longest": "300 ms", "rest": "1 s", "rise_time": "1 us",
       "fall_time": "1 us"}),),
    (_FLUCTUATING,),
    {"I-V sweeps": (0.5, _FEW_BOUNDED), "hold": (0.0, _DISSOLVES),
     "neuron": (0.5, "the circuit fires at few of the amplitudes, and its spikes are as short as a sample"),
     "neuron, verdicts": (0.5, "it fires at two or three amplitudes, and rarely, so sizes and rates are too few")},
    true_pairs=200)
MATERIALS = {material.name: material for material in (_NBO2, _VO2, _SILVER)}
