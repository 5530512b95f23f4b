"""Run control and status of the InfiniiVision oscilloscopes: run, stop, single, digitize, armed, triggered."""

from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Many, Optional
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.functions import MathCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName

_SHOWN = SourceName("CHAN", "FUNC", "FFT")
_ACQUIRED = SourceName("CHAN", "FUNC", "FFT", "ABUS", "EXT")
RUN_BIT = 0x08  #: of the operation status condition register
WAIT_TRIGGER_BIT = 0x20


class RunCommands(ScopeTable):
    """From arming to completion.

    Parameters
    ----------
    scope : ScopeBase
    channels : ChannelCommands
    functions : MathCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, channels: ChannelCommands, functions: MathCommands) -> None:
        super().__init__(scope)
        self.channels = channels
        self.functions = functions

    def update_status(self) -> None:
        """Keep the operation status register up to date."""
        bits = RUN_BIT if self.control.running else 0
        if self.control.waiting_for_trigger:
            bits |= WAIT_TRIGGER_BIT
        self.status.operation.set_condition(bits)
        self.status.update()

    @command(":RUN")
    def run(self) -> None:
        """``:RUN``: acquire again and again."""
        self.control.run()

    @command(":STOP")
    def stop(self) -> Handler:
        """``:STOP``: keep what was acquired last, the segments of an unfinished acquisition included."""
        yield from self.control.stop()

    @command(":SINGle")
    def single(self) -> None:
        """``:SING``: one acquisition, on a trigger only."""
        self.control.single()

    @command(":DIGitize", Many(_ACQUIRED))
    def digitize(self, *sources: str) -> Handler:
        """``:DIG``: one acquisition; nothing else is executed until it is complete.

        The channels named, and those that the math waveforms named need, are on then; the others are off.
        """
        channels = sorted({channel for source in sources for channel in self._needs(source)})
        for channel in range(1, self.data_sheet.channels + 1):
            if channels:
                self.channels.displayed[channel] = channel in channels
        channels = channels or self.channels.shown_channels()
        self.control.acquire(channels)
        yield IDLE

    def _needs(self, source: str) -> list[int]:
        """Return the channels that a waveform is made of."""
        if source.startswith("CHAN"):
            return [int(source[4:])]
        return self.functions.channels(source) if source[:3] in ("FUN", "FFT") else []

    @command(":TRIGger:FORCe")
    def force(self) -> None:
        """``:TRIG:FORC``: trigger now."""
        self.control.force()

    # -------------------------------------------------------------------------------------------- status

    @command(":RSTate?")
    def run_state(self) -> str:
        """``:RST?``: RUN, STOP or SING."""
        self.control.look()
        return "STOP" if not self.control.running else "RUN" if self.control.continuous else "SING"

    @command(":STATus?", _SHOWN)
    def is_shown(self, source: str) -> str:
        """``:STAT? CHAN1``: whether a waveform is on."""
        if source.startswith("CHAN"):
            return str(int(self.channels.displayed[int(source[4:])]))
        return str(int(self.functions.spectrum_displayed if source == "FFT"
                       else self.functions.math_displayed[int(source[4:])]))

    @command(":VIEW", _SHOWN)
    def view(self, source: str) -> None:
        """``:VIEW CHAN1``: switch a waveform on."""
        self._switch(source, True)

    @command(":BLANk", Optional(_SHOWN))
    def blank(self, source: str | None = None) -> None:
        """``:BLAN CHAN1``: switch a waveform off; without a name all of them."""
        sheet = self.data_sheet
        every = [f"CHAN{number}" for number in range(1, sheet.channels + 1)]
        every += [f"FUNC{number}" for number in range(1, sheet.functions + 1)]
        for name in every if source is None else [source]:
            self._switch(name, False)

    def _switch(self, source: str, on: bool) -> None:
        if source.startswith("CHAN"):
            self.channels.displayed[int(source[4:])] = on
        elif source == "FFT":
            self.functions.spectrum_displayed = on
        else:
            self.functions.math_displayed[int(source[4:])] = on

    @command(":SERial?")
    def serial_number(self) -> str:
        """``:SER?``."""
        return self.scope.serial

    @command(":OPEE", Integer("", 0, 65535))
    def enable_operation_events(self, mask: int) -> None:
        """``:OPEE``: which operation events set bit 7 of the status byte."""
        self.status.operation.enable = mask
        self.status.update()

    @command(":OPEE?")
    def enabled_operation_events(self) -> str:
        """``:OPEE?``."""
        return self.format_integer(self.status.operation.enable)

    @command(":HWERegister:CONDition?")
    @command(":HWERegister[:EVENt]?")
    @command(":MTERegister[:EVENt]?")
    @command(":OVLRegister?")
    def no_event(self) -> str:
        """``:HWER?`` and its sisters: nothing has happened."""
        return self.format_integer(0)

    @command(":OPERegister:CONDition?")
    def operation_condition(self) -> str:
        """``:OPER:COND?``: bit 3 while running, bit 5 while waiting for a trigger."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.continuous:
            self.clock.busy()
            self.control.look()
        return f"{self.status.operation.condition:+d}"

    @command(":OPERegister[:EVENt]?")
    def operation_event(self) -> str:
        """``:OPER?``."""
        self.control.look()
        return f"{self.status.operation.read_event():+d}"

    @command(":AER?")
    def arm_event(self) -> str:
        """``:AER?``: whether it has been armed (pre-trigger memory full) since asked last."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.memory_full:
            self.clock.busy()
            self.control.look()
        armed, self.control.armed_event = self.control.armed_event, False
        return f"{int(armed):+d}"

    @command(":TER?")
    def trigger_event(self) -> str:
        """``:TER?``: whether it has triggered since asked last."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.triggered_event:
            self.clock.busy()
            self.control.look()
        triggered, self.control.triggered_event = self.control.triggered_event, False
        return f"{int(triggered):+d}"
