"""What a pulse train asks for, and the times that follow from it."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.pulses.delivery import pulse_starts
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Seconds, Volts, short_quantity
from tsbench.records import FloatArray


class TrainParameters(PulseParameters):
    """Parameters of a pulse train."""

    amplitude: VoltsList = Field(
        default=(1.15,), min_length=1, description="pulse amplitudes above the base level, one train for each"
    )
    base: Volts = Field(default=0.0, description="level between pulses")
    width: Seconds = Field(default=1e-6, gt=0, description="pulse width at 50 %")
    period: Seconds = Field(default=50e-6, gt=0, description="time from pulse to pulse")
    count: int = Field(default=20, ge=1, le=1_000_000, description="number of pulses at each amplitude")
    repeats: int = Field(
        default=1, ge=1, le=100_000,
        description="number of trains at each amplitude (with more than one, tsbench counts the pulses until the "
                    "device fires)",
    )
    rest: Seconds = Field(
        default=0.0, ge=0, le=3600, description="time at the base level before each train, so that the device recovers"
    )
    rise_time: Seconds = Field(default=10e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=10e-9, gt=0, description="fall time, 90 to 10 %")
    gaps: SecondsList = Field(
        default=(), description="list of times between pulses, used instead of 'period' and 'count'")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    record_span: Seconds | None = Field(
        default=None, gt=0, description="length of each record (if it is not given, tsbench computes it from 'width')"
    )
    probe: bool = Field(
        default=True, description="send one pulse first, at the same amplitude, to choose the scope's ranges"
    )
    retries: int = Field(
        default=2, ge=0, le=100, description="number of times a train is sent again if the scope missed a trigger"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.gaps and min(self.gaps) <= 0:
            raise ValueError(f"a gap of {short_quantity(min(self.gaps), 's')} is not longer than 0 s. Give longer gaps")
        if not self.gaps and self.width + self.edges > self.period:
            raise ValueError(
                f"a pulse with {self.told('width')} and its edges does not fit into {self.told('period')}. "
                "Lower 'width' or raise 'period'"
            )
        return self

    @property
    def total(self) -> int:
        """Number of pulses that are recorded."""
        return len(self.starts()) * len(self.amplitude) * self.repeats

    def pulse(self, amplitude: float, alone: bool = False) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]; ``alone``: each takes a trigger of its own."""
        # a generator takes no trigger until the period of the pulse before is over
        period = self._alone if self.gaps or alone else self.period
        return Pulse(self.base, amplitude, self.width, period, self.rise_time, self.fall_time)

    @property
    def _alone(self) -> float:
        """Shortest period [s] of a pulse that takes a trigger of its own."""
        return self.width + 1.5 * (self.rise_time + self.fall_time)

    @property
    def busy(self) -> float:
        """Time from the trigger of a pulse that goes alone until generator and scope can take the next one [s]."""
        return max(self._alone, self.span)

    def starts(self) -> FloatArray:
        """Return when each pulse of a train begins [s] after the first."""
        return pulse_starts(self.width, self.period, self.count, self.gaps)

    @property
    def lead(self) -> float:
        """Time before the trigger in each record [s]."""
        return max(0.2 * self.width, 5 * self.rise_time, 50e-9)

    @property
    def span(self) -> float:
        """Length of each record [s]."""
        if self.record_span is not None:
            return self.record_span
        return 2 * self.lead + self.width * 1.3 + 2 * self.fall_time
