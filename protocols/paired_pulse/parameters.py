"""What paired pulses ask for, and the order of the gaps."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.pulses.parameters import LEAST_RESOLUTION, PairOfPulses
from tsbench.quantities import Seconds, Volts, short_quantity
from tsbench.records import FloatArray


class PairParameters(PairOfPulses):
    """Parameters of paired pulses."""

    amplitude: VoltsList = Field(
        default=(1.4,), min_length=1, description="pulse amplitudes above the base level, one series for each"
    )
    base: Volts = Field(default=0.1, description="level between pulses, low enough for the device to relax")
    width: Seconds = Field(default=1e-3, gt=0, description="width of each pulse at 50 %")
    shortest: Seconds = Field(default=0.3e-3, gt=0, description="shortest gap")
    longest: Seconds = Field(default=30e-3, gt=0, description="longest gap, long enough for the device to recover")
    points: int = Field(default=12, ge=2, le=1000, description="number of log-spaced gaps from 'shortest' to 'longest'")
    gaps: SecondsList = Field(
        default=(), description="list of gaps, used instead of 'shortest', 'longest' and 'points'")
    repeats: int = Field(default=20, ge=1, le=100_000, description="number of pairs at each gap and amplitude")
    rest: Seconds = Field(
        default=50e-3, ge=0, le=3600,
        description="time at the base level between two pairs, so that the device recovers"
    )
    seed: int = Field(default=1, ge=0, le=2**53, description="seed of the random order of the gaps")
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    resolution: int = Field(
        default=500, ge=LEAST_RESOLUTION, le=100_000, description="smallest number of scope samples in the pulse width"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.gaps and min(self.gaps) <= 0:
            raise ValueError(f"a gap of {short_quantity(min(self.gaps), 's')} is not longer than 0 s. Give longer gaps")
        if not self.gaps and self.longest <= self.shortest:
            raise ValueError(f"{self.told('longest')} must be greater than {self.told('shortest')}")
        if min(self.gap_list()) < self.edges:
            raise ValueError(f"a gap of {short_quantity(min(self.gap_list()), 's')} is shorter than the edges of the "
                             f"pulse ({short_quantity(self.edges, 's')}). Use longer gaps, or lower 'rise_time' and "
                             "'fall_time'")
        return self

    @property
    def total(self) -> int:
        """Number of pairs."""
        return len(self.gap_list()) * self.repeats * len(self.amplitude)

    def gap_list(self) -> tuple[float, ...]:
        """Return the gaps [s], ascending, each once."""
        if self.gaps:
            return tuple(sorted(set(self.gaps)))
        return tuple(float(gap) for gap in np.geomspace(self.shortest, self.longest, self.points))

    def order(self) -> FloatArray:
        """Return the gaps [s] of one series in order of measurement: ``repeats`` times all of them, each shuffled."""
        random, gaps = np.random.default_rng(self.seed), np.array(self.gap_list())
        return np.concatenate([random.permutation(gaps) for _ in range(self.repeats)])

    def pulse(self, amplitude: float, gap: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V], repeated after ``gap`` [s]."""
        return Pulse(self.base, amplitude, self.width, self.width + gap, self.rise_time, self.fall_time)
