"""Virtual B2900 family: the commands SYSTem, STATus:MEASurement and DISPlay (SCPI reference, chapter 4)."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler, all_errors
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import TableB2900

_MASKS = {"ENAB": "enable", "PTR": "positive", "NTR": "negative"}


class SystemB2900(TableB2900):
    """Time stamp, line frequency, interlock, error queue, measurement status, display."""

    display_enabled = Setting(":DISPlay:ENABle", Boolean(), True)
    display_view = Setting(
        ":DISPlay:VIEW", Choice("SINGle1", "SINGle2", "DUAL", "GRAPh", "ROLL"), "SING1")
    display_digits = Setting(":DISPlay:DIGits", Integer("", 4, 7, 7), 7)
    beeper = Setting(":SYSTem:BEEPer:STATe", Boolean(), True)

    @command(":SYSTem:LFRequency", Number("", 50, 60))
    def _set_line_frequency(self, frequency: float) -> None:
        if frequency not in {50.0, 60.0}:
            raise ScpiError(-222)
        for channel in self.meter.channels.values():
            channel.settings.line_frequency = frequency

    @command(":SYSTem:LFRequency?")
    def _line_frequency(self) -> str:
        return f"{self.meter.channels[1].settings.line_frequency:.0f}"

    @command(":SYSTem:TIME:TIMer:COUNt:RESet[:IMMediate]")
    def _reset_time(self) -> None:
        self.meter.time_zero = self.clock.now

    @command(":SYSTem:TIME:TIMer:COUNt:RESet:AUTO", Boolean())
    def _set_time_resets(self, on: bool) -> None:
        self.meter.time_resets = on

    @command(":SYSTem:TIME:TIMer:COUNt:RESet:AUTO?")
    def _time_resets(self) -> str:
        return str(int(self.meter.time_resets))

    @command(":SYSTem:TIME:TIMer:COUNt?")
    def _time(self) -> str:
        return self.format_number(self.clock.now - self.meter.time_zero)

    @command(":SYSTem:INTerlock:TRIPped?")
    def _interlock(self) -> str:
        return str(int(not self.meter.interlock_closed))

    @command(":SYSTem:PRESet")
    def _preset(self) -> Handler:
        yield from self.meter.common_commands.reset_command()

    @command(":SYSTem:BEEPer[:IMMediate]", Number("", 55, 6640), Number("", 0.05, 12.75))
    def _beep(self, frequency: float, seconds: float) -> None:
        return None

    @command(":SYSTem:ERRor:ALL?")
    def _errors(self) -> str:
        return all_errors(self.meter)

    @command(":SYSTem:ERRor:CODE[:NEXT]?")
    def _next_code(self) -> str:
        code = self.status.errors.popleft().code if self.status.errors else 0
        self.status.update()
        return f"{code:+d}"

    @command(":STATus:MEASurement[:EVENt]?")
    def _event(self) -> str:
        value = self.meter.measurement.read_event()
        self.status.update()
        return self.format_integer(value)

    @command(":STATus:MEASurement:CONDition?")
    def _condition(self) -> str:
        self.meter.operations.not_yet()
        return self.format_integer(self.meter.measurement.condition)

    @command(":STATus:MEASurement:{ENABle|PTRansition|NTRansition}", Integer(low=0, high=65535))
    def _set_mask(self, mask: str, value: int) -> None:
        setattr(self.meter.measurement, _MASKS[mask], value)
        self.status.update()

    @command(":STATus:MEASurement:{ENABle|PTRansition|NTRansition}?")
    def _mask(self, mask: str) -> str:
        return self.format_integer(getattr(self.meter.measurement, _MASKS[mask]))
