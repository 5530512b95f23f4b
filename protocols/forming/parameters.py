"""What a forming run asks for, and the levels that follow from it."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.protocols.fields import AmperesList
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Amperes, Number, Seconds, Volts
from tsbench.records import FloatArray

READ_LEVELS = 6  #: of one read: zero and five levels, so that an offset of the meter does not count
CONFIRMING = 2  #: readings at the same level that must show what the first one showed
_MOST_POINTS = 1_000_000


class FormingParameters(Parameters):
    """Parameters of a forming run."""

    start: Volts = Field(default=0.1, description="first level of each ramp, signed")
    stop: Volts = Field(default=3.0, description="highest level of each ramp, signed; its sign is the polarity")
    step: Volts = Field(default=20e-3, gt=0, description="distance between two levels")
    compliance: AmperesList = Field(
        default=(10e-6, 30e-6, 100e-6), min_length=1, description="compliance current of each stage, rising")
    stop_at: Literal["event", "current"] = Field(
        default="event", description="the run ends after the stage in which the device switched, or after the stage "
                                     "in which it has switched and carried 'target_current'")
    target_current: Amperes | None = Field(
        default=None, gt=0, description="current that ends the run with stop_at = current (if it is not given, the "
                                        "highest compliance)")
    jump: Number = Field(
        default=5.0, ge=2, le=1e6, description="an event is a rise of the current by at least this factor in one step "
                                               "that two more readings at the same level confirm, or a fall of the "
                                               "device voltage by 30 % that they confirm")
    confirm: bool = Field(
        default=True, description="one more ramp after forming, under the compliance of the last stage. It shows "
                                  "whether the device now switches at a lower voltage")
    read_voltage: Volts = Field(
        default=0.1, gt=0, le=1, description="highest level of the reads before the first and after each stage")
    dwell: Seconds = Field(default=10e-3, ge=0, le=100, description="time at a level before its reading")
    nplc: float = Field(default=1.0, ge=0.01, le=10, description="integration time in power-line cycles")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.stop == 0 or self.start * self.stop < 0 or abs(self.start) >= abs(self.stop):
            raise ValueError("'start' must lie between 0 V and 'stop'. Change 'start' or 'stop'")
        if any(one <= 0 for one in self.compliance) or list(self.compliance) != sorted(set(self.compliance)):
            raise ValueError("the compliance currents must be above 0 A and rise from stage to stage")
        if self.target_current is not None and self.target_current > self.compliance[-1]:
            raise ValueError("target_current is above the highest compliance, so no stage can reach it. Raise "
                             "'compliance' or lower 'target_current'")
        if abs(self.stop) / self.step * len(self.compliance) > _MOST_POINTS:
            raise ValueError(f"the ramps would have more than {_MOST_POINTS:.0e} levels. Raise 'step'")
        return self

    @property
    def polarity(self) -> float:
        """Sign of the ramps."""
        return 1.0 if self.stop > 0 else -1.0

    @property
    def target(self) -> float:
        """Current that ends the run with ``stop_at`` = current [A]."""
        return self.compliance[-1] if self.target_current is None else self.target_current

    def ramp(self) -> FloatArray:
        """Return the levels of a ramp [V] from ``start`` to ``stop``, both included."""
        count = int(np.ceil(abs(self.stop - self.start) / self.step * (1 - 1e-9))) + 1
        return np.linspace(self.start, self.stop, max(count, 2))

    def reads(self) -> FloatArray:
        """Return the levels of a read [V], from zero."""
        return self.polarity * self.read_voltage * np.arange(READ_LEVELS) / (READ_LEVELS - 1)
