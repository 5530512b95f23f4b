"""Random campaigns: device, wiring, steps and their parameters, all from one random generator."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

NAMED = 0.7  #: share of the campaigns whose bench file names the material of the device
#: usual threshold voltage of the models [V], to which the amplitudes are scaled (docs/devices), and how often each is
#: drawn
DEVICES = {"nbo2": (1.0, 4), "tin_nbo2": (0.5, 2), "nbo2_slesazeck": (0.96, 1), "vo2": (1.22, 1), "nb2o5": (1.75, 1),
           "ots_gst": (1.75, 1), "mos2_ag": (0.45, 1), "ag_sio2": (1.0, 1), "ag_sioxny": (1.4, 1), "resistor": (1.0, 1)}
LOWEST, HIGHEST = 0.4, 2.0  #: amplitudes, in usual threshold voltages
LEAST = 10.0  #: [Ohm] least resistance that the bench file of some devices without a material states
_SMU_ONLY = ("iv_sweep", "iv_sweep_current", "first_contact", "forming", "telegraph_noise", "retention",
             "ramp_rate_series", "compliance_series")
_ALL = (*_SMU_ONLY, "pulse_train", "pulse_train", "oscillation", "stimulus", "relaxation", "paired_pulse",
        "integrate_and_fire", "firing_probability", "adaptive_threshold", "endurance", "neuron")


@dataclass(frozen=True)
class Wiring:
    """A fixture: its netlist in parts, the roles at its terminals, and what limits a current at the device."""

    kind: str
    resistors: Mapping[str, tuple[str, str, float]]  #: name -> nodes and [Ohm]
    capacitors: Mapping[str, tuple[str, str, float]]  #: name -> nodes and [F]
    place: tuple[str, str]
    scope: bool  #: whether generator and oscilloscope are there
    series: float  #: [Ohm] between the device and all charged capacitors and sources, by hand

    def netlist(self, resistor: Callable[[float], float] = float, capacitor: Callable[[float], float] = float) -> str:
        """Return it as text; the functions change the values."""
        parts = [f"{name} {a} {b} {resistor(value)!r}" for name, (a, b, value) in self.resistors.items()]
        parts += [f"{name} {a} {b} {capacitor(value)!r}" for name, (a, b, value) in self.capacitors.items()]
        return "\n".join([*parts, f"XDUT {self.place[0]} {self.place[1]} device"]) + "\n"

    def terminals(self) -> dict[str, str]:
        """Return terminal -> node."""
        if not self.scope:
            return {"source_meter": "smu"}
        return {"source_meter": "smu", "generator.1": "gen1", "generator.2": "gen2", "scope.1": "dut", "scope.2": "low"}


@dataclass(frozen=True)
class Case:
    """One campaign."""

    number: int
    seed: int  #: of its devices: the number of the k-th one is k above it
    model: str  #: of the world
    material: str  #: in the bench file; "": it names none
    least: float  #: [Ohm] that the bench file states; 0: it states none
    wiring: Wiring
    steps: tuple[str, ...]  #: lines of the campaign file
    highest: float  #: [V] of any source


def case_of(seed: int, number: int) -> Case:
    """Return the case of a number; the same for the same seed."""
    draw = random.Random(f"{seed}.{number}")
    model = draw.choices(list(DEVICES), [often for _, often in DEVICES.values()])[0]
    wiring = _wiring(draw)
    material = model if draw.random() < NAMED else ""
    least = 0.0 if material or draw.random() < 0.5 else LEAST
    kinds = _ALL if wiring.scope else _SMU_ONLY
    steps = [_step(draw, place, draw.choice(kinds), DEVICES[model][0]) for place in range(draw.randint(1, 3))]
    devices = draw.randrange(10**6, 10**9)
    return Case(number, devices, model, material, least, wiring, tuple(text for text, _ in steps),
                max(top for _, top in steps))


def _wiring(draw: random.Random) -> Wiring:
    kind = draw.choice(["tee", "tee", "tee", "direct", "load", "across"])
    shunt = {"R_shunt": ("low", "0", 50.0)}
    cable = 10 ** draw.uniform(-11.0, -9.0)
    if kind == "direct":   # needles of a source meter, without a scope
        series = draw.choice([2.0, 100.0, 1000.0, 10_000.0])
        return Wiring(kind, {"R_drive": ("smu", "dut", series)}, {"C_cable": ("smu", "0", cable)}, ("dut", "0"), False,
                      series)
    if kind == "load":     # a load beside the device: the cables are in front of it
        load = draw.choice([500.0, 2000.0, 10_000.0])
        pad = 10 ** draw.uniform(-13.0, -12.0)
        return Wiring(kind, {
            "R_drive": ("smu", "n1", 2.0), "R_pulse": ("gen1", "n1", 2.0), "R_bias": ("gen2", "n1", 2.0),
            "R_load": ("n1", "dut", load), **shunt},
            {"C_cable": ("n1", "0", cable), "C_pad": ("dut", "low", pad)}, ("dut", "low"), True, 0.0)
    resistors = {"R_drive": ("smu", "dut", draw.choice([2.0, 100.0, 1000.0])),
                 "R_pulse": ("gen1", "dut", draw.choice([2.0, 50.0, 500.0])),
                 "R_load": ("gen2", "dut", float(round(10 ** draw.uniform(3.3, 4.3)))), **shunt}
    end = "low" if kind == "across" else "0"
    series = 0.0 if kind == "across" else 50.0
    return Wiring(kind, resistors, {"C_probe": ("dut", end, cable)}, ("dut", "low"), True, series)


def _step(draw: random.Random, place: int, kind: str, threshold: float) -> tuple[str, float]:
    """Return the lines of one step and the highest voltage [V] of its source."""
    top = threshold * draw.uniform(LOWEST, HIGHEST)
    protocol, lines, highest = _PARAMETERS[kind](draw, top)
    text = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f'[[step]]\nname = "s{place}"\nprotocol = "{protocol}"\n{text}\n', highest


Lines = tuple[str, dict[str, Any], float]  #: protocol, its parameters as TOML, highest voltage [V] of the source


def _number(value: float) -> float:
    return float(f"{value:.4g}")


def _compliance(draw: random.Random, low: float = -4.5, high: float = -3.0) -> float:
    return _number(10 ** draw.uniform(low, high))


def _iv_sweep(draw: random.Random, top: float) -> Lines:
    return "iv_sweep", {
        "stop": _number(top), "step": _number(top / 30), "nplc": 0.01, "compliance": _compliance(draw, -4.3, -2.5),
        "both_polarities": str(draw.random() < 0.3).lower()}, top


def _iv_sweep_current(draw: random.Random, top: float) -> Lines:
    current = 10 ** draw.uniform(-5.0, -3.0)
    return "iv_sweep", {
        "drive": '"current"', "levels": [_number(current * k / 20) for k in range(21)], "nplc": 0.01,
        "approach_rate": 1.0, "compliance": _number(max(top, 0.25))}, max(top, 0.25)


def _first_contact(draw: random.Random, top: float) -> Lines:
    return "first_contact", {"highest": _number(top / 8), "levels": 5, "nplc": 0.01}, top / 8


def _forming(draw: random.Random, top: float) -> Lines:
    return "forming", {
        "start": _number(top / 10), "stop": _number(top), "step": _number(top / 25), "nplc": 0.01, "dwell": 0.001,
        "compliance": [1e-5, _compliance(draw, -4.5, -3.3)]}, top


def _telegraph_noise(draw: random.Random, top: float) -> Lines:
    return "telegraph_noise", {
        "bias": [_number(top / 3), _number(top)], "samples": 100, "settle": 0.001, "nplc": 0.01,
        "compliance": _compliance(draw)}, top


def _retention(draw: random.Random, top: float) -> Lines:
    return "retention", {
        "set_voltage": _number(top), "set_time": 0.002, "read_voltage": _number(top / 8), "last": 0.05, "points": 3,
        "repeats": 1, "rest": 0.01, "nplc": 0.01, "compliance": _compliance(draw)}, top


def _ramp_rate_series(draw: random.Random, top: float) -> Lines:
    return "ramp_rate_series", {
        "stop": _number(top), "step": _number(top / 25), "nplc": 0.01, "rate": [5.0, 20.0],
        "compliance": _compliance(draw, -4.3, -2.7)}, top


def _compliance_series(draw: random.Random, top: float) -> Lines:
    return "compliance_series", {
        "stop": _number(top), "step": _number(top / 25), "nplc": 0.01,
        "compliances": sorted({_compliance(draw, -4.3, -2.7) for _ in range(2)})}, top


def _pulse_train(draw: random.Random, top: float) -> Lines:
    return "pulse_train", {
        "amplitude": _number(draw.choice([1, 1, -1]) * top), "count": 3, "period": 1e-4, "record_span": 2e-5,
        "width": _number(10 ** draw.uniform(-6.7, -5.0))}, top


def _oscillation(draw: random.Random, top: float) -> Lines:
    bias = top * draw.uniform(1.0, 1.5)
    return "oscillation", {"bias": [_number(bias)], "record_span": 5e-6, "settle": 2e-5}, bias


def _stimulus(draw: random.Random, top: float) -> Lines:
    return "stimulus", {
        "amplitude": [_number(1.3 * top)], "period": 2e-5, "repeats": 1, "samples": 5000,
        "shape": draw.choice(['"triangle"', '"sine"'])}, 1.3 * top


def _relaxation(draw: random.Random, top: float) -> Lines:
    return "relaxation", {
        "amplitude": [_number(top)], "width": 2e-5, "window": 5e-5, "repeats": 2, "rest": 0.001, "samples": 5000,
        "rise_time": 1e-7, "fall_time": 1e-7, "base": 0.05}, top + 0.05


def _paired_pulse(draw: random.Random, top: float) -> Lines:
    return "paired_pulse", {
        "amplitude": [_number(top)], "width": 5e-6, "shortest": 2e-6, "longest": 2e-5, "points": 2, "repeats": 1,
        "rest": 0.001, "rise_time": 1e-7, "fall_time": 1e-7, "base": 0.05}, top + 0.05


def _integrate_and_fire(draw: random.Random, top: float) -> Lines:
    return "integrate_and_fire", {
        "amplitude": [_number(top)], "widths": [2e-6], "periods": [6e-6], "count": 5, "repeats": 1, "rest": 0.001,
        "rise_time": 1e-7, "fall_time": 1e-7}, top


def _firing_probability(draw: random.Random, top: float) -> Lines:
    return "firing_probability", {"amplitude": [_number(top)], "budget": 12, "rest": 1e-4}, top


def _adaptive_threshold(draw: random.Random, top: float) -> Lines:
    return "adaptive_threshold", {
        "lowest": _number(top / 4), "highest": _number(top), "budget": 12, "rest": 1e-4}, top


def _endurance(draw: random.Random, top: float) -> Lines:
    return "endurance", {"amplitude": [_number(top)], "cycles": 6, "batch": 3, "read_amplitude": _number(top / 5)}, top


def _neuron(draw: random.Random, top: float) -> Lines:
    return "neuron", {
        "amplitude": [_number(top), _number(1.4 * top)], "repeats": 1, "points": 2, "pairs": 1, "rest": 1e-4,
        "samples": 5000}, 1.4 * top


_PARAMETERS: dict[str, Callable[[random.Random, float], Lines]] = {
    "iv_sweep": _iv_sweep, "iv_sweep_current": _iv_sweep_current, "first_contact": _first_contact, "forming": _forming,
    "telegraph_noise": _telegraph_noise, "retention": _retention, "ramp_rate_series": _ramp_rate_series,
    "compliance_series": _compliance_series,
    "pulse_train": _pulse_train, "oscillation": _oscillation, "stimulus": _stimulus, "relaxation": _relaxation,
    "paired_pulse": _paired_pulse, "integrate_and_fire": _integrate_and_fire, "firing_probability": _firing_probability,
    "adaptive_threshold": _adaptive_threshold, "endurance": _endurance, "neuron": _neuron,
}
