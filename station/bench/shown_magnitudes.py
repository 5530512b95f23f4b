"""The largest voltage, current and power at the device that the readings of a run show, in points and in records.

The simulated twin of a bench and the real run are looked at by the same functions, so that they can be compared.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, VOLTAGE_LOW, current_name
from tsbench.records import Column, Flag, FloatArray, Point, Sensing, Waveform

#: of a record, its magnitude is that of this sample in the order of magnitudes: one or two outliers are no evidence
_SAMPLE = 3
_COVERAGE = 3.0  #: standard uncertainties of the scale of a record
UNITS = {"voltage": "V", "current": "A", "power": "W"}


def shows(readings: Iterable[str], quantity: str) -> bool:
    """Whether one of some readings ("power of a record", …) shows a quantity ("voltage", "current" or "power")."""
    return any(name.startswith(f"{quantity} ") for name in readings)


@dataclass(frozen=True)
class Magnitude:
    """A magnitude [V, A or W] at the device, and how much smaller it may be [the same unit]."""

    value: float
    uncertainty: float = 0.0


class ShownMagnitudes:
    """Finds the magnitudes at the device in points and records: "voltage of a point", "power of a record", ….

    Parameters
    ----------
    columns : of the points
    sensing : how the oscilloscope sees the device
    """

    def __init__(self, columns: Sequence[Column], sensing: Sensing) -> None:
        self._places = {column.name: place for place, column in enumerate(columns)}
        self._sensing, self._current = sensing, current_name(sensing)
        self._group: dict[str, Waveform] = {}

    def of_point(self, point: Point) -> dict[str, Magnitude]:
        """Return what a point shows; infinite where the current is beyond the measuring range."""
        found = {}
        values = {quantity: abs(point.values[self._places[name]])
                  for quantity, name in (("voltage", "device_voltage"), ("current", "current")) if name in self._places}
        if {"voltage", "current"} <= set(values):
            values["power"] = values["voltage"] * values["current"]
        for quantity, value in values.items():
            if math.isfinite(value) or Flag.OVERFLOW in point.flags:
                found[f"{quantity} of a point"] = Magnitude(value if math.isfinite(value) else math.inf)
        return found

    def of_waveform(self, waveform: Waveform) -> dict[str, Magnitude]:
        """Return what a record shows, with the other channels of its acquisition that have come before it."""
        first = next(iter(self._group.values()), waveform)
        if first.time != waveform.time or first.codes.shape != waveform.codes.shape or waveform.channel in self._group:
            self._group = {}
        self._group[waveform.channel] = waveform
        found: dict[str, Magnitude] = {}
        voltage, volts = self._voltage()
        current, amperes = self._amperes()
        if voltage is not None:
            found["voltage of a record"] = Magnitude(_third(voltage), volts)
        if current is not None:
            found["current of a record"] = Magnitude(_third(current), amperes)
        if voltage is not None and current is not None:
            found["power of a record"] = Magnitude(
                _third(voltage * current), volts * _third(current) + amperes * _third(voltage))
        return found

    def _voltage(self) -> tuple[FloatArray | None, float]:
        high, low = self._group.get(VOLTAGE_HIGH), self._group.get(VOLTAGE_LOW)
        if high is None or (low is None and self._sensing.voltage_low is not None):
            return None, 0.0
        if low is None:
            return high.values(), _uncertainty(high)
        return high.values() - low.values(), _uncertainty(high) + _uncertainty(low)

    def _amperes(self) -> tuple[FloatArray | None, float]:
        sense, gain = self._group.get(self._current or ""), self._sensing.transresistance
        if sense is None or not gain:
            return None, 0.0
        return sense.values() / gain, _uncertainty(sense) / abs(gain)


def _third(values: FloatArray) -> float:
    sizes = np.abs(values).ravel()
    return float(np.partition(sizes, -_SAMPLE)[-_SAMPLE]) if sizes.size >= _SAMPLE else 0.0


def _uncertainty(waveform: Waveform) -> float:
    """Return by how much [unit] a magnitude of a record may be too large, by what is known of the oscilloscope."""
    largest = float(np.abs(waveform.values()).max()) if waveform.codes.size else 0.0
    return _COVERAGE * math.hypot(waveform.accuracy_offset, waveform.accuracy_gain * largest) + abs(waveform.scale)
