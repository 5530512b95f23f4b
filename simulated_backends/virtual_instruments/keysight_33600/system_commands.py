"""System, reference-clock and angle-unit commands of the 33500B/33600A, as far as programs use them."""

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600

REFERENCE_UNLOCKED = 0x10  #: bit 4 of the questionable status register: the loop of the reference is not locked


class GeneratorSystemCommands(Table33600):
    """What ``SYSTem``, ``DISPlay``, ``ROSCillator`` and ``UNIT`` do."""

    display = Setting("DISPlay[:STATe]", Boolean(), default=True)
    display_text = Setting("DISPlay:TEXT", Text(maximum=40), default="")
    display_focus = Setting("DISPlay:FOCus", Choice("CH1", "CH2"), default="CH1")
    display_view = Setting("DISPlay:VIEW", Choice("STANdard", "TEXT", "GRAPh", "DUAL"), default="STAN")
    display_rate = Setting("DISPlay:UNIT:RATE", Choice("FREQuency", "PERiod"), default="FREQ")
    display_voltage = Setting("DISPlay:UNIT:VOLTage", Choice("AMPLitudeoff", "HIGHlow"), default="AMPL")
    display_pulse = Setting("DISPlay:UNIT:PULSe", Choice("WIDTh", "DUTY"), default="WIDT")
    display_arb = Setting("DISPlay:UNIT:ARBRate", Choice("SRATe", "PERiod", "FREQuency"), default="SRAT")
    display_sweep = Setting("DISPlay:UNIT:SWEep", Choice("STARtstop", "CENTerspan"), default="STAR")
    beeper = Setting("SYSTem:BEEPer:STATe", Boolean(), default=True, reset=False)
    angle_unit = Setting("UNIT:ANGLe", Choice("DEGree"), default="DEG")
    reference = Setting("ROSCillator:SOURce", Choice("INTernal", "EXTernal"), default="INT", change="_reference_chosen")
    reference_auto = Setting("ROSCillator:SOURce:AUTO", Boolean(), default=True)
    gpib_address = Setting("SYSTem:COMMunicate:GPIB:ADDRess", Integer("", 0, 30, 10), default=10, reset=False)

    def _reference_chosen(self) -> None:
        """Look for a 10 MHz reference, which is never there: its connector cannot be wired."""
        lost = self.reference == "EXT"
        self.status.questionable.set_bit(REFERENCE_UNLOCKED, lost)
        self.status.update()
        if lost:
            self.post_error(580, text="Reference phase-locked loop is unlocked")

    @command("ROSCillator:SOURce:CURRent?")
    def present_reference(self) -> str:
        """``ROSC:SOUR:CURR?``: what the time base runs from."""
        return "INT"

    @command("SYSTem:DATE?")
    def date(self) -> str:
        """``SYST:DATE?``: of the simulated bench, which begins on 1 January 2020."""
        days = int(self.clock.now // 86400)
        return f"+2020,+01,{min(days + 1, 31):+03d}"

    @command("SYSTem:TIME?")
    def time(self) -> str:
        """``SYST:TIME?``."""
        seconds = self.clock.now % 86400
        return f"{int(seconds // 3600):02d},{int(seconds % 3600 // 60):02d},{seconds % 60:06.3f}"

    @command("SYSTem:BEEPer[:IMMediate]")
    @command("DISPlay:TEXT:CLEar")
    @command("SYSTem:LOCal")
    @command("SYSTem:REMote")
    @command("SYSTem:RWLock")
    def _no_effect(self) -> None:
        """Accepted, without effect on what is measured."""
