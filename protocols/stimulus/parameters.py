"""What an arbitrary stimulus asks for, and its waveform."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import ArbitraryWaveform, PulseGeneratorCapabilities
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.parameters import Parameters
from tsbench.protocols.stimulus.shapes import BOTH_SIDES, SHAPES, damped_burst, read_recording
from tsbench.quantities import Number, Seconds, Volts, short_quantity
from tsbench.records import FloatArray

#: points of a waveform, at most: more would only slow the upload
_MOST_POINTS = 100_000
#: points of a smooth shape in one period, and decays of a piezo burst that are played
_POINTS_PER_PERIOD, _DECAYS = 400, 5.0
#: share of the stimulus at the base level before it and after it
_EDGE = 0.02


class StimulusParameters(Parameters):
    """Parameters of an arbitrary stimulus."""

    shape: Literal["rectangle", "triangle", "sine", "raised_sine", "piezo", "recorded"] = Field(
        default="triangle", description="form of the stimulus: piezo is a damped sine, recorded is taken from 'file'")
    amplitude: VoltsList = Field(
        default=(2.4,), min_length=1, description="highest levels of the stimulus away from the base level (if it is "
                                                  "not given, a recording has its own)")
    base: Volts = Field(default=0.0, description="level before and after the stimulus")
    period: Seconds = Field(default=20e-6, gt=0, description="length of one cycle (of piezo: of its sine)")
    cycles: int = Field(default=1, ge=1, le=10_000, description="number of cycles (of piezo and recorded: always 1)")
    duty: Number = Field(
        default=0.5, gt=0, lt=1, description="share of a cycle: of rectangle at its level, of triangle on its way up")
    decay: Seconds = Field(default=20e-6, gt=0, description="time in which a piezo burst falls to 1/e")
    file: str = Field(
        default="", description="path of a recording: text with two columns, time and voltage (in s and V, or in the "
                                "units of their header), whose highest level becomes 'amplitude'")
    edge: Seconds = Field(default=20e-9, gt=0, description="rise and fall time of a rectangle, 0 to 100 %")
    repeats: int = Field(default=3, ge=1, le=10_000, description="number of stimuli of each amplitude")
    rest: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at the base level before each stimulus")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    samples: int = Field(default=50_000, ge=1000, le=2_000_000, description="samples of each record")

    @model_validator(mode="before")
    @classmethod
    def _as_recorded(cls, given: Any) -> Any:
        """A recording is sent as high as it is, unless an amplitude is given: the default was never meant for it."""
        if isinstance(given, Mapping) and given.get("shape") == "recorded" and "amplitude" not in given:
            with suppress(ConfigurationError):   # the plan says what is wrong with the file
                return {**given, "amplitude": (read_recording(Path(str(given.get("file", ""))))[2],)}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude must not be 0 V. Give another amplitude")
        if (self.shape == "recorded") != bool(self.file):
            raise ValueError("'file' and shape = recorded belong together. Give both or neither")
        if self.shape == "rectangle" and 2 * self.edge > min(self.duty, 1.0 - self.duty) * self.period:
            raise ValueError(f"edges of {short_quantity(self.edge, 's')} do not fit into a rectangle of "
                             f"{short_quantity(self.period, 's')} with duty = {self.duty:g}. Lower 'edge' or "
                             "raise 'period'")
        return self

    @property
    def total(self) -> int:
        """Number of stimuli."""
        return len(self.amplitude) * self.repeats

    @property
    def levels(self) -> tuple[float, ...]:
        """Extremes of the generator [V]."""
        signs = (1.0, -1.0) if self.shape in BOTH_SIDES else (1.0,)
        return (self.base, *(self.base + sign * amplitude for amplitude in self.amplitude for sign in signs))

    def course(self) -> tuple[FloatArray, FloatArray]:
        """Return times [s] and levels between -1 and 1 of the stimulus, which begins and ends at 0.

        Raises
        ------
        ConfigurationError
            The recording cannot be read.
        """
        if self.shape == "recorded":
            times, levels, _ = read_recording(Path(self.file))
        elif self.shape == "piezo":
            times = np.linspace(0.0, _DECAYS * self.decay, self._points(_DECAYS * self.decay / self.period))
            levels = damped_burst(times, self.period, self.decay)
        elif self.shape == "rectangle":
            corners = self.period * np.arange(self.cycles)[:, None] + np.array(
                [0.0, self.edge, self.duty * self.period, self.duty * self.period + self.edge])
            times, levels = corners.ravel(), np.tile([0.0, 1.0, 1.0, 0.0], self.cycles)
        else:
            phase = np.linspace(0.0, float(self.cycles), self._points(self.cycles))
            inside = np.where(phase == self.cycles, 1.0, phase % 1.0)
            times, levels = phase * self.period, SHAPES[self.shape](inside, self.duty)
        margin = _EDGE * float(times[-1])
        return (np.concatenate([[0.0], margin + times, [2 * margin + times[-1]]]),
                np.concatenate([[0.0], levels, [0.0]]))

    def _points(self, periods: float) -> int:
        return int(min(max(_POINTS_PER_PERIOD * periods, 1000), _MOST_POINTS)) + 1

    def sample_rate(self, capabilities: PulseGeneratorCapabilities) -> float:
        """Return the sample rate [Hz] at which a generator plays the stimulus."""
        times, _ = self.course()
        finest = float(np.diff(times).min()) if self.shape != "rectangle" else self.edge / 4
        room = min(capabilities.arbitrary_points.high, _MOST_POINTS)
        return min(1.0 / finest, capabilities.sample_rate.high, (room - 1) / float(times[-1]))

    def waveform(self, amplitude: float, capabilities: PulseGeneratorCapabilities) -> ArbitraryWaveform:
        """Return the stimulus of one ``amplitude`` [V] as a generator plays it; it begins and ends at the base."""
        times, levels = self.course()
        rate = self.sample_rate(capabilities)
        grid = np.arange(int(np.ceil(float(times[-1]) * rate)) + 1) / rate
        shown = np.interp(grid, times, levels, right=0.0)
        shown[0] = shown[-1] = 0.0
        return ArbitraryWaveform(self.base + amplitude * shown, rate, "linear")
