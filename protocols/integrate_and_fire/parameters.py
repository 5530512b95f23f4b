"""What integrate and fire asks for, and the order of its trains."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Seconds, Volts, short_quantity

#: pulses of one run, at most
_MOST_PULSES = 10_000_000


@dataclass(frozen=True)
class TrainKind:
    """What distinguishes one kind of train from another."""

    amplitude: float  #: [V]
    width: float  #: [s]
    period: float  #: [s]


class IntegrateParameters(PulseParameters):
    """Parameters of integrate and fire: trains of pulses, each too weak or too short to make the device fire alone."""

    amplitude: VoltsList = Field(default=(1.4,), min_length=1, description="pulse amplitudes above the base level")
    base: Volts = Field(default=0.0, description="level between pulses")
    widths: SecondsList = Field(default=(60e-6,), min_length=1, description="pulse widths at 50 %")
    periods: SecondsList = Field(default=(160e-6,), min_length=1, description="times from pulse to pulse")
    count: int = Field(default=10, ge=1, le=100_000, description="number of pulses of a train")
    repeats: int = Field(
        default=6, ge=1, le=100_000, description="number of trains of each amplitude, width and period")
    rest: Seconds = Field(
        default=60e-3, ge=0, le=3600,
        description="time at the base level before each train, so that the device recovers"
    )
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    seed: int = Field(default=1, ge=0, le=2**53, description="seed of the random order of the trains")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    resolution: int = Field(default=100, ge=40, le=100_000, description="smallest number of samples in a pulse")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if min(self.widths) < self.edges:
            raise ValueError(f"a width of {short_quantity(min(self.widths), 's')} is shorter than the edges of the "
                             f"pulse ({short_quantity(self.edges, 's')}). Use longer widths, or lower 'rise_time' and "
                             "'fall_time'")
        if not list(self.kinds()):
            raise ValueError(f"no pulse of 'widths' fits into a period of 'periods': the shortest needs "
                             f"{short_quantity(min(self.widths) + self.edges, 's')}. Raise 'periods' or lower 'widths'")
        if self.total * self.count > _MOST_PULSES:
            raise ValueError(f"{self.total} trains of {self.count} pulses are more than {_MOST_PULSES} pulses. Use "
                             "fewer amplitudes, widths, periods, pulses or repeats")
        return self

    @property
    def width(self) -> float:
        """Longest width [s]: what the worst case counts with."""
        return max(self.widths)

    @property
    def total(self) -> int:
        """Number of trains."""
        return len(list(self.kinds())) * self.repeats

    def kinds(self) -> Iterator[TrainKind]:
        """Yield each kind of train whose pulses fit into their period."""
        for amplitude in sorted(set(self.amplitude)):
            for width in sorted(set(self.widths)):
                for period in sorted(set(self.periods)):
                    if width + self.edges <= period:
                        yield TrainKind(amplitude, width, period)

    def order(self) -> list[TrainKind]:
        """Return the trains in order of measurement: ``repeats`` times all kinds, each time shuffled."""
        random, kinds = np.random.default_rng(self.seed), list(self.kinds())
        return [kinds[k] for _ in range(self.repeats) for k in random.permutation(len(kinds))]

    def length(self, kind: TrainKind) -> float:
        """Return the time from the first edge of a train to its last [s]."""
        return (self.count - 1) * kind.period + kind.width

    def pulse(self, kind: TrainKind) -> Pulse:
        """Return the generator's pulse of a train."""
        return Pulse(self.base, kind.amplitude, kind.width, kind.period, self.rise_time, self.fall_time)

    def samples(self) -> int:
        """Return the samples of each record: ``resolution`` in the shortest pulse of the longest train."""
        longest = max(self.length(kind) / kind.width for kind in self.kinds())
        return int(np.ceil(1.4 * self.resolution * longest))
