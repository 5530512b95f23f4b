"""The commands CURSor of the MSO5000, DPO5000 and DPO7000: places on the screen, without effect on what is measured."""

from tsbench.simulated_backends.scpi.parameters import Boolean, Number
from tsbench.simulated_backends.scpi.tree import Setting
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import TekWord


class CursorCommands(TektronixTable):
    """What ``CURSor`` sets."""

    cursor_function = Setting(":CURSor:FUNCtion", TekWord("OFF", "HBArs", "VBArs", "SCREEN", "WAVEform"), default="OFF")
    cursor_state = Setting(":CURSor:STATE", Boolean(), default=False)
    cursor_time = Setting(":CURSor:VBArs:POSITION<1-2>", Number("S"), default=0.0)
    cursor_level = Setting(":CURSor:HBArs:POSITION<1-2>", Number("V"), default=0.0)
