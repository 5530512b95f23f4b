"""Run control and events of the Infiniium oscilloscopes."""

from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Many, Optional
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.acquiring import InfiniiumAcquiring
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import (
    InfiniiumBase,
    InfiniiumTable,
    ScopeSource,
)


class InfiniiumRunning(InfiniiumTable):
    """From arming to completion.

    Parameters
    ----------
    scope : InfiniiumBase
    settings : InfiniiumAcquiring
        Of the same scope.
    """

    def __init__(self, scope: InfiniiumBase, settings: InfiniiumAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings
        self.done = False  #: an acquisition has ended since it was asked

    @command(":RUN")
    def _run(self) -> None:
        self.control.run()

    @command(":STOP")
    def _stop(self) -> Handler:
        yield from self.control.stop()

    @command(":SINGle")
    def _single(self) -> None:
        """``:SING``: one acquisition; in sweep AUTO it comes without a trigger, too."""
        self.control.single()
        if self.settings.sweep == "AUTO":
            self.control.arm(self.settings.shown_channels(), True)

    @command(":DIGitize", Many(ScopeSource()))
    def _digitize(self, *sources: str) -> Handler:
        """``:DIG``: one acquisition of the channels named; nothing else is executed until it is complete."""
        for channel in range(1, self.data_sheet.channels + 1):
            if sources:
                self.settings.channels.displayed[channel] = f"CHAN{channel}" in sources
        self.control.acquire(self.settings.shown_channels())
        yield IDLE

    def _busy(self) -> None:
        self.control.look()
        if self.control.acquisition is not None and not self.control.continuous:
            self.clock.busy()
            self.control.look()

    @command(":RSTate?")
    def _run_state(self) -> str:
        """``:RST?``: RUN, STOP or SING."""
        self._busy()
        return "STOP" if not self.control.running else "RUN" if self.control.continuous else "SING"

    @command(":ASTate?")
    def _acquisition_state(self) -> str:
        """``:AST?``: ARM, TRIG, ATRIG (by itself) or ADONE."""
        self._busy()
        acquisition = self.control.acquisition
        if acquisition is None:
            return "ADONE"
        if acquisition.pending is None:
            return "ARM"
        return "ATRIG" if acquisition.pending[1] else "TRIG"

    @command(":AER?")
    def _arm_event(self) -> str:
        """``:AER?``: whether it has been armed since asked last."""
        self._busy()
        armed, self.control.armed_event = self.control.armed_event, False
        return str(int(armed))

    @command(":TER?")
    def _trigger_event(self) -> str:
        """``:TER?``: whether it has triggered since asked last."""
        self._busy()
        triggered, self.control.triggered_event = self.control.triggered_event, False
        return str(int(triggered))

    @command(":ADER?")
    @command(":PDER?")
    def _done_event(self) -> str:
        """``:ADER?``: whether an acquisition has ended since asked last."""
        self._busy()
        done, self.done = self.done, False
        return str(int(done))

    @command(":SYSTem:ERRor?", Optional(Choice("NUMBer", "STRing")))
    def _error(self, form: str = "NUMB") -> str:
        """``:SYST:ERR? STR``: number and text; else the number alone."""
        code, text = 0, "No error"
        if self.status.errors:
            error = self.status.errors.popleft()
            self.status.update()
            code, text = error.code, error.text
        return f'{code},"{text}"' if form == "STR" else str(code)
