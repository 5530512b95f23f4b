"""What a source meter finds out about the fixture by itself."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev

from tsbench.instruments import Accuracy, MeasureSettings, Reading, SourceMeter, SourceSettings, Timebase
from tsbench.instruments.fixture import DEVICE, has_place
from tsbench.netlist import GROUND
from tsbench.protocols.acquiring.current_comparison import remedy, scope_current, step_between
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, clipped, current_name, device_view
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Sensing, Waveform
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.terminal_names import channel_of_instrument
from tsbench.station.fixture_check.values import CURRENT_FACTOR, VOLTAGE_FACTOR, FixtureValue, path_to_device

_READINGS = 5
_SMALL, _LARGE = 0.1, 0.5  #: [V] at a short, and at an open end or a resistor
_MOST = 1e-3  #: [A] compliance
_SPAN = 2e-3  #: [s] of a record of a direct level
_WIDE = 3.0  #: range of the channel / current of the source meter
_PART = 0.25  #: of the largest current of an amplifier, or of what a sensor withstands
_ALONE = 1e-6  #: relative: less of the voltage is lost without a device, so that all of the current flows through it
_OPEN = 1e-7  #: [S] of 10 MOhm: a dry cable, a chuck or needles have less, a device that may switch has mostly more
_OFFSETS = 10.0  #: a current at 0 V / what the data sheets allow; cables that move or are charged add to these
_STILL_THERE = ("this end is not open. The needle may still be on a device: lift it, or look for a leak in the "
                "fixture, and measure again")
_WINDOWS = (2.0, 12.0)  #: range of the channel / level: the second one where the record is clipped in the first
_MOST_OF_IT = 0.5  #: of the level at the known resistor, or the path decides what the scope should show
_USUAL_PROBES = (1.0, 10.0, 100.0)  #: attenuations of passive probes
_LIKE = 0.1  #: relative: a factor that a probe explains
_STUDENT = 2.776  #: 95 % of five readings: Student's t with four degrees of freedom


def open_end(bench: Bench, role: str) -> list[FixtureValue]:
    """Return current offset [A] at 0 V and leakage conductance [S] with nothing connected."""
    meter = _ready(bench, role, 1e-6, _LARGE)
    at_zero = _readings(meter, 0.0)
    level = _allowed(bench, _LARGE)
    up, down = _readings(meter, level), _readings(meter, -level)
    meter.set_output(False)
    offset, spread = _mean([one.current for one in at_zero])
    slope, uncertain = _slope(up, down, meter)
    inputs = _scope_inputs(bench)
    allowed = _OFFSETS * (_row(meter.capabilities.current_accuracy, offset).offset
                          + (inputs + _OPEN) * meter.capabilities.source_voltage_accuracy[0].offset)
    current = FixtureValue("current_offset", role, offset, offset - spread, offset + spread, "A")
    leak = FixtureValue("leakage", role, slope, slope - uncertain, slope + uncertain, "S")
    # only what is not as it should be is compared: a routing may keep some inputs of the scope away
    return [replace(current, expected=0.0, slack=allowed, remedy=_STILL_THERE) if abs(offset) > allowed else current,
            replace(leak, expected=inputs, slack=_OPEN, remedy=_STILL_THERE) if slope > inputs else leak]


def _scope_inputs(bench: Bench) -> float:
    """Return the conductance [S] of the inputs of oscilloscopes that stay connected to the driven side of an open end.

    The inputs at the other side of the device do not.
    """
    netlist, terminals = bench.file.netlist, bench.file.table.fixture.terminals
    if netlist is None or not has_place(netlist):
        channel = bench.fixture.sensing.voltage_high
        return 0.0 if channel is None else bench.wiring.input_conductance(
            channel_of_instrument(bench.file.table, channel))
    beyond = [node for node in netlist.find(DEVICE).nodes if node != GROUND][1:]
    return sum(bench.wiring.input_conductance(terminal) for terminal, node in terminals.items()
               if node.lower() not in beyond)


def short(bench: Bench, role: str) -> list[FixtureValue]:
    """Return the path resistance [Ohm]: what the source meter sees with a short in the place of the device."""
    return [_resistance(bench, role, _SMALL, 0.0)]


def known_resistor(bench: Bench, role: str, resistance: float) -> list[FixtureValue]:
    """Return the path resistance beside a known resistor, and whether the compliance takes effect [A].

    Parameters
    ----------
    bench : with the resistor in place of the device
    role : of the source meter
    resistance : [Ohm] of the resistor, as it is known
    """
    path = _resistance(bench, role, _LARGE, resistance)
    if math.isfinite(path.value):   # a short tells more of the path, so the standard itself is the first to doubt
        shown = path.value + resistance - path_to_device(bench, role).resistance
        path = replace(path, remedy=(
            f"the standard shows {format_quantity(shown, 'Ohm')}, the bench file says "
            f"{format_quantity(resistance, 'Ohm')}. Check which resistor is connected and whether there is a leak, or "
            "correct its resistance"))
    values = [replace(path, condition="beside the known resistor")]
    level = _allowed(bench, _LARGE)
    limit = 0.5 * level / (resistance + path_to_device(bench, role).resistance)
    meter = _ready(bench, role, limit, level)
    limit = meter.source.compliance if meter.source is not None else limit   # a small one may be raised
    if limit < 0.8 * level / resistance:
        reading = _readings(meter, level)[-1]
        row = _row(meter.capabilities.source_current_accuracy, limit)
        room = limit * row.gain + row.offset + 0.02 * limit
        remedy = "the compliance does not take effect. Check the instrument before a device is connected"
        if Flag.COMPLIANCE not in reading.flags:
            remedy = "the reading is not marked as limited. " + remedy[0].upper() + remedy[1:]
        values.append(FixtureValue(
            "compliance", role, abs(reading.current), abs(reading.current) - room, abs(reading.current) + room, "A",
            limit, remedy))
    meter.set_output(False)
    return values


def current_factor(bench: Bench, role: str, known: float) -> list[FixtureValue]:
    """Return the current that the scope shows divided by that of the source meter.

    Nothing where no channel senses the current, or where not all of the current flows through the sensor.

    Parameters
    ----------
    bench, role : the source meter
    known : [Ohm] in the place of the device
    """
    view, path = device_view(bench), path_to_device(bench, role)
    channel = current_name(bench.fixture.sensing)
    if view is None or channel is None or not math.isfinite(path.resistance) or abs(path.gain - 1.0) > _ALONE:
        return []
    around = known + path.resistance
    level = _allowed(bench, min(_LARGE if known else _SMALL, _most_of_sensor(bench) * around))
    meter = _ready(bench, role, _MOST, level)
    current = _WIDE * abs(_mean([one.current for one in _readings(meter, level)])[0])
    view.wait_for_force()
    view.configure(view.windows((-2.0 * level, 2.0 * level), (-current, current)))
    pairs: list[tuple[float, Waveform]] = []
    for sign in (1.0, -1.0):
        mean, _ = _mean([one.current for one in _readings(meter, sign * level)])
        records = view.capture_now(Timebase(_SPAN), bench, {})
        if records is None or clipped(records[channel]):
            meter.set_output(False)
            return [] if records is None else [_beyond(bench.fixture.sensing, role, records[channel], mean)]
        node = bench.fixture.node_voltage(role, sign * level, mean)
        pairs.append((mean - bench.fixture.parallel_conductance * node, records[channel]))
    meter.set_output(False)
    (up, high), (down, low) = pairs
    shown = scope_current(high, low, bench.fixture.sensing)
    row = _row(meter.capabilities.current_accuracy, max(abs(up), abs(down)))
    measured = up - down
    if abs(measured) <= 4.0 * row.noise or not measured:
        return []
    factor = shown.value / measured
    room = shown.limit / abs(measured) + abs(factor) * (row.gain + 4.0 * row.noise / abs(measured))
    explained = _by_a_probe(bench, bench.fixture.sensing.current, factor)
    return [FixtureValue(CURRENT_FACTOR, role, factor, factor - room, factor + room, "", 1.0,
                         explained or remedy(bench.fixture.sensing, factor))]


def voltage_factor(bench: Bench, role: str, known: float) -> list[FixtureValue]:
    """Return the voltage that the scope shows at the driven side divided by what the source meter brings there.

    Nothing where no channel is there, or where a large part of the voltage is lost before.

    Parameters
    ----------
    bench, role : the source meter
    known : [Ohm] in the place of the device
    """
    view, path, sensing = device_view(bench), path_to_device(bench, role), bench.fixture.sensing
    if view is None or VOLTAGE_HIGH not in view.channels or not math.isfinite(path.resistance) or (
            abs(path.gain - 1.0) > _ALONE):
        return []
    around = known + path.resistance
    share = (known + sensing.burden) / around
    if share < _MOST_OF_IT:
        return []
    level = _allowed(bench, min(_LARGE, _most_of_sensor(bench) * around))
    meter = _ready(bench, role, _MOST, level)
    view.wait_for_force()
    for wide in _WINDOWS:
        view.configure(view.windows((-wide * level, wide * level), (-_WIDE * level / around, _WIDE * level / around)))
        volts, records = [], []
        for sign in (1.0, -1.0):
            volts.append(_mean([one.voltage for one in _readings(meter, sign * level)])[0])
            records += [] if (found := view.capture_now(Timebase(_SPAN), bench, {})) is None else [found[VOLTAGE_HIGH]]
        if not any(map(clipped, records)):
            break
    meter.set_output(False)
    if len(records) < 2:
        return []
    (shown, doubt), driven = step_between(*records), share * (volts[0] - volts[1])
    factor = shown / driven
    room = doubt / abs(driven) + abs(factor) * _row(meter.capabilities.voltage_accuracy, level).gain
    most = math.inf if any(map(clipped, records)) else factor + room
    channel = sensing.voltage_high
    return [FixtureValue(VOLTAGE_FACTOR, role, factor, factor - room, most, "", 1.0, _by_a_probe(
        bench, channel, factor) or f"check the wiring of '{channel}' and the attenuation of its probe")]


def _by_a_probe(bench: Bench, channel: str | None, factor: float) -> str:
    """Return which probe at a channel would explain that it shows ``factor`` times the voltage; "": none does."""
    if channel is None or factor <= 0:
        return ""
    probe = bench.fixture.probes.get(channel_of_instrument(bench.file.table, channel))
    stated = 1.0 if probe is None else probe.attenuation
    true = next((one for one in _USUAL_PROBES if abs(stated / factor / one - 1.0) < _LIKE), stated)
    if true == stated:
        return ""
    what, does = ("no probe, or one of 1:1,", "remove") if true == 1.0 else (f"a probe of {true:g}:1", "correct")
    if probe is None:
        does = f"write attenuation = {true:g} into"
    return (f"it looks as if {what} is at the channel '{channel}', but the bench file says {stated:g}:1. If so, "
            f"{does} [fixture.probes.\"{channel}\"]. If not, check the wiring")


def _most_of_sensor(bench: Bench) -> float:
    """Return the current [A] that leaves room to the end of an amplifier and to what the sensor withstands."""
    amplifier, most = bench.fixture.sensing.amplifier, bench.fixture.sensing.maximum_current or math.inf
    return _PART * (most if amplifier is None else min(most, amplifier.maximum_output / abs(amplifier.gain)))


def _beyond(sensing: Sensing, role: str, record: Waveform, current: float) -> FixtureValue:
    """Return a lower bound of the factor: the channel or the amplifier is at its end while ``current`` [A] flows."""
    least = abs(float(record.values().mean()) / (sensing.transresistance or 1.0) / current)
    return FixtureValue(CURRENT_FACTOR, role, least, least, math.inf, "", 1.0,
                        f"the record is clipped. {remedy(sensing, least, at_least=True)}")


def _resistance(bench: Bench, role: str, volts: float, known: float) -> FixtureValue:
    meter = _ready(bench, role, _MOST, volts)
    level = _allowed(bench, volts)
    up, down = _readings(meter, level), _readings(meter, -level)
    meter.set_output(False)
    slope, uncertain = _slope(up, down, meter)
    if slope <= uncertain:
        remedy = "no current flows. Check the contact, and whether the short or the resistor is connected"
        return FixtureValue("path_resistance", role, math.inf, 1.0 / (slope + uncertain), math.inf, "Ohm",
                            path_to_device(bench, role).resistance, remedy)
    behind = bench.fixture.low_side_resistance   # the scope inputs lie beside the resistor and the low side
    beside = (known + behind) / (1.0 + bench.fixture.parallel_conductance * (known + behind))
    value = 1.0 / slope - beside + behind
    room = uncertain / slope**2
    return FixtureValue("path_resistance", role, value, value - room, value + room, "Ohm",
                        path_to_device(bench, role).resistance)


def _ready(bench: Bench, role: str, limit: float, volts: float) -> SourceMeter:
    meter = bench.source_meter(role)
    lowest = meter.capabilities.compliance_current.low
    most = bench.device.limits.max_current or math.inf
    meter.configure_source(SourceSettings(
        "voltage", compliance_current=max(min(limit, most), lowest), range=volts))   # a change of range overshoots
    meter.configure_measure(MeasureSettings("current"))
    meter.set_level(0.0)
    meter.set_output(True)
    return meter


def _allowed(bench: Bench, volts: float) -> float:
    return min(volts, bench.device.limits.max_voltage or volts)


def _readings(meter: SourceMeter, level: float) -> list[Reading]:
    meter.set_level(level)
    meter.measure()   # the first one may find another range
    return [meter.measure() for _ in range(_READINGS)]


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and the half-width of its 95 % interval by the scatter alone."""
    return fmean(values), _STUDENT * stdev(values) / math.sqrt(len(values))


def _slope(up: Sequence[Reading], down: Sequence[Reading], meter: SourceMeter) -> tuple[float, float]:
    """Return the conductance [S] between two levels and its 95 % half-width; offsets cancel, errors of gain do not."""
    (high, high_spread), (low, low_spread) = (_mean([one.current for one in found]) for found in (up, down))
    volts = fmean(one.voltage for one in up) - fmean(one.voltage for one in down)
    largest = max(abs(high), abs(low))
    current, voltage = meter.capabilities.current_accuracy, meter.capabilities.voltage_accuracy
    gain = _row(current, largest).gain + _row(voltage, abs(volts) / 2).gain
    noise = math.hypot(high_spread, low_spread) + 2.0 * _row(current, largest).noise
    slope = (high - low) / volts
    return slope, abs(slope) * gain + noise / abs(volts)


def _row(rows: Sequence[Accuracy], value: float) -> Accuracy:
    return next((row for row in rows if row.full_scale >= abs(value)), rows[-1])
