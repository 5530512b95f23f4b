"""What an endurance run asks for: the cycles, and what counts as a failed cycle and as a failed device."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import OscilloscopeCapabilities
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.write_read import WriteReadParameters
from tsbench.quantities import Ohms, Seconds


class EnduranceParameters(WriteReadParameters):
    """Parameters of an endurance run."""

    amplitude: VoltsList = Field(
        default=(1.3,), min_length=1, max_length=1, description="height of the write pulse that switches the device on")
    cycles: int = Field(default=1000, ge=2, le=10_000_000, description="number of cycles if the device does not fail")
    on_below: Ohms = Field(
        default=2e3, gt=0, description="failure criterion: a cycle fails if the resistance at the end of the write "
                                       "pulse is higher than this (the device does not switch on)")
    off_above: Ohms = Field(
        default=2e3, gt=0, description="failure criterion: a cycle fails if the resistance during the read pulse is "
                                       "lower than this (the device stays on)")
    failures: int = Field(
        default=5, ge=2, le=10_000, description="number of failed cycles in a row that end the run. One failed cycle "
                                                "alone may be chance")
    batch: int = Field(
        default=50, ge=1, le=1000, description="number of cycles in one burst. The failure criterion is checked after "
                                               "each burst")
    rest: Seconds = Field(default=0.0, ge=0, le=3600, description="time at 0 V before each burst")
    samples: int = Field(default=400, ge=200, le=1_000_000, description="number of samples in the record of a cycle")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0

    @model_validator(mode="after")
    def _tells_the_states_apart(self) -> Self:
        if abs(self.read_amplitude) >= 0.5 * abs(self.amplitude[0]):
            raise ValueError("read_amplitude must be below half of 'amplitude', because the scope triggers on the "
                             "write pulse only. Lower 'read_amplitude'")
        if self.off_above < self.on_below:
            raise ValueError("'off_above' must not be below 'on_below', because one resistance would be on and off. "
                             "Raise 'off_above'")
        return self

    @property
    def repeats(self) -> int:
        """Number of cycles."""
        return self.cycles

    @property
    def total(self) -> int:
        """Number of cycles."""
        return self.cycles

    def at_once(self, scope: OscilloscopeCapabilities) -> int:
        """Return the cycles of one burst that the scope can hold."""
        return max(min(self.batch, self.cycles - 1, scope.segments, scope.record_length // self.samples), 1)
