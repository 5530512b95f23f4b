"""What command tables of oscilloscopes share, whatever their commands are."""

from typing import Any, Generic, TypeVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import AcquisitionMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_panel import FrontPanel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.panel_scope import PanelScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope.record_memory import RecordMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope

S = TypeVar("S", bound=VirtualOscilloscope)
C = TypeVar("C", bound=ConverterScope)
P = TypeVar("P", bound=PanelScope)


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


class ConverterTable(OscilloscopeTable[C]):
    """Base of the command tables of a :class:`~.oscilloscope.converter_scope.ConverterScope`."""

    @property
    def memory(self) -> AcquisitionMemory:
        """Return the memory, which is made after the first tables."""
        return self.scope.memory


class PanelTable(OscilloscopeTable[P]):
    """Base of the command tables of a :class:`~.oscilloscope.panel_scope.PanelScope`."""

    @property
    def panel(self) -> FrontPanel:
        """Return the settings."""
        return self.scope.panel

    @property
    def memory(self) -> RecordMemory:
        """Return what was acquired."""
        return self.scope.memory
