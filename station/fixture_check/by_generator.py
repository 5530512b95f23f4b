"""What a generator and the scope at the device find out about the fixture together."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tsbench.instruments import EdgeTrigger, Pulse, PulseGenerator, Timebase
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, DeviceView, current_name, device_view
from tsbench.protocols.acquiring.waiting import wait_until
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.station.bench.bench import Bench
from tsbench.station.fixture_check.values import FixtureValue, path_to_device

_LEVEL = 0.5  #: [V] of the open-circuit voltage
_LEAST_LEVEL = 5e-3  #: [V] with less a generator and a scope show nothing
_OF_OUTPUT = 0.7  #: of the maximum output of an amplifier
#: less than this share of the expected level, or more than so many times what is shown: then cables are wrong
_LITTLE, _MORE = 0.1, 10.0
#: ranges of the channel in parts of the expected current, as they are tried: the path as expected, one of up to 16
#: times its resistance, and one that is nearly short
_WINDOWS = (3.0, 0.06, 150.0)
_SEEN, _LEAST_CURRENT = 0.006, 0.005  #: of a range, and of the expected current: less is none
_SPAN = 2e-3  #: [s] of a record of a direct level
_LEAST_RESISTANCE = 300.0  #: [Ohm] through which a capacitance of picofarads shows in the rise
_EDGES, _SAMPLES = 3.0, 10.0  #: a rise is one if it is longer than so many edges, and so many samples
_WITHIN = 0.02  #: relative error of the rise time by noise and by the foot of the rise


def short(bench: Bench, role: str) -> list[FixtureValue]:
    """Return the path resistance [Ohm] by the current through the sensing resistor, with a short for the device."""
    view, path = device_view(bench), path_to_device(bench, role)
    if view is None or bench.fixture.sensing.current is None or not math.isfinite(path.resistance):
        return []
    level = min(_level(bench, path.resistance), most := _most_of_amplifier(bench) * path.resistance)
    if level < _LEAST_LEVEL and level == most:
        return [FixtureValue(
            "path_resistance", role, math.nan, math.nan, math.nan, "Ohm", path.resistance,
            f"with this gain of the amplifier at most {format_quantity(level, 'V', 2)} may be set. Use a smaller gain")]
    generator = _ready(bench, role)
    channel = current_name(bench.fixture.sensing)
    assert channel is not None
    expected = 2.0 * level / path.resistance
    for wide in _WINDOWS:
        current = 0.5 * wide * expected
        steps = [_direct(bench, view, generator, sign * level, (-level, level), (-current, current))[channel]
                 for sign in (1.0, -1.0)]
        flowing = (steps[0] - steps[1]) / view.transresistance
        if _SEEN * wide * expected < abs(flowing) < wide * expected:
            break
    generator.set_output(False)
    if abs(flowing) < _LEAST_CURRENT * expected:
        return [FixtureValue("path_resistance", role, math.inf, path.resistance / _LEAST_CURRENT, math.inf, "Ohm",
                             path.resistance, "no current flows. Check the contact and the wiring")]
    value = 2.0 * level / flowing
    room = value * (view.gain_limit(channel) * 2.0 + generator.capabilities.level_accuracy.gain * 2.0
                    + view.sensing.current_tolerance)
    return [FixtureValue("path_resistance", role, value, value - room, value + room, "Ohm", path.resistance)]


def _most_of_amplifier(bench: Bench) -> float:
    """Return the current [A] that leaves room to the maximum output of the amplifier; infinite without one."""
    amplifier = bench.fixture.sensing.amplifier
    return math.inf if amplifier is None else _OF_OUTPUT * amplifier.maximum_output / abs(amplifier.gain)


def open_end(bench: Bench, role: str, resistance: float | None) -> list[FixtureValue]:
    """Return the level [V] that arrives at the device, and the capacitance [F] by the rise, with nothing connected.

    Parameters
    ----------
    bench, role : the source
    resistance : [Ohm] of its path as measured, None where it was not
    """
    view, path = device_view(bench), path_to_device(bench, role)
    if view is None or VOLTAGE_HIGH not in view.channels or not math.isfinite(path.resistance):
        return []
    generator, level = _ready(bench, role), _level(bench, path.resistance)
    up, down = (_direct(bench, view, generator, sign * level, (-2.0 * level, 2.0 * level), (-1e-3, 1e-3))
                for sign in (1.0, -1.0))
    shown = {name: (up[name] - down[name]) / 2.0 for name in up}
    arrived = shown[VOLTAGE_HIGH]
    room = abs(arrived) * 2.0 * (view.gain_limit(VOLTAGE_HIGH) + generator.capabilities.level_accuracy.gain)
    found = [FixtureValue(
        "level", role, arrived, arrived - room, arrived + room, "V", level * path.gain,
        _why_little(bench, role, shown) if abs(arrived) < _LITTLE * level * path.gain else (
            "check the 50 Ohm terminations, the probe attenuation of the scope and the load that the generator is set "
            "to"))]
    resistance = resistance or path.resistance
    if resistance >= _LEAST_RESISTANCE:
        found += _capacitance(bench, view, generator, role, level, resistance * path.gain)
    generator.set_output(False)
    return found


def _why_little(bench: Bench, role: str, shown: Mapping[str, float]) -> str:
    """Return which cables to check where hardly anything of a level arrives at ``voltage_high``.

    Parameters
    ----------
    bench, role : the source
    shown : what each channel shows of the level [V]; its range is that of what it should show
    """
    sensing, high = bench.fixture.sensing, bench.fixture.sensing.voltage_high
    low = sensing.voltage_low or sensing.current
    if low and max((abs(one) for name, one in shown.items() if name != VOLTAGE_HIGH), default=0.0) > _MORE * abs(
            shown[VOLTAGE_HIGH]):
        return f"the level is at '{low}' instead. Check whether the cables at {high} and {low} are exchanged"
    return (f"hardly anything arrives at '{high}'. Check the cables at {bench.file.table.roles[role]} and {high}, and "
            "the load that the generator is set to")


def _capacitance(
    bench: Bench, view: DeviceView, generator: PulseGenerator, role: str, level: float, resistance: float,
) -> list[FixtureValue]:
    stated = bench.fixture.parallel_capacitance
    edge = max(generator.capabilities.edge_time.low, 10e-9)
    usual = max(resistance * max(stated, 20e-12), 10.0 * edge)
    generator.set_output(False)
    width = max(30.0 * usual, generator.capabilities.pulse_width.low)
    generator.configure_pulse(Pulse(0.0, level, width, max(4.0 * width, generator.capabilities.pulse_period.low),
                                    edge, edge))
    generator.configure_burst(1)
    generator.set_output(True)
    channel = view.channels[VOLTAGE_HIGH]
    view.configure(view.windows((-0.5 * level, 1.5 * level), (-1e-3, 1e-3)))
    accepted = view.scope.configure_timebase(Timebase(20.0 * usual, 8.0 * usual))
    view.scope.configure_trigger(EdgeTrigger(channel, 0.3 * level))
    view.scope.arm()
    generator.trigger()
    if not wait_until(bench.clock, view.scope.complete, accepted.span, accepted.span + 2.0):
        view.scope.abort()
        return []
    record = view.scope.fetch([channel])[channel]
    rise = _rise_time(record.times(), record.values()[0])
    least = max(_EDGES * edge, _SAMPLES * record.dt)
    if rise is None or rise < least:
        most = max(rise or 0.0, least) / 2.197 / resistance
        return [FixtureValue("parallel_capacitance", role, 0.0, None, most, "F", stated or None)]
    value = rise / 2.197 / resistance   # ln(0.9/0.1): 10 to 90 % of an exponential
    room = value * (_WITHIN + 0.01 + (edge / rise)**2)
    return [FixtureValue("parallel_capacitance", role, value, value - room, value + room, "F", stated or None)]


def _rise_time(times: FloatArray, values: FloatArray) -> float | None:
    """Return the time from 10 to 90 % [s] of a step, None where the record shows none."""
    tenth = max(values.size // 10, 1)
    low, high = float(np.median(values[:tenth])), float(np.median(values[-tenth:]))
    noise = float(np.std(values[:tenth]))
    if high - low < 10.0 * noise:
        return None
    crossings = []
    for part in (0.1, 0.9):
        level = low + part * (high - low)
        above = np.flatnonzero(values >= level)
        below = np.flatnonzero(values < level)
        if not above.size or not below.size:
            return None
        crossings.append(0.5 * (times[above[0]] + times[min(below[-1] + 1, values.size - 1)]))
    return float(crossings[1] - crossings[0])


def _ready(bench: Bench, role: str) -> PulseGenerator:
    generator = bench.pulse_generator(role)
    generator.set_output(False)
    generator.configure_load(math.inf)
    generator.configure_level(0.0)
    generator.set_output(True)
    return generator


def _level(bench: Bench, resistance: float) -> float:
    limits = bench.device.limits
    return min(_LEVEL, 0.5 * (limits.max_voltage or 2.0 * _LEVEL), 0.5 * (limits.max_current or math.inf) * resistance)


def _direct(
    bench: Bench, view: DeviceView, generator: PulseGenerator, level: float,
    voltage: tuple[float, float], current: tuple[float, float],
) -> dict[str, float]:
    """Return the mean [V] that each channel shows at a direct level."""
    generator.configure_level(level)
    bench.clock.wait(_SPAN)
    view.wait_for_force()
    view.configure(view.windows(voltage, current))
    found = view.capture_now(Timebase(_SPAN), bench, {})
    if found is None:
        return dict.fromkeys(view.channels, math.nan)
    return {name: float(replace(wave).values().mean()) for name, wave in found.items()}
