"""What the command tables of the InfiniiVision oscilloscopes share: inputs, run control, digitiser, trigger levels."""

from collections.abc import Callable
from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import InfiniiVisionSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs


class ScopeBase(VirtualInstrument):
    """The parts of a scope, as its command tables see them."""

    option_names = ("probes", "cables")
    data_sheet: ClassVar[InfiniiVisionSheet]
    inputs: ScopeInputs
    control: AcquisitionControl
    digitiser: Digitiser
    timebase_error: float  #: relative
    middle_of: Callable[[int], float | None]  #: channel -> middle of its waveform [V at the display]
    function_channels: Callable[[], list[int]]  #: those of the math waveforms that are on
    trigger_levels: dict[str, float]  #: [V at the display] by source


class ScopeTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    scope : ScopeBase
        Holds the table.
    """

    def __init__(self, scope: ScopeBase) -> None:
        super().__init__(scope)
        self.scope = scope
        self.data_sheet = scope.data_sheet

    @property
    def control(self) -> AcquisitionControl:
        """Return the run control, which is made after the first tables."""
        return self.scope.control
