"""Run control and status of the InfiniiVision 3000T X-Series: run, stop, single, digitize, armed, triggered."""

from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.channels import ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.command_table import ScopeBase, ScopeTable

RUN_BIT = 0x08  #: of the operation status condition register
WAIT_TRIGGER_BIT = 0x20


class RunCommands(ScopeTable):
    """From arming to completion.

    Parameters
    ----------
    scope : ScopeBase
    channels : ChannelCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, channels: ChannelCommands) -> None:
        super().__init__(scope)
        self.channels = channels

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

    @command(":DIGitize", Many(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4")))
    def digitize(self, *sources: str) -> Handler:
        """``:DIG``: one acquisition; nothing else is executed until it is complete."""
        channels = sorted({int(source[-1]) for source in sources}) or self.channels.shown_channels()
        for channel in range(1, self.data_sheet.channels + 1):
            if sources:
                self.channels.displayed[channel] = channel in channels
        self.control.acquire(channels)
        yield IDLE

    @command(":TRIGger:FORCe")
    def force(self) -> None:
        """``:TRIG:FORC``: trigger now."""
        self.control.force()

    @command(":AUToscale", Many(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4")))
    def autoscale(self, *sources: str) -> Handler:
        """``:AUT``: a range for each wired channel that fits what is there now."""
        self.control.abandon()
        yield 2.0
        scope, sheet, channels = self.scope, self.data_sheet, self.channels
        for number in range(1, sheet.channels + 1):
            node = scope.node(str(number))
            channels.displayed[number] = node is not None
            if node is not None:
                level = abs(scope.bench.circuit.voltage(node)) / scope.inputs.dividers.get(number, 1.0)
                probe = channels.probe[number]
                wanted = max(level * probe * 2, 8e-3 * probe)
                largest = sheet.divisions * sheet.max_scale[channels.impedance[number]] * probe
                channels.vertical_range[number] = min(wanted, largest)
                channels.offset[number] = 0.0
        if not channels.shown_channels():
            channels.displayed[1] = True
        self.control.run()

    # -------------------------------------------------------------------------------------------- status

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
