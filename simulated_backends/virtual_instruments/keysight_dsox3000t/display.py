"""The screen of the InfiniiVision 3000T X-Series, and commands without effect on what is measured."""

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Optional, Text
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.command_table import ScopeTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import MIDDLE
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen


class DisplayCommands(ScopeTable):
    """What ``:DISPlay`` and ``:HARDcopy`` do."""

    @command(":ACQuire:SEGMented:ANALyze")
    @command(":HARDcopy:INKSaver", Boolean())
    @command(":SYSTem:LOCK", Boolean())
    @command(":SYSTem:DSP", Text())
    def _no_effect(self, *_: object) -> None:
        """Accepted, without effect on what is measured."""

    @command(":DISPlay:DATA?", Optional(Choice("PNG", "BMP", "BMP8bit")),
             Optional(Choice("COLor", "GRAYscale")))
    def picture(self, form: str = "PNG", palette: str = "COL") -> Handler:
        """``:DISP:DATA?``: the screen as PNG."""
        yield 0.5
        if form != "PNG":
            raise ScpiError(-224)
        traces: dict[int, npt.NDArray[np.float64]] = {}
        finished = self.control.finished
        if finished is not None and finished.records:
            for number in finished.plan.channels:
                stride = max(finished.plan.sampling.points // 640, 1)
                codes = self.scope.digitiser.codes(finished.plan, finished.records[0], number, stride)
                traces[number] = (codes / 256 - MIDDLE) / self.data_sheet.levels
        return definite_block(draw_screen(traces), 8)
