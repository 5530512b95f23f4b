"""Made records with one error each: where the scope's current contradicts the level and its path, and where it may not.

One loop of a generator (50 Ohm), its load, the device and a shunt. The bench file says one thing, the records another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tsbench.protocols.extracting.loop_current import contradiction_of
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import DeviceDescription, Fixture, FloatArray, Run, RunHeader, Sensing, Waveform

WIDTH, STEP = 1e-6, 1e-9   # [s] of a pulse, of the samples
TIMES = np.arange(-0.5e-6, 1.5e-6, STEP)
DATA_SHEET = {"gain": 0.01, "offset": 1e-3}   # of the level
ROOT = math.sqrt(3.0)   # limit / standard uncertainty
PULSE: Mapping[str, float] = {"amplitude": 2.0, "pulse_width": WIDTH}


@dataclass(frozen=True)
class Loop:
    """Level [V], load, shunt and device [Ohm], and what lies from the device's high side to ground [S, F]."""

    level: float = 2.0
    load: float = 10e3
    shunt: float = 50.0
    device: float = 1e3
    leak: float = 0.0
    capacitance: float = 0.0

    @property
    def volts(self) -> tuple[float, float]:
        """Return the voltages [V] at the high and the low side of the device."""
        source, below = 1.0 / (50.0 + self.load), self.device + self.shunt
        high = self.level * source / (source + 1.0 / below + self.leak)
        return high, high * self.shunt / below

    @property
    def charging(self) -> float:
        """Return the time constant [s] of the voltage at the device."""
        return self.capacitance / (1.0 / (50.0 + self.load) + 1.0 / (self.device + self.shunt))


@dataclass(frozen=True)
class Scope:
    """What the header says of the scope and the sensor (limits), and what the scope does to its two channels."""

    gains: tuple[float, float] = (0.0, 0.0)
    offsets: tuple[float, float] = (0.0, 0.0)
    tolerance: float = 0.0
    factors: tuple[float, float] = (1.0, 1.0)
    moves: tuple[float, float] = (0.0, 0.0)

    def waves(
        self, high: FloatArray, low: FloatArray, conditions: Mapping[str, float], t0: float, time: float = 0.0,
    ) -> list[Waveform]:
        noise = np.random.default_rng(1).standard_normal((2, high.size)) * ((1e-4,), (1e-6,))
        return [
            Waveform(channel, "V", np.round((values * factor + move + added) / 1e-7)[None, :].astype(np.int32), 1e-7,
                     0.0, t0, STEP, np.zeros(1), accuracy_gain=gain / ROOT, accuracy_offset=offset / ROOT,
                     conditions=conditions, time=time)
            for channel, values, added, factor, move, gain, offset in zip(
                ("device_voltage_high", "device_voltage_low"), (high, low), noise, self.factors, self.moves,
                self.gains, self.offsets, strict=True)]


def run_of(
    said: Loop, waves: Sequence[Waveform], level: Mapping[str, float] | None = None, scope: Scope = Scope(),
    parameters: Mapping[str, float] | None = None, divider: str = "", control: Mapping[str, float] | None = None,
) -> Run:
    """Return a run whose bench file says ``said``; ``level``: accuracy of the generator (default: exact)."""
    netlist = f"R_load gen dut {said.load}\n{divider}\nR_shunt low 0 {said.shunt}\nXDUT dut low device\n"
    fixture = Fixture(
        netlist, {"generator": "gen", "scope.1": "dut", "scope.2": "low"},
        Sensing("scope.1", "scope.2", "scope.2", said.shunt, current_tolerance=scope.tolerance),
        {"bias": 50.0 + said.load + said.shunt}, {"bias": 50.0}, said.capacitance, said.leak, control or {})
    generator = {"roles": ["bias"], "accuracy": {"level": level or {"gain": 0.0, "offset": 0.0}}}
    header = RunHeader("r1", "oscillation", {name: {"value": one} for name, one in (parameters or {}).items()}, (),
                       DeviceDescription("D1"), fixture, {"generator": generator}, False, "2030-01-01T00:00:00+00:00")
    return Run(header, np.empty((0, 0)), np.zeros(0, np.uint32), tuple(waves), (), "success")


def in_bias(true: Loop, scope: Scope = Scope(), level: float = 2.0, time: float = 0.0, **more: float) -> list[Waveform]:
    """Return a record under a constant level that the generator was asked for."""
    high, low = (np.full(2000, one) for one in true.volts)
    return scope.waves(high, low, {"bias": level, **more}, 0.0, time)


def line_of(run: Run, path_tolerance: float = 0.0) -> str:
    return contradiction_of(run, ("bias", "scope"), ExtractionOptions(path_tolerance=path_tolerance))


BEHIND = Loop()
DIRECT = Loop(load=2.0)
HALF = Loop(device=10e3)   # half of the level is at the device
ERRORS = ["level", "load", "shunt", "gain_of_current", "gain_of_voltage", "zero_of_current", "zero_of_voltage",
          "contacts"]


def line_with(error: str, times: float) -> str:
    """Return what is said where one quantity is off by so many times its limit, and all others are exact."""
    part = 0.02 * times
    if error == "level":
        return line_of(run_of(BEHIND, in_bias(replace(BEHIND, level=2.0 + 0.021 * times)), DATA_SHEET))
    if error == "load":
        return line_of(run_of(BEHIND, in_bias(replace(BEHIND, load=10e3 * (1.0 + part)))), 0.02)
    if error == "contacts":
        return line_of(run_of(DIRECT, in_bias(replace(DIRECT, load=2.0 + 5.0 * times))))
    said, scope = BEHIND, Scope()
    true = said
    if error == "shunt":
        true, scope = replace(said, shunt=50.0 * (1.0 + 0.05 * times)), Scope(tolerance=0.05)
    elif error == "gain_of_current":
        scope = Scope(gains=(0.0, 0.02), factors=(1.0, 1.0 + part))
    elif error == "gain_of_voltage":
        said = true = HALF
        scope = Scope(gains=(0.02, 0.0), factors=(1.0 + part, 1.0))
    elif error == "zero_of_current":
        scope = Scope(offsets=(0.0, 2e-4), moves=(0.0, 2e-4 * times))
    else:
        scope = Scope(offsets=(0.03, 0.0), moves=(0.03 * times, 0.0))
    return line_of(run_of(said, in_bias(true, scope), scope=scope))


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_counts_up_to_its_limit_and_no_further(error: str) -> None:
    for sign in (1.0, -1.0) if error != "contacts" else (1.0,):
        assert line_with(error, 0.9 * sign) == ""
        assert "but the scope shows" in line_with(error, 1.5 * sign)


def test_all_errors_at_once_are_no_contradiction() -> None:
    said, scope = HALF, Scope((0.02, 0.02), tolerance=0.05, factors=(0.982, 1.018))
    true = replace(said, level=2.0 + 0.9 * 0.021, load=0.982 * said.load, shunt=50.0 * 1.045)
    assert line_of(run_of(said, in_bias(true, scope), DATA_SHEET, scope), 0.02) == ""


def pulses(true: Loop, scope: Scope, level: float) -> list[Waveform]:
    high, low = (one * pulse_shape() for one in true.volts)
    return scope.waves(high, low, {**PULSE, "amplitude": level}, float(TIMES[0]))


def pulse_shape(rise: float = 1e-9, fall: float = 1e-9, width: float = WIDTH) -> FloatArray:
    """Return a pulse of height 1 with its width at half height; edges 10 to 90 %."""
    up, down = (np.clip(0.5 + (TIMES - at) * 0.8 / edge, 0.0, 1.0) for at, edge in ((0.0, rise), (width, fall)))
    return up - down


@pytest.mark.parametrize("kind", [in_bias, pulses])
def test_a_factor_of_two_is_told_where_the_path_is_larger_than_the_limits(
    kind: Callable[..., list[Waveform]],
) -> None:
    scope = Scope((0.02, 0.02), (0.01, 1e-4), 0.01)
    for said in (BEHIND, replace(BEHIND, device=50e3), Loop(load=1e3)):
        for ohm in (25.0, 50.0, 100.0):
            line = line_of(run_of(said, kind(replace(said, shunt=ohm), scope, level=2.0), DATA_SHEET, scope), 0.02)
            assert (f"the shunt has about {ohm:g} Ohm, not" in line) == (ohm != 50.0), (said, ohm, line)
    # without a load, the level is at an insulating device, whatever the shunt is
    insulating = replace(DIRECT, device=20e3)
    for ohm in (5.0, 25.0, 100.0, 500.0):
        waves = kind(replace(insulating, shunt=ohm), scope, level=2.0)
        assert line_of(run_of(insulating, waves, DATA_SHEET, scope), 0.02) == ""


@pytest.mark.parametrize(("text", "less"), [
    ('[fixture.control.load_resistance]\nelement = "R_load"\ngate = "gate"\n', False),
    ('[fixture.control.load_resistance]\nelement = "R_load"\n', True), ("", True), ("no TOML", True),
    ("[fixture]\ncontrol = 3\n", True)])
def test_a_transistor_that_saturates_passes_less_than_its_resistance_tells(text: str, less: bool) -> None:
    """A current that is too large contradicts the path in both cases."""
    scope = Scope((0.02, 0.02), (0.01, 1e-4), 0.01)
    for shown, told in ((25.0, less), (100.0, True)):
        run = run_of(BEHIND, in_bias(replace(BEHIND, shunt=shown), scope, level=2.0), DATA_SHEET, scope)
        bench = {"bench_file": {"text": text, "name": "b.bench.toml", "sha256": ""}}
        run = replace(run, header=replace(run.header, provenance=bench if text else {}))
        assert bool(line_of(run, 0.02)) is told


def test_what_flows_in_the_inputs_of_the_scope_is_not_in_the_device() -> None:
    said = Loop(load=100e3, device=1e6, leak=1e-6)
    assert line_of(run_of(said, in_bias(said)), 0.02) == ""
    assert line_of(run_of(replace(said, leak=0.0), in_bias(said)), 0.02)


@pytest.mark.parametrize(("factors", "told"), [
    ((2, 2, 2, 1, 1), True), ((2, 2, 1, 1, 1), False), ((2, 2, 1, 1), False), ((2, 2, 0.5, 0.5, 0.5), True),
    ((2, 2, 0.5, 0.5, 1), False), ((2,), True)])
def test_most_records_must_be_apart_to_the_same_side(factors: tuple[float, ...], told: bool) -> None:
    waves = [wave for number, factor in enumerate(factors)
             for wave in in_bias(replace(BEHIND, shunt=50.0 * factor), time=float(number))]
    assert bool(line_of(run_of(BEHIND, waves))) == told


@pytest.mark.parametrize("off", [0, 1, 5])
@pytest.mark.parametrize("kind", [in_bias, "pulses"])
def test_a_device_that_is_off_has_no_vote(off: int, kind: Callable[..., list[Waveform]] | str) -> None:
    """Hardly any current flows then: it agrees with that of any shunt."""
    for ohm in (50.0, 150.0):
        devices = [replace(BEHIND, shunt=ohm, device=10e6)] * off + [replace(BEHIND, shunt=ohm)] * 2
        records = [in_bias(true, time=float(number)) if kind is in_bias
                   else [replace(wave, time=float(number)) for wave in pulses(true, Scope(), 2.0)]
                   for number, true in enumerate(devices)]
        line = line_of(run_of(BEHIND, [wave for record in records for wave in record], DATA_SHEET), 0.02)
        assert bool(line) == (ohm != 50.0)


def in_codes(waves: Sequence[Waveform], code: float) -> list[Waveform]:
    """Return the records of a scope with one code [V]."""
    return [replace(wave, codes=np.round(wave.codes * wave.scale / code).astype(np.int32), scale=code)
            for wave in waves]


@pytest.mark.parametrize(("steps", "capacitance", "told"), [
    (0, 0.0, True), (1, 0.0, True), (3, 0.0, False), (0, 1.0, False)])
def test_a_quiet_bias_is_compared_though_its_voltage_never_rises(steps: int, capacitance: float, told: bool) -> None:
    """A scope with few bits shows one code, or two where the voltage drifts; a capacitor may be charged meanwhile."""
    said = replace(BEHIND, capacitance=capacitance)
    high, low = (np.full(2000, one) for one in replace(BEHIND, shunt=100.0).volts)
    high[1000:] += 0.01 * steps
    waves = in_codes(Scope().waves(high, low, {"bias": 2.0}, 0.0), 0.01)
    assert not any(np.ptp(wave.codes) for wave in waves) or steps
    assert bool(line_of(run_of(said, waves, DATA_SHEET), 0.02)) == told


def test_the_load_of_the_record_counts() -> None:
    said = Loop(load=5e3)
    control = {"load_resistance": 5e3}
    for ohm, told in ((50.0, False), (100.0, True)):
        waves = in_bias(Loop(load=10e3, shunt=ohm), load_resistance=10e3)
        assert bool(line_of(run_of(said, waves, control=control))) == told
    assert line_of(run_of(said, in_bias(Loop(load=10e3)), control=control))   # this one has the first load


def test_a_divider_and_an_unknown_wiring_are_no_loop() -> None:
    half = Loop(level=1.0, load=5e3 - 25.0)   # 10 kOhm and 10 kOhm to ground
    said = Loop(load=9.95e3)
    waves = in_bias(half)
    assert line_of(run_of(said, waves, divider="R_beside dut 0 10k")) == ""
    known = run_of(said, waves)
    unknown = replace(known.header.fixture, netlist="")
    assert line_of(known) and line_of(replace(known, header=replace(known.header, fixture=unknown))) == ""


@pytest.mark.parametrize("conditions", [
    {"period": 1e-5}, {"gap": 1e-6, "read": 0.1}, {"amplitude": 1.0}])
def test_a_record_with_more_than_a_level_tells_nothing(conditions: dict[str, float]) -> None:
    wrong = replace(BEHIND, shunt=500.0)
    assert line_of(run_of(BEHIND, in_bias(wrong, temperature=300.0)))
    assert line_of(run_of(BEHIND, in_bias(wrong, **conditions))) == ""


def pulsed(high: FloatArray, low: FloatArray, said: Loop = HALF, **parameters: float) -> str:
    waves = Scope().waves(high, low, PULSE, float(TIMES[0]))
    return line_of(run_of(said, waves, parameters=parameters), 0.02)


def test_a_voltage_that_still_charges_a_capacitor_tells_nothing() -> None:
    """The voltage rises slowly. Its noise crosses the median in the middle only."""
    _, low = HALF.volts
    for drift, told in ((0.02, False), (0.0, True)):   # [V] in the record
        ramp = 0.8 + drift * np.linspace(-0.5, 0.5, 2000)
        waves = Scope().waves(ramp, np.full(2000, low), {"bias": 2.0}, 0.0)
        assert bool(line_of(run_of(HALF, waves), 0.02)) == told


@pytest.mark.parametrize("shape", ["slow ringing", "drift", "pick-up"])
def test_a_plateau_that_is_not_steady_tells_nothing(shape: str) -> None:
    high, low = (one * pulse_shape() for one in HALF.volts)
    added = 0.12 * pulse_shape() * {
        "slow ringing": np.sin(2e6 * np.pi * (TIMES - 0.4e-6)), "pick-up": np.sin(2e6 * np.pi * (TIMES - 0.4e-6)),
        "drift": np.clip(TIMES / WIDTH - 1.0, -1.0, 0.0)}[shape]
    steady = 0.12 * pulse_shape()
    if shape == "pick-up":
        assert pulsed(high, low * (1.0 + added)) == "" and pulsed(high, low * (1.0 + steady))
    else:
        assert pulsed(high + added, low) == "" and pulsed(high + steady, low)


@pytest.mark.parametrize("period", [27.3 * STEP, 3.3 * STEP])
def test_an_oscillation_on_the_plateau_tells_nothing(period: float) -> None:
    """The samples miss the short discharges: the mean current that they show is smaller."""
    high, low = (one * pulse_shape() for one in HALF.volts)
    assert pulsed(high * (0.8 + 0.3 * (TIMES / period % 1.0)), 0.6 * low) == ""
    assert pulsed(high * 0.95, 0.6 * low)   # the same means, without the oscillation


def test_a_pulse_that_is_shorter_than_stated_tells_nothing() -> None:
    high, low = (one * pulse_shape(width=0.3 * WIDTH) for one in HALF.volts)
    assert pulsed(high, low) == ""


@pytest.mark.parametrize(("ohm", "told"), [(50.0, False), (100.0, True)])
@pytest.mark.parametrize("edges", [{"rise_time": 0.5 * WIDTH}, {"fall_time": 0.35 * WIDTH},
                                   {"rise_time": 0.3 * WIDTH, "fall_time": 0.3 * WIDTH}])
def test_slow_edges_leave_a_plateau(edges: dict[str, float], ohm: float, told: bool) -> None:
    shape = pulse_shape(edges.get("rise_time", 1e-9), edges.get("fall_time", 1e-9))
    high, low = (one * shape for one in replace(HALF, shunt=ohm).volts)
    assert bool(pulsed(high, low, **edges)) == told


@pytest.mark.parametrize(("ohm", "told"), [(50.0, False), (100.0, True)])
def test_a_device_that_switches_after_a_slow_charge_is_compared(ohm: float, told: bool) -> None:
    """The voltage rises late, so nine tenths of the width after its rise, the pulse is over."""
    said = Loop(device=500.0, capacitance=27e-12)
    true = replace(said, shunt=ohm)
    high, emf = np.zeros(TIMES.size), 2.0 * pulse_shape()
    below = np.where((TIMES > 0.45e-6) & (TIMES < 1.2e-6), said.device, 100e3) + ohm
    for at in range(1, TIMES.size):
        charging = (emf[at] - high[at - 1]) / (50.0 + true.load) - high[at - 1] / below[at]
        high[at] = high[at - 1] + STEP * charging / true.capacitance
    assert bool(pulsed(high, high * ohm / below, said)) == told


@pytest.mark.parametrize("capacitance", [23.5e-12, 68e-12])
def test_a_plateau_that_is_short_beside_the_charging_tells_nothing(capacitance: float) -> None:
    """In some ns, the voltage hardly changes, but the capacitance takes a large part of the current."""
    said = Loop(device=50e3, capacitance=capacitance)
    high = said.volts[0] * (1.0 - np.exp(-np.clip(TIMES, 0.0, WIDTH) / said.charging))
    high *= np.exp(-np.maximum(TIMES - WIDTH, 0.0) / said.charging)
    assert pulsed(high, high * said.shunt / (said.device + said.shunt), said) == ""


@pytest.mark.parametrize("samples", [0, 1, 5])
@pytest.mark.parametrize("conditions", [PULSE, {"bias": 2.0}])
def test_a_record_of_a_few_samples_tells_nothing(samples: int, conditions: Mapping[str, float]) -> None:
    assert line_of(run_of(BEHIND, Scope().waves(np.ones(samples), np.zeros(samples), conditions, 0.0))) == ""


@pytest.mark.parametrize("fall", ["10 ns", [1e-8, 2e-8], None])
def test_a_parameter_of_another_author_is_no_fall_time(fall: object) -> None:
    high, low = (one * pulse_shape() for one in replace(HALF, shunt=150.0).volts)
    assert pulsed(high, low, fall_time=fall)
