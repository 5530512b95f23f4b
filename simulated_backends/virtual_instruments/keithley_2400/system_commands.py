"""Virtual 2400 family: the commands STATus, SYSTem, DISPlay, ROUTe and those of the digital port (manual, 15, 18)."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler, all_errors
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Number, Text
from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import ALL
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import IN_COMPLIANCE

_REGISTER = ":STATus:{MEASurement|OPERation|QUEStionable}"
_FORMATS = {"ASC": "d", "HEX": "X", "OCT": "o", "BIN": "b"}
_MARKS = {"ASC": "", "HEX": "#H", "OCT": "#Q", "BIN": "#B"}


class Registers2400(SourceMeterTable):
    """The registers MEASurement, OPERation and QUEStionable. They have no transition filters."""

    def _register(self, name: str) -> EventRegister:
        status = self.status
        return {"MEAS": self.meter.measurement, "OPER": status.operation, "QUES": status.questionable}[name]

    def written(self, value: int) -> str:
        """Write a register as :FORMat:SREGister says."""
        kind = self.reading_format.register_format
        return _MARKS[kind] + format(value, _FORMATS[kind])

    @command(f"{_REGISTER}[:EVENt]?")
    def _event(self, name: str) -> str:
        value = self._register(name).read_event()
        self.status.update()
        return self.written(value)

    @command(f"{_REGISTER}:CONDition?")
    def _condition(self, name: str) -> str:
        register = self._register(name)
        if name == "MEAS":
            register.set_bit(IN_COMPLIANCE, self.output.stage.limiting())
        return self.written(register.condition)

    @command(f"{_REGISTER}:ENABle", Integer(low=0, high=65535))
    def _set_enable(self, name: str, mask: int) -> None:
        self._register(name).enable = mask
        self.status.update()

    @command(f"{_REGISTER}:ENABle?")
    def _enable(self, name: str) -> str:
        return self.written(self._register(name).enable)

    @command(":STATus:PRESet")
    def _preset(self) -> None:
        for name in ("MEAS", "OPER", "QUES"):
            self._register(name).enable = 0
        self.status.update()


class Queue2400(SourceMeterTable):
    """The error queue, and what clears it with all events."""

    @command("*CLS")
    def _clear(self) -> None:
        self.meter.operations.forget_request()
        self.meter.measurement.event = 0
        self.status.clear()

    @command(":STATus:QUEue[:NEXT]?")
    @command(":SYSTem:ERRor[:NEXT]?")
    def _next(self) -> str:
        if not self.status.errors:
            return self.meter.no_error
        error = self.status.errors.popleft()
        self.status.update()
        return self.meter.format_error(error.code, error.text, error.time)

    @command(":SYSTem:ERRor:ALL?")
    def _all(self) -> str:
        return all_errors(self.meter)

    @command(":SYSTem:ERRor:CODE[:NEXT]?")
    def _next_code(self) -> str:
        code = self.status.errors.popleft().code if self.status.errors else 0
        self.status.update()
        return str(code)

    @command(":SYSTem:CLEar")
    @command(":STATus:QUEue:CLEar")
    def _clear_queue(self) -> None:
        self.status.errors.clear()
        self.status.update()


class System2400(SourceMeterTable):
    """SYSTem, DISPlay, ROUTe, the digital port."""

    display_enabled = Setting(":DISPlay:ENABle", Boolean(), True)
    digits = Setting(":DISPlay:DIGits", Integer("", 4, 7, 6), 6)
    display_text = Setting(":DISPlay[:WINDow<1-2>]:TEXT:STATe", Boolean(), False)
    beeper = Setting(":SYSTem:BEEPer:STATe", Boolean(), True)
    guard = Setting(":SYSTem:GUARd", Choice("OHMS", "CABLe"), "CABL")
    contact_check = Setting(":SYSTem:CCHeck", Boolean(), False)
    time_resets = Setting(":SYSTem:TIME:RESet:AUTO", Boolean(), False)
    ranging_mode = Setting(":SYSTem:RCMode", Choice("SINGle", "MULTiple"), "SING")
    digital_lines = Setting(":SOURce2:TTL[:LEVel][:DEFault]", Integer("", 0, 15, 15), 15)
    digital_size = Setting(":SOURce2:BSIZe", Integer("", 3, 16), 4, reset=False)
    digital_clears = Setting(":SOURce2:CLEar:AUTO", Boolean(), False)
    digital_clear_delay = Setting(":SOURce2:CLEar:AUTO:DELay", Number("", 0.0, 60.0, 1e-4), 1e-4)
    digital_busy = Setting(":SOURce2:TTL4:MODE", Choice("EOTest", "BUSY"), "EOT")

    @command(":ROUTe:TERMinals", Choice("FRONt", "REAR"))
    def _set_terminals(self, terminals: str) -> Handler:
        """Choose the jacks: the output goes off first (manual, p. 18-58)."""
        front = terminals == "FRON"
        if not front and not self.data_sheet.rear_terminals:
            raise ScpiError(-224)
        if front != self.settings.front_terminals and self.output.stage.enabled:
            yield from self.output.switch_off()
        self.settings.front_terminals = front

    @command(":ROUTe:TERMinals?")
    def _terminals(self) -> str:
        return "FRON" if self.settings.front_terminals else "REAR"

    @command(":SYSTem:RSENse", Boolean())
    def _set_remote_sense(self, on: bool) -> None:
        self.settings.four_wire.update(dict.fromkeys(ALL, on))

    @command(":SYSTem:RSENse?")
    def _remote_sense(self) -> str:
        return str(int(self.settings.four_wire["CURR"]))

    @command(":SYSTem:AZERo[:STATe]", AnyOf(Choice("ONCE"), Boolean()))
    def _set_auto_zero(self, state: bool | str) -> Handler:
        if state == "ONCE":
            yield 2.0 * self.settings.nplc["CURR"] / self.settings.line_frequency
            return
        self.settings.auto_zero.update(dict.fromkeys(ALL, bool(state)))

    @command(":SYSTem:AZERo[:STATe]?")
    def _auto_zero(self) -> str:
        return str(int(self.settings.auto_zero["CURR"]))

    @command(":SYSTem:LFRequency", Number("", 50, 60))
    def _set_line_frequency(self, frequency: float) -> None:
        if frequency not in {50.0, 60.0}:
            raise ScpiError(-222)
        self.settings.line_frequency = frequency
        self.meter.line_frequency_found = False

    @command(":SYSTem:LFRequency?")
    def _line_frequency(self) -> str:
        return f"{self.settings.line_frequency:.0f}"

    @command(":SYSTem:LFRequency:AUTO", Boolean())
    def _set_line_frequency_found(self, on: bool) -> None:
        self.meter.line_frequency_found = on
        if on:
            self.settings.line_frequency = self.meter.mains_frequency

    @command(":SYSTem:LFRequency:AUTO?")
    def _line_frequency_found(self) -> str:
        return str(int(self.meter.line_frequency_found))

    @command(":SYSTem:TIME?")
    def _time(self) -> str:
        return f"{self.clock.now - self.meter.time_zero:.6f}"

    @command(":SYSTem:TIME:RESet")
    def _reset_time(self) -> None:
        self.meter.time_zero = self.clock.now

    @command(":SYSTem:PRESet")
    def _preset(self) -> Handler:
        yield from self.meter.common_commands.reset_command()
        self.reading_format.byte_order = "SWAP"   # the only difference to *RST that this model has

    @command(":SYSTem:MEP[:STATe]?")
    def _protocol(self) -> str:
        return "1"

    @command(":SYSTem:VERSion?")
    def _version(self) -> str:
        return "1996.0"

    @command(":SYSTem:BEEPer[:IMMediate]", Number("", 65, 2e6), Number("", 0, 7.9))
    def _beep(self, *ignored: float) -> None:
        return None

    @command(":SYSTem:{LOCal|REMote|RWLock}")
    @command(":DISPlay:CNDisplay")
    def _nothing(self, *ignored: Any) -> None:
        return None

    @command(":DISPlay[:WINDow<1-2>]:TEXT[:DATA]", Text(maximum=32))
    def _display(self, window: int, text: str) -> None:
        if window == 1 and len(text) > 20:
            raise ScpiError(-223)
