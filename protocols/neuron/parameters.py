"""What the characterisation of a neuron asks for, and the order of its stimuli."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Seconds, Volts, short_quantity
from tsbench.records import FloatArray


class NeuronParameters(PulseParameters):
    """Parameters of the characterisation of a neuron: steps of several amplitudes, then pairs of short pulses."""

    amplitude: VoltsList = Field(
        default=(0.6, 0.9, 1.2, 1.6, 1.8, 2.0, 2.2, 2.4), min_length=2,
        description="heights of the steps above the base level: some that do not make it fire, some that do")
    base: Volts = Field(default=0.0, description="level between stimuli, at which the circuit rests")
    width: Seconds = Field(default=8e-6, gt=0, description="length of each step: several periods of the firing")
    repeats: int = Field(default=5, ge=1, le=10_000, description="number of steps at each amplitude")
    pair_amplitude: Volts | None = Field(
        default=None, description="height of the pulses of a pair (if it is not given, the highest amplitude)")
    pair_width: Seconds = Field(default=0.5e-6, gt=0, description="width of each pulse of a pair: enough for one spike")
    shortest: Seconds = Field(default=50e-9, gt=0, description="shortest gap of a pair")
    longest: Seconds = Field(default=5e-6, gt=0, description="longest gap, long enough for the circuit to recover")
    points: int = Field(default=8, ge=2, le=1000, description="number of log-spaced gaps from 'shortest' to 'longest'")
    gaps: SecondsList = Field(
        default=(), description="list of gaps, used instead of 'shortest', 'longest' and 'points'")
    pairs: int = Field(default=6, ge=0, le=10_000, description="number of pairs at each gap (0: no pairs)")
    rest: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at the base level before each stimulus")
    seed: int = Field(default=1, ge=0, le=2**53, description="seed of the random order of amplitudes and gaps")
    rise_time: Seconds = Field(default=10e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=10e-9, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    samples: int = Field(default=20_000, ge=1000, le=2_000_000, description="samples of each record")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({amplitude > 0 for amplitude in self.amplitude}) > 1:
            raise ValueError("amplitudes must all be positive or all be negative. Make one run for each polarity")
        if self.pair_amplitude is not None and self.pair_amplitude * self.amplitude[0] <= 0:
            raise ValueError(f"{self.told('pair_amplitude')} must have the sign of the amplitudes")
        if self.pair_width < self.edges or min(self.gap_list()) < self.edges:
            raise ValueError(f"a pulse or a gap of a pair is shorter than the edges of the pulse "
                             f"({short_quantity(self.edges, 's')}). Raise 'pair_width' or the gaps, or "
                             "lower 'rise_time' and 'fall_time'")
        if not self.gaps and self.longest <= self.shortest:
            raise ValueError(f"{self.told('longest')} must be greater than {self.told('shortest')}")
        return self

    @property
    def total(self) -> int:
        """Number of stimuli."""
        return len(self.step_order()) + len(self.gap_order())

    @property
    def levels(self) -> tuple[float, ...]:
        """Every level of the generator [V]."""
        return (self.base, *(self.base + amplitude for amplitude in (*self.amplitude, self.pair_height)))

    @property
    def pair_height(self) -> float:
        """Height of the pulses of a pair [V]."""
        return max(self.amplitude, key=abs) if self.pair_amplitude is None else self.pair_amplitude

    def gap_list(self) -> tuple[float, ...]:
        """Return the gaps [s], ascending, each once."""
        if self.gaps:
            return tuple(sorted(set(self.gaps)))
        return tuple(float(gap) for gap in np.geomspace(self.shortest, self.longest, self.points))

    def step_order(self) -> FloatArray:
        """Return the amplitudes [V] in order of measurement: ``repeats`` times all of them, each shuffled."""
        random, levels = np.random.default_rng(self.seed), np.array(sorted(set(self.amplitude)))
        return np.concatenate([random.permutation(levels) for _ in range(self.repeats)])

    def gap_order(self) -> FloatArray:
        """Return the gaps [s] in order of measurement: ``pairs`` times all of them, each shuffled."""
        random, gaps = np.random.default_rng(self.seed), np.array(self.gap_list())
        return np.concatenate([np.empty(0), *(random.permutation(gaps) for _ in range(self.pairs))])

    def step(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of a step of one ``amplitude`` [V]."""
        period = 1.5 * self.width + 2 * self.edges
        return Pulse(self.base, amplitude, self.width, period, self.rise_time, self.fall_time)

    def pair(self, gap: float) -> Pulse:
        """Return the generator's pulse of a pair with one ``gap`` [s]."""
        return Pulse(
            self.base, self.pair_height, self.pair_width, self.pair_width + gap, self.rise_time, self.fall_time)
