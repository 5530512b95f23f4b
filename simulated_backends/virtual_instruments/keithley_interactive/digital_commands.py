"""Virtual interactive source meter: the commands DIGital and TRIGger:DIGital."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase, MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import LINES
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import TriggerEvent

_WRITABLE = {("DIG", "OUT"), ("DIG", "OPEN")}


class DigitalCommands(MeterTable):
    """Modes and levels of the lines, trigger inputs and outputs.

    Parameters
    ----------
    meter : MeterBase
    """

    edge = Setting(
        ":TRIGger:DIGital<1-6>:IN:EDGE", Choice("FALLing", "RISing", "EITHer"), part="port", change="port.watch")
    logic = Setting(
        ":TRIGger:DIGital<1-6>:OUT:LOGic", Choice("POSitive", "NEGative"), part="port", change="port.idle")
    pulse_width = Setting(":TRIGger:DIGital<1-6>:OUT:PULSewidth", Number("s", 0.0, 100e3, 10e-6), part="port")
    line_stimulus = Setting(
        ":TRIGger:DIGital<1-6>:OUT:STIMulus", TriggerEvent(), part="port", change="port.stimulus_chosen")

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self.port = meter.digital_port

    @command(
        ":DIGital:LINE<1-6>:MODE", Choice("DIGital", "TRIGger", "SYNChronous"),
        Choice("IN", "OUT", "OPENdrain", "ACCeptor", "MASTer"),
    )
    def _mode(self, line: int, kind: str, direction: str) -> None:
        self.port.set_mode(line, kind, direction)

    @command(":DIGital:LINE<1-6>:MODE?")
    def _mode_query(self, line: int) -> str:
        return ",".join(self.port.modes[line])

    @command(":DIGital:LINE<1-6>:STATe", Boolean())
    def _state(self, line: int, high: bool) -> None:
        if self.port.modes[line] not in _WRITABLE:
            raise ScpiError(-221)
        self.port.write_pattern(int(high) << (line - 1), 1 << (line - 1))

    @command(":DIGital:LINE<1-6>:STATe?")
    def _state_query(self, line: int) -> str:
        return str(int(self.port.level(line)))

    @command(":DIGital:READ?")
    def _read(self) -> str:
        self._require(writable=False)
        return str(sum(int(self.port.level(line)) << (line - 1) for line in LINES))

    @command(":DIGital:WRITe", Integer("", 0, 63))
    def _write(self, pattern: int) -> None:
        self._require(writable=True)
        self.port.write_pattern(pattern)

    def _require(self, writable: bool) -> None:
        """Raise ScpiError(-221) unless all lines are digital lines, and can be written if ``writable``."""
        modes = self.port.modes.values()
        if any(kind != "DIG" or (writable and direction == "IN") for kind, direction in modes):
            raise ScpiError(-221)

    @command(":TRIGger:DIGital<1-6>:IN:CLEar")
    def _clear(self, line: int) -> None:
        self.port.detectors[line].clear()

    @command(":TRIGger:DIGital<1-6>:IN:OVERrun?")
    def _overrun(self, line: int) -> str:
        return str(int(self.port.detectors[line].overrun))
