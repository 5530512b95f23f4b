"""What a pulsed I-V run asks for."""

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.write_read import WriteReadParameters
from tsbench.quantities import Amperes, Seconds, Volts, parse_quantity

_RANGE = ("start", "stop", "points")


class PulsedIVParameters(WriteReadParameters):
    """Parameters of a pulsed I-V run."""

    amplitude: VoltsList = Field(
        default=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3), min_length=1,
        description="heights of the write pulses, rising in magnitude")
    start: Volts | None = Field(default=None, description="first height, used with 'stop' and 'points'")
    stop: Volts | None = Field(default=None, description="last height")
    points: int | None = Field(
        default=None, ge=2, le=10_000, description="number of heights from 'start' to 'stop', used instead of "
                                                   "'amplitude'")
    repeats: int = Field(
        default=6, ge=1, le=10_000, description="number of cycles at each height (with fewer than six, the threshold "
                                                "is not certain)")
    rest: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at 0 V before each cycle")
    target_current: Amperes | None = Field(
        default=None, gt=0, description="the run ends after the height at which every recorded cycle has reached this "
                                        "current (if it is not given, it goes on to the last height)")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0

    @model_validator(mode="before")
    @classmethod
    def _from_range(cls, values: Any) -> Any:
        """Make the list of heights from first, last and number."""
        if not isinstance(values, dict) or any(values.get(name) is None for name in _RANGE):
            return values
        try:
            first, last = (parse_quantity(values[name], "V") for name in ("start", "stop"))
            count = int(values["points"])
        except (ConfigurationError, TypeError, ValueError):
            return values   # the field says what is wrong with it
        return {**values, "amplitude": tuple(np.linspace(first, last, min(max(count, 2), 10_000)).tolist())}

    @model_validator(mode="after")
    def _rises(self) -> Self:
        given = [name for name in _RANGE if getattr(self, name) is not None]
        if given and len(given) < len(_RANGE):
            raise ValueError("'start', 'stop' and 'points' belong together. Give all three, or none of them")
        sizes = [abs(one) for one in self.amplitude]
        if sizes != sorted(set(sizes)) or len({one > 0 for one in self.amplitude}) > 1:
            raise ValueError("the heights must have one sign and rise in magnitude, so that the device sees no more "
                             "than it must")
        return self

    @property
    def total(self) -> int:
        """Number of cycles."""
        return len(self.amplitude) * self.repeats
