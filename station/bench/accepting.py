"""A worst case beyond the limits of a device that a person has accepted for one run.

The plan of a campaign is amber where a device of any resistance could see more than a limit, while a device like its
model stays within it. Who accepts this lets the run set what was planned, and no more. In return every reading is
compared with those of the simulated devices: a device that is not like the model ends its run.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Self
from typing import Protocol as TypingProtocol

from tsbench.errors import LimitError
from tsbench.quantities import told_apart
from tsbench.records import DeviceDescription, DeviceLimits, Point, Waveform
from tsbench.station.bench.guards import Guards
from tsbench.station.bench.shown_magnitudes import UNITS, ShownMagnitudes, shows

_TABLES = ("most", "instead_of", "readings")
LIMITS = ("max_voltage", "max_current", "max_power")  #: that can be accepted: charge and energy are not simulated
_AT_ONCE = 2.0  #: a point that is so many times as large as the model gives is no noise
_SLACK = 1e-9


@dataclass(frozen=True)
class Accepted:
    """What a person has accepted for one run.

    Parameters
    ----------
    model : of the catalogue; a device like it stays within the limits
    most : name of a limit -> what the run may bring to a device of any resistance [V, A or W], in place of the limit
    instead_of : name of a limit -> its value when the plan was accepted
    readings : "power of a record", … -> the largest magnitude [V, A or W] at a device like the model that a reading
        shows, see :class:`ShownMagnitudes`
    """

    model: str
    most: Mapping[str, float]
    instead_of: Mapping[str, float]
    readings: Mapping[str, float]
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
        if not isinstance(facts, Mapping) or set(facts) != {"model", *_TABLES}:
            raise ValueError(f"accepted must be an object with model, {', '.join(_TABLES)}")
        if not isinstance(facts["model"], str):
            raise ValueError("the model of accepted must be a text")
        for name in _TABLES:
            table = facts[name]
            if not isinstance(table, Mapping) or not all(_is_size(value) for value in table.values()):
                raise ValueError(f"{name} of accepted must be an object with a number from 0 for each name")
        if unknown := sorted(set(facts["most"]) - set(LIMITS)):
            raise ValueError(f"only {', '.join(LIMITS)} can be accepted, not '{unknown[0]:.60}'")
        accepted = cls(facts["model"], dict(facts["most"]), dict(facts["instead_of"]), dict(facts["readings"]))
        if unseen := [name for name in accepted.most if not shows(accepted.readings, name.removeprefix("max_"))]:
            raise ValueError(f"{unseen[0]} cannot be accepted, because no reading shows it")
        return accepted

    def facts(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"model": self.model, **{name: dict(getattr(self, name)) for name in _TABLES}}


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

    Raises
    ------
    LimitError
        A limit of the device is another one than when the plan was accepted.
    """
    device: DeviceDescription = bench.device
    if accepted is None:
        yield
        return
    guarded: GuardedBench = bench
    for name, value in accepted.instead_of.items():
        if (now := getattr(device.limits, name)) is None or abs(now - value) > _SLACK * value:
            raise LimitError(f"{device.identifier}: {name} in the bench file is another one than when the plan was "
                             "accepted. Plan the campaign again. Nothing was sent")
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


class ComparedRecorder:
    """A recorder that compares what each reading shows of the device with the model, after it was recorded.

    Noise is no evidence: a point ends the run if it shows more than :data:`_AT_ONCE` times what the model gives, or if
    the point before was too large as well; a record, if it is too large by more than its uncertainty.

    Parameters
    ----------
    recorder : that records
    device : its name
    shown : finds the magnitudes in the readings
    accepted : Accepted
    """

    def __init__(self, recorder: Any, device: str, shown: ShownMagnitudes, accepted: Accepted) -> None:
        self._recorder, self._device, self._shown, self._accepted = recorder, device, shown, accepted
        self._before: frozenset[str] = frozenset()  #: magnitudes of the point before that were too large

    def point(self, point: Point) -> None:
        """Record a point; LimitError where the device is not like the model."""
        self._recorder.point(point)
        found = {name: one.value for name, one in self._shown.of_point(point).items()}
        most = self._accepted.readings
        larger = frozenset(name for name, value in found.items() if value > most.get(name, math.inf))
        for name in sorted(larger):
            if name in self._before or found[name] > _AT_ONCE * most[name]:
                raise self._unlike(name, found[name])
        self._before = larger

    def waveform(self, waveform: Waveform) -> None:
        """Record a waveform; LimitError where the device is not like the model."""
        self._recorder.waveform(waveform)
        for name, one in self._shown.of_waveform(waveform).items():
            if one.value - one.uncertainty > self._accepted.readings.get(name, math.inf):
                raise self._unlike(name, one.value)

    def event(self, event: Any) -> None:
        """Record an event."""
        self._recorder.event(event)

    def _unlike(self, name: str, value: float) -> LimitError:
        most, unit = self._accepted.readings[name], UNITS[name.partition(" ")[0]]
        reached, bound = told_apart(value, most, unit) if math.isfinite(value) else (
            "beyond the measuring range", told_apart(most, 2 * most, unit)[0])
        return LimitError(
            f"{self._device} is not like the model {self._accepted.model}: the {name} is {reached}, and a device like "
            f"the model gives at most {bound}. The plan was accepted because of this model, so the run ends here. "
            f"Check the material of {self._device}, the wiring in the bench file and the parameters")
