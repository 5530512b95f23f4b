"""What a relaxation run asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Amperes, Number, Seconds, Volts


class RelaxationParameters(PulseParameters):
    """Parameters of a relaxation run."""

    amplitude: VoltsList = Field(
        default=(1.4,), min_length=1, description="pulse amplitudes above the base level, one series for each"
    )
    base: Volts = Field(default=0.1, description=
                        "read level before and after the pulse, below the threshold and hold voltages")
    width: Seconds = Field(default=1e-3, gt=0, description="pulse width at 50 %")
    window: Seconds = Field(
        default=20e-3, gt=0, le=1000, description="time after the pulse for which the current is recorded"
    )
    repeats: int = Field(default=20, ge=1, le=100_000, description="number of pulses at each amplitude")
    rest: Seconds = Field(default=50e-3, ge=0, le=3600, description="time at the read level between two records")
    level: Amperes | None = Field(
        default=None, gt=0, description="current below which the device counts as relaxed. If it is not given, "
                                        "tsbench computes it from 'fraction'"
    )
    fraction: Number = Field(
        default=0.5, gt=0, lt=1, description="level as a fraction of the current right after the falling edge"
    )
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    samples: int = Field(default=20_000, ge=1000, le=4_000_000, description="number of samples in each record")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.base == 0:
            raise ValueError("base must not be 0 V, because without a current the relaxation cannot be measured. "
                             "Give a small read level")
        return self

    @property
    def total(self) -> int:
        """Number of pulses."""
        return self.repeats * len(self.amplitude)

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        return Pulse(self.base, amplitude, self.width, self.width + 4 * self.edges, self.rise_time, self.fall_time)
