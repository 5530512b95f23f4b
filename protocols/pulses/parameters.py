"""What every protocol of pulses asks for: levels, width and edges, and the scope's trigger."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import short_quantity

#: a 10-90 % edge is 80 % of the whole
EDGE_SHARE = 0.8
#: samples in a pulse of a pair, at least
LEAST_RESOLUTION = 20


class PulseParameters(Parameters):
    """Base of the parameters of pulses."""

    if TYPE_CHECKING:  # each declares them where they stand in its own form, in types of ``protocols.fields``
        @property
        def amplitude(self) -> tuple[float, ...]: ...

        @property
        def width(self) -> float: ...  # a form of several widths has the longest

        rest: float
        rise_time: float
        fall_time: float
        trigger: str
        external_level: float

        @property
        def base(self) -> float: ...  # not every form has it

        @property
        def repeats(self) -> int: ...

    @model_validator(mode="after")
    def _is_pulse(self) -> Self:
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude must not be 0 V. Give another amplitude")
        if self.width < self.edges:
            name = "width" if "width" in type(self).model_fields else "widths"   # of a list, the longest
            raise ValueError(f"{name} = {short_quantity(self.width, 's')} is shorter than the edges of the pulse "
                             f"({short_quantity(self.edges, 's')}). Raise '{name}', or lower 'rise_time' and "
                             "'fall_time'")
        return self

    @property
    @abstractmethod
    def total(self) -> int:
        """Number of rows of a whole run."""

    @property
    def edges(self) -> float:
        """How much of the width at 50 % the two edges take [s]."""
        return (self.rise_time + self.fall_time) / 2 / EDGE_SHARE

    @property
    def levels(self) -> tuple[float, ...]:
        """Every level of the generator [V]: the base, then the top of each amplitude."""
        return (self.base, *(self.base + amplitude for amplitude in self.amplitude))


class PairOfPulses(PulseParameters):
    """Base of the parameters of pulse pairs."""

    if TYPE_CHECKING:
        resolution: int

    @abstractmethod
    def pulse(self, amplitude: float, gap: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V], repeated after ``gap`` [s]."""
