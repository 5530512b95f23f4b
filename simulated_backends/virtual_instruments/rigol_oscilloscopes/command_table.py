"""What the command tables of the Rigol oscilloscopes share."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_memory import AcquisitionMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.data_sheet import RigolSheet


class RigolBase(VirtualOscilloscope):
    """A Rigol oscilloscope, as its command tables see it."""

    data_sheet: ClassVar[RigolSheet]
    trigger_levels: dict[str, float]  #: [V at the display] by source


class RigolTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    scope : RigolBase
        Holds the table.
    """

    def __init__(self, scope: RigolBase) -> None:
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
