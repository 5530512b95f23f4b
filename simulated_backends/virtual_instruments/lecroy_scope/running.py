"""Run control that all of these oscilloscopes have: TRMD, ARM, STOP, FRTR, INR?, ASET, TDIV; and the screen."""

import numpy as np

from tsbench.simulated_backends.lecroy.parameters import LecroyWord, Quantity
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_panel import nearest_step
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import watch_inputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen

LOOK = 0.04  #: [s] that an automatic set-up looks at the inputs
_SET_UP = 2.0  #: [s] that it takes
PERIODS = 5.0  #: that the screen then shows at least
#: of the screen: a recent trigger is shown so long [s]
SHOWN_TRIGGERED = 0.5


class ShortRunCommands(ShortTable):
    """From arming to completion."""

    @command("TRMD", LecroyWord("AUTO", "NORM", "SINGLE", "STOP"))
    def set_mode(self, word: str) -> Handler | None:
        """``TRMD NORM``: run, run on triggers only, acquire once, stop."""
        if word == "STOP":
            return self.control.stop()
        if word == "SINGLE":
            self._single()
            return None
        self.panel.sweep = word
        self.control.run()
        return None

    @command("TRMD?")
    def mode(self) -> str:
        """``TRMD?``: AUTO, NORM, SINGLE or STOP."""
        self.control.look()
        if not self.control.running:
            return "STOP"
        return self.panel.sweep if self.control.continuous else "SINGLE"

    def _single(self) -> None:
        if not self.panel.shown_channels():
            raise ScpiError(-221)
        self.scope.new_signal = False
        self.control.single()

    @command("ARM")
    def arm(self) -> None:
        """``ARM``: one acquisition, on a trigger only."""
        self._single()

    @command("STOP")
    def stop(self) -> Handler:
        """``STOP``: keep what was acquired last."""
        yield from self.control.stop()

    @command("FRTR")
    def force(self) -> None:
        """``FRTR``: trigger now; without an acquisition that waits, nothing happens."""
        self.control.force()

    @command("INR?")
    def _internal_state(self) -> str:
        return str(self.scope.internal_state())

    @command("*TRG")
    def _trigger(self) -> None:
        self._single()

    @command("WAIT")
    def wait(self) -> Handler:
        """``WAIT``: what follows waits for the acquisition."""
        self.control.look()
        while self.control.running and not self.control.continuous:
            yield 1e-3
            self.control.look()

    @command("ASET")
    def set_up(self) -> Handler:
        """``ASET``: an automatic set-up that shows what is at the inputs."""
        self.control.abandon()
        watch = yield from watch_inputs(self.scope.bench, LOOK)
        yield _SET_UP - LOOK
        self.scope.fit_to(watch, PERIODS)
        self.control.run()

    @command("TDIV", Quantity("S"))
    def set_time_scale(self, value: float) -> None:
        """``TDIV 500US``: seconds per division, the nearest 1-2-5 value."""
        if value <= 0:
            raise ScpiError(-222)
        self.panel.time_scale = nearest_step(value, self.data_sheet.min_timebase, self.data_sheet.max_timebase)

    @command("TDIV?")
    def _time_scale(self) -> str:
        return self.quantity(self.panel.time_scale, "S")

    def picture(self, form: str) -> bytes:
        """Return the screen as a file."""
        traces = {number: np.asarray(self.memory.heights(number))
                  for number in self.panel.shown_channels() if self.memory.has(number)}
        return draw_screen(traces, form)
