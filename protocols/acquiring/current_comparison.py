"""Compares the current of a source meter with the current that the scope shows, while both see the same level.

A wrong shunt or gain in the bench file makes every current of the scope wrong by one factor. Only a second instrument
in the same loop can show it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tsbench.instruments import Accuracy, Reading, Station
from tsbench.protocols.acquiring.device_view import DeviceView, clipped, current_name
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import Flag, Sensing, Waveform
from tsbench.samples import resolution

#: readings one after the other that must disagree, all to the same side: one alone may be a device that switched
#: between the reading and the record
_SEVERAL = 3
_TELLING = 0.3  #: relative: with a larger uncertainty, a pair of currents tells nothing
_ALONE = 1e-6  #: relative: nothing but the device carries the current if no more than this is lost without it
_SIGMAS = 3.0  #: of noise
APART = "scope_current"  #: [A] in the data of a run's event that says that the currents disagree
_EXCHANGED = 3.0  #: the voltage of a device beside that of the shunt: with less, no wrong channel explains the factor


@dataclass(frozen=True)
class Current:
    """A current [A] with the limit of its error [A]."""

    value: float
    limit: float


def meter_current(value: float, rows: Sequence[Accuracy], least_range: float = 0.0) -> Current:
    """Return a reading [A] of a source meter with the limit of its error, by the range that it is taken in.

    Parameters
    ----------
    value : [A]
    rows : accuracy by range, ascending
    least_range : [A] the range is not smaller than that
    """
    largest = max(abs(value), least_range)
    row = next((one for one in rows if one.full_scale >= largest * (1 - 1e-9)), rows[-1])
    return Current(value, row.gain * abs(value) + row.offset + _SIGMAS * row.noise)


def step_between(record: Waveform, rest: Waveform) -> tuple[float, float]:
    """Return the mean of a record less that of another one with the same range [V], and the limit of its error [V].

    The difference does not contain the offset of the channel.
    """
    volts, volts_rest = record.values(), rest.values()
    difference = float(volts.mean() - volts_rest.mean())
    noise = math.hypot(float(volts.std()) / math.sqrt(volts.size), float(volts_rest.std()) / math.sqrt(volts_rest.size))
    doubt = math.sqrt(3.0) * record.accuracy_gain * abs(difference) + _SIGMAS * noise + resolution(record)
    return difference, doubt


def scope_current(record: Waveform, rest: Waveform, sensing: Sensing) -> Current:
    """Return the mean current [A] of a record, less that at rest, with the limit of its error.

    The difference does not contain the offset of the channel and of the sensor.

    Parameters
    ----------
    record, rest : [V] of the sensor's channel, with the same range
    sensing : what turns the current into a voltage
    """
    (difference, doubt), gain = step_between(record, rest), sensing.transresistance or 1.0
    value = difference / gain
    return Current(value, doubt / abs(gain) + sensing.current_tolerance * abs(value))


def contradiction(
    given: str, expected: float, shown: float, sensing: Sensing, right: str, at_least: bool = False,
    factor: float | None = None, roughly: bool = False,
) -> str:
    """Return one line where the scope shows another current [A] than the one that is expected.

    Parameters
    ----------
    given : who tells the expected current: "the source meter measures"
    expected, shown : [A] through the device
    sensing : what turns the current into a voltage
    right : what tells the expected current, with its verb: "the source meter is"
    at_least : whether the scope shows its largest value, so that the current may be larger
    factor : how many times as much the scope shows, as several pairs say it; None: as these two do
    roughly : whether the factor is known roughly only
    """
    found = f"{'at least ' if at_least else ''}{format_quantity(shown, 'A')}"
    said = f"{given} {format_quantity(expected, 'A')} through the device, but the scope shows {found}"
    if factor is None:
        factor = shown / expected if expected else math.inf
    if not 0.0 < factor < math.inf:   # no resistance explains it
        return (f"{said}. Check [fixture.sensing], the wiring, and the attenuation of the scope's channels. The "
                "channels voltage_high and voltage_low may be exchanged, too")
    if roughly:
        factor = float(f"{factor:.2g}")
    return f"{said} ({factor:.3g} times as much). {remedy(sensing, factor, at_least, right, roughly)}"


def remedy(
    sensing: Sensing, factor: float, at_least: bool = False, right: str = "the source meter is", roughly: bool = False,
) -> str:
    """Return what to correct where the scope shows ``factor`` times the current that is expected, or more.

    ``right``: what tells the expected current, with its verb. ``roughly``: the factor is known roughly only.
    """
    least = "at least " if at_least else "about " if roughly else ""
    if sensing.amplifier is not None:
        found = short_quantity(sensing.amplifier.gain * factor, "V/A")
        return (f"If {right} right, the gain of the amplifier is {least}{found}, not "
                f"{short_quantity(sensing.amplifier.gain, 'V/A')}. Check the gain, the termination of the scope and "
                "the attenuation of its channel")
    resistance = sensing.current_resistance or 0.0
    found = short_quantity(resistance * factor, "Ohm")
    if sensing.current_sensor == "scope_input":
        return (f"If {right} right, the input of the scope has {least}{found}, not "
                f"{short_quantity(resistance, 'Ohm')}. Check what else is connected to it, and the attenuation of its "
                "channel")
    exchanged = (". The channels voltage_high and voltage_low may be exchanged, too"
                 if sensing.current == sensing.voltage_low and not 1 / _EXCHANGED < factor < _EXCHANGED else "")
    return (f"If {right} right, the shunt has {least}{found}, not current_resistance = "
            f"{short_quantity(resistance, 'Ohm')}. Check the shunt and the attenuation of the scope's channel"
            f"{exchanged}")


class CurrentComparison:
    """Collects pairs of currents during a run, and tells once where they disagree beyond their limits.

    Parameters
    ----------
    view : the scope's view of the device
    station : Station
    role : of the source meter
    least_range : [A] its measuring range is not smaller than that
    rest : records by name with the source at 0
    """

    def __init__(
        self, view: DeviceView, station: Station, role: str, least_range: float, rest: Mapping[str, Waveform],
    ) -> None:
        self._sensing = view.sensing
        self._rest = rest.get(current_name(view.sensing) or "")
        capabilities = station.source_meter(role).capabilities
        self._rows = [*capabilities.current_accuracy, *capabilities.source_current_accuracy]
        self._rows.sort(key=lambda row: row.full_scale)
        self._least_range, self._fixture, self._role = least_range, station.fixture, role
        #: with another path to ground, not all of the current flows through the sensor
        path = station.wire_path(role)   # behind a capacitor, its gain may be that of edges
        self._done = self._rest is None or path.coupled or abs(path.gain - 1.0) > _ALONE
        self._apart: list[float] = []   #: shown / measured of the last pairs
        self.data: dict[str, float] = {}   #: of the event that tells the line: the last current of the scope [A]

    def add(self, reading: Reading, records: Mapping[str, Waveform]) -> str:
        """Take a reading and the records of the same level; return one line where several pairs disagree, else ""."""
        record = records.get(current_name(self._sensing) or "")
        if self._done or record is None or self._rest is None or Flag.OVERFLOW in reading.flags:
            return ""
        measured = meter_current(reading.current, self._rows, self._least_range)
        node = self._fixture.node_voltage(self._role, reading.voltage, measured.value)
        device = measured.value - self._fixture.parallel_conductance * node   # the scope's inputs take their part
        shown = scope_current(record, self._rest, self._sensing)
        limit, largest = measured.limit + shown.limit, max(abs(device), abs(shown.value))
        at_the_end = clipped(record)   # then the current is at least the one that is shown
        if limit > _TELLING * largest or (at_the_end and abs(shown.value) < abs(device)):
            return ""
        if abs(shown.value - device) <= limit:
            self._apart.clear()
            return ""
        self._apart.append(shown.value / device if device else math.inf)
        if len(self._apart) < _SEVERAL or len({factor > 1.0 for factor in self._apart[-_SEVERAL:]}) > 1:
            return ""
        self._done, self.data = True, {APART: shown.value}
        factor = sorted(self._apart[-_SEVERAL:])[_SEVERAL // 2]
        return contradiction("the source meter measures", device, shown.value, self._sensing, "the source meter is",
                             at_the_end, factor)
