"""Virtual interactive source meter: LAN and TSP-Link triggers, as settings. There is no wire for their packets."""

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import NO_EVENT, TriggerEvent

_EDGES = ("FALLing", "RISing", "EITHer")


class LanTriggerCommands(MeterTable):
    """TRIGger:LAN<n> and TRIGger:TSPLink<n>."""

    lan_edge = Setting(":TRIGger:LAN<1-8>:IN:EDGE", Choice(*_EDGES), "EITH")
    lan_connected = Setting(":TRIGger:LAN<1-8>:OUT:CONNect:STATe", Boolean(), False)
    lan_address = Setting(":TRIGger:LAN<1-8>:OUT:IP:ADDRess", Text(bare=True), "0.0.0.0")
    lan_logic = Setting(":TRIGger:LAN<1-8>:OUT:LOGic", Choice("POSitive", "NEGative"), "NEG")
    lan_protocol = Setting(":TRIGger:LAN<1-8>:OUT:PROTocol", Choice("TCP", "UDP", "MULTicast"), "TCP")
    lan_stimulus = Setting(":TRIGger:LAN<1-8>:OUT:STIMulus", TriggerEvent(), NO_EVENT)
    link_mode = Setting(
        ":TRIGger:TSPLink<1-3>:MODE",
        Choice("FALLing", "RISing", "EITHer", "ACCeptor", "MASTer", "SYNChronous", "OPENdrain"), "FALL")
    link_edge = Setting(":TRIGger:TSPLink<1-3>:IN:EDGE", Choice(*_EDGES), "FALL")
    link_logic = Setting(":TRIGger:TSPLink<1-3>:OUT:LOGic", Choice("POSitive", "NEGative"), "NEG")
    link_width = Setting(":TRIGger:TSPLink<1-3>:OUT:PULSewidth", Number("s", 0.0, 100e3, 10e-6), 10e-6)
    link_stimulus = Setting(":TRIGger:TSPLink<1-3>:OUT:STIMulus", TriggerEvent(), NO_EVENT)

    @command(":TRIGger:LAN<1-8>:IN:CLEar")
    @command(":TRIGger:TSPLink<1-3>:IN:CLEar")
    def _clear(self, number: int) -> None:
        return None

    @command(":TRIGger:LAN<1-8>:IN:OVERrun?")
    @command(":TRIGger:TSPLink<1-3>:IN:OVERrun?")
    def _overrun(self, number: int) -> str:
        return "0"
