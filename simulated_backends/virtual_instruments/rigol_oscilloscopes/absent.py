"""Functions of the Rigol oscilloscopes that the twins do not have: they say that these are off, and refuse them.

Programs switch them off before they measure, or ask for them to know which waveforms there are. Headers: programming
guides of the MSO1000Z/DS1000Z, the MSO5000 and the DS4000E. An MSO5000 without its logic probe answers ``:LA:STATe?``
too. Not compared: the error of an instrument whose function is refused.
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.tree import Setting
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolTable


class AbsentFunctions(RigolTable):
    """What a twin of each series refuses to switch on. The cursors can be switched, but nothing reads them."""

    passing = Setting(":MASK:ENABle", Boolean(), default=False, coerce="_refused")

    def _refused(self, *values: bool) -> bool:
        """Take OFF; -221 for ON: the twin has no such function."""
        if values[-1]:
            raise ScpiError(-221)
        return False


class AbsentOfDs4000(AbsentFunctions):
    """Of the DS4000."""

    mathematics = Setting(":MATH:DISPlay", Boolean(), default=False, coerce="_refused")
    cursors = Setting(":CURSor:MODE", Choice("OFF", "MANual", "TRACk", "AUTO"), default="OFF")


class AbsentOfDs1000z(AbsentFunctions):
    """Of the DS1000Z."""

    mathematics = Setting(":MATH:DISPlay", Boolean(), default=False, coerce="_refused")
    cursors = Setting(":CURSor:MODE", Choice("OFF", "MANual", "TRACk", "AUTO", "XY"), default="OFF")
    recording = Setting(":FUNCtion:WRECord:ENABle", Boolean(), default=False, coerce="_refused")


class AbsentOfMso5000(AbsentFunctions):
    """Of the MSO5000."""

    mathematics = Setting(":MATH<1-4>:DISPlay", Boolean(), default=False, coerce="_refused")
    cursors = Setting(":CURSor:MODE", Choice("OFF", "MANual", "TRACk", "XY", "MEASure"), default="OFF")
    recording = Setting(":RECord:WRECord:ENABle", Boolean(), default=False, coerce="_refused")
    logic = Setting(":LA:STATe", Boolean(), default=False, coerce="_refused")
    decoding = Setting(":BUS<1-4>:DISPlay", Boolean(), default=False, coerce="_refused")
    searching = Setting(":SEARch:STATe", Boolean(), default=False, coerce="_refused")
    generating = Setting(":SOURce<1-2>:OUTPut<1-2>[:STATe]", Boolean(), default=False, coerce="_refused")
    voltmeter = Setting(":DVM:ENABle", Boolean(), default=False, coerce="_refused")
    counting = Setting(":COUNter:ENABle", Boolean(), default=False, coerce="_refused")
