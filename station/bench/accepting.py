"""A worst case beyond the limits of a device that a person has accepted for one run.

The plan of a campaign is amber where a device of any resistance could see more than a limit, while a device like its
model stays within it. Who accepts this lets the run set what was planned, and no more. In return every reading is
compared with those of the simulated devices: a device that is not like the model ends its run.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Self
from typing import Protocol as TypingProtocol

import numpy as np

from tsbench.errors import LimitError
from tsbench.quantities import told_apart
from tsbench.records import Column, DeviceDescription, DeviceLimits, Flag, Point, Waveform
from tsbench.station.bench.guards import Guards

LIMITS = ("max_voltage", "max_current", "max_power")  #: that can be accepted: charge and energy are not simulated
#: of a record, its magnitude is that of this sample in the order of magnitudes: one or two outliers are no evidence
_SAMPLE = 3
_COVERAGE = 3.0  #: standard uncertainties of the scale of a record
_AT_ONCE = 2.0  #: a point that is so many times as large as the model gives is no noise
_UNITS = frozenset({"V", "A", "W"})  #: of columns and records that are compared


@dataclass(frozen=True)
class Accepted:
    """What a person has accepted for one run.

    Parameters
    ----------
    model : of the catalogue; a device like it stays within the limits
    most : name of a limit -> what the run may bring to a device of any resistance [V, A or W], in place of the limit
    readings : name of a reading -> the largest magnitude [V, A or W] that a device like the model gives. What is not
        here is not compared
    """

    model: str
    most: Mapping[str, float]
    readings: Mapping[str, float] = field(default_factory=dict)
    limits: DeviceLimits = field(default_factory=DeviceLimits)  #: of the device, once a bench lets a run set more

    @classmethod
    def read(cls, facts: Mapping[str, Any] | None) -> Self | None:
        """Read it from plain data; None stays None.

        Raises
        ------
        ValueError
            One line: what is wrong with it.
        """
        if facts is None:
            return None
        if not isinstance(facts, Mapping) or set(facts) != {"model", "most", "readings"}:
            raise ValueError("accepted must be an object with model, most and readings")
        if not isinstance(facts["model"], str):
            raise ValueError("the model of accepted must be a text")
        for name in ("most", "readings"):
            table = facts[name]
            if not isinstance(table, Mapping) or not all(_is_size(value) for value in table.values()):
                raise ValueError(f"{name} of accepted must be an object with a number from 0 for each name")
        if unknown := sorted(set(facts["most"]) - set(LIMITS)):
            raise ValueError(f"only {', '.join(LIMITS)} can be accepted, not '{unknown[0]:.60}'")
        return cls(facts["model"], dict(facts["most"]), dict(facts["readings"]))

    def facts(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"model": self.model, "most": dict(self.most), "readings": dict(self.readings)}


def _is_size(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0.0 <= float(value) < math.inf


class GuardedBench(TypingProtocol):
    """A bench whose guards compare with the limits of a device."""

    device: DeviceDescription
    guards: Guards
    accepted: Accepted | None


@contextlib.contextmanager
def accepting(bench: Any, accepted: Accepted | None) -> Iterator[None]:
    """Let a bench set what was accepted for the connected device, until the end of ``with``; None: nothing changes.

    If another device is connected meanwhile, its own limits hold.
    """
    device: DeviceDescription = bench.device
    if accepted is None:
        yield
        return
    guarded: GuardedBench = bench
    above = {name: most for name, most in accepted.most.items()
             if (limit := getattr(device.limits, name)) is not None and most > limit}
    guarded.device = replace(device, limits=replace(device.limits, **above))
    guarded.accepted = replace(accepted, limits=device.limits)
    guarded.guards.follow(guarded.device, frozenset(above))
    try:
        yield
    finally:
        guarded.accepted = None
        if guarded.device.identifier == device.identifier:
            guarded.device = device
            guarded.guards.follow(device)


def magnitudes_of_point(columns: Sequence[Column], point: Point) -> dict[str, float]:
    """Return the magnitudes of the readings of a point: name -> value [SI], infinite beyond the measuring range."""
    found = {}
    for column, value in zip(columns, point.values, strict=False):
        if column.unit in _UNITS and (math.isfinite(value) or Flag.OVERFLOW in point.flags):
            found[f"{column.name} of a point"] = abs(value) if math.isfinite(value) else math.inf
    return found


def magnitude_of_waveform(waveform: Waveform) -> dict[str, float]:
    """Return the magnitude of a record: its name -> the third largest magnitude of its samples [SI]."""
    if waveform.unit not in _UNITS or waveform.codes.size < _SAMPLE:
        return {}
    values = np.abs(waveform.values()).ravel()
    return {f"{waveform.channel} of a record": float(np.partition(values, -_SAMPLE)[-_SAMPLE])}


def least_magnitude(waveform: Waveform, value: float) -> float:
    """Return how large [SI] a magnitude of a record is at least, by what is known of the oscilloscope."""
    uncertainty = math.hypot(waveform.accuracy_offset, waveform.accuracy_gain * value)
    return value - _COVERAGE * uncertainty - abs(waveform.scale)


class ComparedRecorder:
    """A recorder that compares each reading with the model, after it was recorded.

    Noise is no evidence: a point ends the run if it is more than :data:`_AT_ONCE` times as large as the model gives, or
    if the point before was too large as well; a record, if it is too large by more than the uncertainty of its scale.

    Parameters
    ----------
    recorder : that records
    device : its name
    columns : of the points
    accepted : Accepted
    """

    def __init__(self, recorder: Any, device: str, columns: Sequence[Column], accepted: Accepted) -> None:
        self._recorder, self._device, self._columns, self._accepted = recorder, device, columns, accepted
        self._units = {f"{column.name} of a point": column.unit for column in columns}
        self._before: frozenset[str] = frozenset()  #: readings of the point before that were too large

    def point(self, point: Point) -> None:
        """Record a point; LimitError where the device is not like the model."""
        self._recorder.point(point)
        found = magnitudes_of_point(self._columns, point)
        most = self._accepted.readings
        larger = frozenset(name for name, value in found.items() if name in most and value > most[name])
        for name in sorted(larger):
            if name in self._before or found[name] > _AT_ONCE * most[name]:
                raise self._unlike(name, found[name], self._units[name])
        self._before = larger

    def waveform(self, waveform: Waveform) -> None:
        """Record a waveform; LimitError where the device is not like the model."""
        self._recorder.waveform(waveform)
        for name, value in magnitude_of_waveform(waveform).items():
            if least_magnitude(waveform, value) > self._accepted.readings.get(name, math.inf):
                raise self._unlike(name, value, waveform.unit)

    def event(self, event: Any) -> None:
        """Record an event."""
        self._recorder.event(event)

    def _unlike(self, name: str, value: float, unit: str) -> LimitError:
        most = self._accepted.readings[name]
        reached, bound = told_apart(value, most, unit) if math.isfinite(value) else (
            "beyond the measuring range", told_apart(most, 2 * most, unit)[0])
        return LimitError(
            f"{self._device} is not like the model {self._accepted.model}: {name} is {reached}, and a device like the "
            f"model gives at most {bound}. The plan was accepted because of this model, so the run ends here. Check "
            f"the material of {self._device}, the wiring in the bench file and the parameters")
