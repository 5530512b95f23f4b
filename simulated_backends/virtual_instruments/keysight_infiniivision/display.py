"""The screen of the InfiniiVision oscilloscopes, and commands without effect on what is measured."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Number, Optional, Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen

_COLUMNS = 640  #: points of a trace


class DisplayCommands(ScopeTable):
    """What ``:DISPlay``, ``:HARDcopy`` and the commands for the front panel do.

    Parameters
    ----------
    scope : ScopeBase
    shown : gives the traces of the screen by number of the channel (math: 5, 6 ...), in screen heights from the middle,
        for a number of columns
    """

    def __init__(self, scope: ScopeBase, shown: Callable[[int], dict[int, npt.NDArray[np.float64]]]) -> None:
        super().__init__(scope)
        self._shown = shown

    labels_shown = Setting(":DISPlay:LABel", Boolean(), default=False)
    vectors = Setting(":DISPlay:VECTors", Boolean(), default=True)
    persistence = Setting(
        ":DISPlay:PERSistence", AnyOf(Choice("MINimum", "INFinite"), Number("S", 0.1, 60.0)), default="MIN")
    waveform_intensity = Setting(":DISPlay:INTensity:WAVeform", Integer("", 0, 100), default=50)
    annotation_shown = Setting(":DISPlay:ANNotation<1-10>", Boolean(), default=False)
    annotation_text = Setting(":DISPlay:ANNotation<1-10>:TEXT", Text(maximum=254), default="")
    ink_saver = Setting(":HARDcopy:INKSaver", Boolean(), default=True)
    copy_factors = Setting(":HARDcopy:FACTors", Boolean(), default=False, also=(":HARDcopy:FFEed",))
    copy_layout = Setting(":HARDcopy:LAYout", Choice("LANDscape", "PORTrait"), default="LAND")
    copy_palette = Setting(":HARDcopy:PALette", Choice("COLor", "GRAYscale", "NONE"), default="GRAY")
    copy_area = Setting(":HARDcopy:AREA", Choice("SCReen"), default="SCR")
    locked = Setting(":SYSTem:LOCK", Boolean(), default=False)
    protection_locked = Setting(":SYSTem:PROTection:LOCK", Boolean(), default=False)
    system_date = Setting(":SYSTem:DATE", Text(bare=True), default="2024,1,1", reset=False)
    marker_mode = Setting(":MARKer:MODE", Choice("OFF", "MEASurement", "MANual", "WAVeform"), default="OFF")

    @command(":SYSTem:DSP", Text())
    @command(":SYSTem:MENU", Text(bare=True))
    @command(":DISPlay:LABList")
    @command(":DISPlay:CLEar")
    @command(":CDISplay")
    @command(":HARDcopy[:STARt]")
    def _no_effect(self, *_: object) -> None:
        """Accepted, without effect on what is measured."""

    @command(":DISPlay:DATA?", Optional(Choice("PNG", "BMP", "BMP8bit")),
             Optional(Choice("COLor", "GRAYscale")))
    def picture(self, form: str = "PNG", palette: str = "COL") -> Handler:
        """``:DISP:DATA?``: the screen as PNG or as bitmap; with the ink saver on a white ground."""
        self.control.look()
        yield from self.control.snapshot()
        yield 0.5
        drawn = draw_screen(
            self._shown(_COLUMNS), {"BMP8bit": "BMP8"}.get(form, form), palette == "GRAY", self.ink_saver)
        return definite_block(drawn, 8)
