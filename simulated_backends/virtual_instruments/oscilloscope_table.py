"""What command tables of oscilloscopes share, whatever their commands are."""

from typing import Any, Generic, TypeVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_memory import AcquisitionMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope

S = TypeVar("S", bound=VirtualOscilloscope)


class OscilloscopeTable(CommandTable, Generic[S]):
    """Base of the command tables of a family.

    Parameters
    ----------
    scope : VirtualOscilloscope
        Holds the table.
    """

    data_sheet: Any  #: a family states its own class

    def __init__(self, scope: S) -> None:
        super().__init__(scope)
        self.scope = scope
        self.data_sheet = scope.data_sheet

    @property
    def control(self) -> AcquisitionControl:
        """Return the run control, which is made after the first tables."""
        return self.scope.control

    @property
    def memory(self) -> AcquisitionMemory:
        """Return the memory, likewise."""
        return self.scope.memory
