"""What the command tables of the Tektronix oscilloscopes share: inputs, run control, digitiser, how replies look."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.data_sheet import TektronixSheet


class TektronixBase(VirtualInstrument):
    """The parts of a scope, as its command tables see them."""

    option_names = ("probes", "cables")
    data_sheet: ClassVar[TektronixSheet]
    zero: ClassVar[str] = "0.0E+0"  #: how it writes 0
    inputs: ScopeInputs
    control: AcquisitionControl
    digitiser: Digitiser
    timebase_error: float  #: relative
    headers: bool  #: whether replies begin with a header
    verbose: bool  #: whether words are long
    date: float  #: [s] since 1970 when the bench's clock was at 0


class TektronixTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    scope : TektronixBase
        Holds the table.
    """

    def __init__(self, scope: TektronixBase) -> None:
        super().__init__(scope)
        self.scope = scope
        self.data_sheet = scope.data_sheet

    @property
    def control(self) -> AcquisitionControl:
        """Return the run control, which is made after the first tables."""
        return self.scope.control
