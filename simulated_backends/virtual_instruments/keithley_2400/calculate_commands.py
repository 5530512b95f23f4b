"""Virtual 2400 family: the commands CALCulate1 to CALCulate3 (manual, section 18)."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.calculations import CATALOGUE, LIMITS, LimitTest
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER

_LIMIT = ":CALCulate2:LIMit<1-12>"
_BOUND = Number(low=-9.999999e20, high=9.999999e20)


class _Expression(Text):
    """An expression in parentheses, without quotes."""

    def __init__(self) -> None:
        super().__init__(bare=True)


class CalculatedTable(SourceMeterTable):
    """Base of the tables whose commands answer with a calculated number."""

    def result(self, value: float) -> str | bytes:
        """Return a result in the chosen format; a number that stands for none before the first reading."""
        return self.reading_format.written([value if self.meter.sample else NOT_A_NUMBER])


class Limits2400(CalculatedTable):
    """Null and limit tests."""

    composite_when = Setting(":CALCulate2:CLIMits:BCONtrol", Choice("IMMediate", "END"), "IMM")
    composite_mode = Setting(":CALCulate2:CLIMits:MODE", Choice("GRADing", "SORTing"), "GRAD")
    composite_clears = Setting(":CALCulate2:CLIMits:CLEar:AUTO", Boolean(), True)

    @command(":CALCulate2:FEED", Choice("CALCulate1", "VOLTage", "CURRent", "RESistance"))
    def _set_feed(self, feed: str) -> None:
        self.calculations.feed = feed

    @command(":CALCulate2:FEED?")
    def _feed(self) -> str:
        return self.calculations.feed

    @command(":CALCulate2:NULL:OFFSet", _BOUND)
    def _set_offset(self, value: float) -> None:
        self.calculations.null_offset = value

    @command(":CALCulate2:NULL:OFFSet?")
    def _offset(self) -> str:
        return self.format_number(self.calculations.null_offset)

    @command(":CALCulate2:NULL:STATe", Boolean())
    def _set_null(self, on: bool) -> None:
        self.calculations.null_enabled = on

    @command(":CALCulate2:NULL:STATe?")
    def _null(self) -> str:
        return str(int(self.calculations.null_enabled))

    @command(":CALCulate2:NULL:ACQuire")
    def _acquire(self) -> None:
        if not self.meter.sample:
            raise ScpiError(-230)
        name = self.calculations.feed
        latest = self.meter.sample[-1].values
        self.calculations.null_offset = self.calculations.math_result if name == "CALC1" else latest[name]

    @command(":CALCulate2:DATA[:LATest]?")
    def _limit_data(self) -> str | bytes:
        return self.result(self.calculations.nulled)

    def _test(self, number: int) -> LimitTest:
        if number not in LIMITS:
            raise ScpiError(-114)
        return self.calculations.limits[number]

    @command(f"{_LIMIT}:STATe", Boolean())
    def _set_test(self, number: int, on: bool) -> None:
        self._test(number).enabled = on

    @command(f"{_LIMIT}:STATe?")
    def _test_state(self, number: int) -> str:
        return str(int(self._test(number).enabled))

    @command(f"{_LIMIT}:{{UPPer|LOWer}}[:DATA]", _BOUND)
    def _set_bound(self, number: int, which: str, value: float) -> None:
        test = self._test(number)
        if which == "UPP":
            test.high = value
        else:
            test.low = value

    @command(f"{_LIMIT}:{{UPPer|LOWer}}[:DATA]?")
    def _bound(self, number: int, which: str) -> str:
        test = self._test(number)
        return self.format_number(test.high if which == "UPP" else test.low)

    @command(f"{_LIMIT}:COMPliance:FAIL", Choice("IN", "OUT"))
    def _set_compliance_failure(self, number: int, when: str) -> None:
        self._test(number).fails_in_compliance = when == "IN"

    @command(f"{_LIMIT}:COMPliance:FAIL?")
    def _compliance_failure(self, number: int) -> str:
        return "IN" if self._test(number).fails_in_compliance else "OUT"

    @command(f"{_LIMIT}:FAIL?")
    def _failed(self, number: int) -> str:
        return str(int(self._test(number).failed))

    @command(":CALCulate2:CLIMits:CLEar[:IMMediate]")
    def _clear_composite(self) -> None:
        for test in self.calculations.limits.values():
            test.failed = False


class Math2400(CalculatedTable):
    """Math expressions and statistics."""

    units = Setting(":CALCulate[:MATH]:UNITs", Text(bare=True, maximum=3), "")

    @command(":CALCulate:MATH[:EXPRession]:CATalog?")
    def _catalogue(self) -> str:
        return ",".join(f'"{name}"' for name in self.calculations.expressions)

    @command(":CALCulate:MATH[:EXPRession]:NAME", Text())
    def _set_name(self, name: str) -> None:
        self.calculations.expressions.setdefault(capitals(name), "")
        self.calculations.expression_name = capitals(name)

    @command(":CALCulate:MATH[:EXPRession]:NAME?")
    def _name(self) -> str:
        return f'"{self.calculations.expression_name}"'

    @command(":CALCulate:MATH[:EXPRession][:DEFine]", _Expression())
    def _define(self, text: str) -> None:
        if self.calculations.expression_name in CATALOGUE:
            raise refusal(808)
        self.calculations.define(text)

    @command(":CALCulate:MATH[:EXPRession][:DEFine]?")
    def _defined(self) -> str:
        return self.calculations.expressions[self.calculations.expression_name]

    @command(":CALCulate:MATH[:EXPRession]:DELete[:SELected]", Text())
    def _delete(self, name: str) -> None:
        if capitals(name) in CATALOGUE:
            raise refusal(808)
        if capitals(name) not in self.calculations.expressions:
            raise refusal(806)
        del self.calculations.expressions[capitals(name)]
        if self.calculations.expression_name == capitals(name):
            self.calculations.expression_name = "POWER"

    @command(":CALCulate:STATe", Boolean())
    def _set_state(self, on: bool) -> None:
        self.calculations.math_enabled = on

    @command(":CALCulate:STATe?")
    def _state(self) -> str:
        return str(int(self.calculations.math_enabled))

    @command(":CALCulate:DATA[:LATest]?")
    def _math_data(self) -> str | bytes:
        return self.result(self.calculations.math_result)

    @command(":CALCulate3:FORMat", Choice("MEAN", "SDEViation", "MAXimum", "MINimum", "PKPK"))
    def _set_statistic(self, statistic: str) -> None:
        self.calculations.statistic = statistic

    @command(":CALCulate3:FORMat?")
    def _statistic(self) -> str:
        return self.calculations.statistic

    @command(":CALCulate3:DATA?")
    def _statistics(self) -> str | bytes:
        if not self.buffer.readings:
            raise ScpiError(-230)
        return self.reading_format.written(
            self.calculations.statistics_of(self.buffer.readings, self.reading_format.elements))
