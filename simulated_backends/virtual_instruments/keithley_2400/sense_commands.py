"""Virtual 2400 family: the commands SENSe (manual, section 18)."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Many, Number, text_of
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import ALL
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for


class _Function(Choice):
    """``"CURR"``, ``'VOLT:DC'``, ...: always in quotes."""

    def __init__(self) -> None:
        super().__init__("VOLTage", "CURRent", "RESistance", quoted=True)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw)
        if text[:1] not in {"'", '"'}:
            raise ScpiError(-104)
        for ending in (":DC", ":dc"):
            text = text.replace(ending, "")
        return super().parse(text.encode("latin-1"), owner, key)


_FUNCTIONS = Many(_Function(), 1, 3)
_QUANTITY = "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]"
_LIMITED = "[:SENSe]:{VOLTage|CURRent}[:DC]:PROTection"


def _named(functions: set[str]) -> str:
    names = [f'"{name}"' if name == "RES" else f'"{name}:DC"' for name in ALL if name in functions]
    return ",".join(names)


class Functions2400(SourceMeterTable):
    """Which functions are measured."""

    @command("[:SENSe]:FUNCtion:CONCurrent", Boolean())
    def _set_concurrent(self, on: bool) -> None:
        self.functions.concurrent = on
        if not on and len(self.functions.selected) > 1:   # the voltage function stays (manual, p. 18-60)
            self.functions.selected = {"VOLT"}
            self.functions.apply()

    @command("[:SENSe]:FUNCtion:CONCurrent?")
    def _concurrent(self) -> str:
        return str(int(self.functions.concurrent))

    @command("[:SENSe]:FUNCtion[:ON]", _FUNCTIONS)
    def _function_on(self, *functions: str) -> None:
        if len(functions) > 1 and not self.functions.concurrent:
            raise ScpiError(-221)
        self.functions.select(set(functions))

    @command("[:SENSe]:FUNCtion[:ON]:ALL")
    def _functions_on(self) -> None:
        if not self.functions.concurrent:
            raise ScpiError(-221)
        self.functions.select(set(ALL))

    @command("[:SENSe]:FUNCtion:OFF", _FUNCTIONS)
    def _function_off(self, *functions: str) -> None:
        self.functions.selected -= set(functions)
        self.functions.apply()

    @command("[:SENSe]:FUNCtion:OFF:ALL")
    def _functions_off(self) -> None:
        self.functions.selected = set()
        self.functions.apply()

    @command("[:SENSe]:FUNCtion[:ON]?")
    def _functions(self) -> str:
        return _named(self.functions.selected)

    @command("[:SENSe]:FUNCtion:OFF?")
    def _functions_that_are_off(self) -> str:
        return _named(set(ALL) - self.functions.selected)

    @command("[:SENSe]:FUNCtion[:ON]:COUNt?")
    def _number_on(self) -> str:
        return str(len(self.functions.selected))

    @command("[:SENSe]:FUNCtion:OFF:COUNt?")
    def _number_off(self) -> str:
        return str(len(ALL) - len(self.functions.selected))

    @command("[:SENSe]:FUNCtion:STATe?", _Function())
    def _function_state(self, function: str) -> str:
        return str(int(function in self.functions.selected))


class Sense2400(SourceMeterTable):
    """Ranges, aperture, compliance, filter. Aperture and filter are the same for all functions."""

    range_follows_compliance = Setting(f"{_LIMITED}:RSYNchronize", Boolean(), False, coerce="_set_synchronous")
    autorange_lowest = Setting(
        f"{_QUANTITY}:RANGe:AUTO:LLIMit", Number(),
        lambda owner, f: {"VOLT": 0.21, "CURR": 1.05e-6, "RES": 21.0}[f])

    # --------------------------------------------------------------------------------------------- ranges

    @command(f"{_QUANTITY}:RANGe[:UPPer]", AnyOf(
        Choice("UP", "DOWN"), Number(high="highest_range", symmetric=True, default="first_range",
                                     )))
    def _set_range(self, function: str, value: float | str) -> None:
        if function == "RES":
            if not self.functions.automatic_ohms:
                raise ScpiError(-221)
            self.functions.resistance_range = self._stepped(self.functions.resistance_range, value)
            self.functions.resistance_autorange = False
            self.functions.apply()
            return
        if function == self.settings.source_function:
            raise refusal(823)
        rows = self.data_sheet.ranges[function]
        if isinstance(value, str):
            now = self.output.fixed_measuring_range(function)
            if not self.settings.sense_autorange[function] or self.settings.sense_range[function]:
                place = rows.index(now) + (1 if value == "UP" else -1)
            else:
                place = rows.index(self.output.automatic[function]) + (1 if value == "UP" else -1)
            row = rows[min(max(place, 0), len(rows) - 1)]
        else:
            row = range_for(rows, value)
        limit = self._limit(function)
        if row.full_scale > range_for(rows, limit).full_scale:
            raise refusal(824)
        self.settings.sense_range[function] = row.full_scale
        self.settings.sense_autorange[function] = False
        self.output.measuring_changed()

    def _stepped(self, now: float, value: float | str) -> float:
        rows = self.data_sheet.resistance_ranges
        if not isinstance(value, str):
            return self.functions.range_for(value)
        place = rows.index(now) + (1 if value == "UP" else -1)
        return rows[min(max(place, 0), len(rows) - 1)]

    @command(f"{_QUANTITY}:RANGe[:UPPer]?")
    def _range(self, function: str) -> str:
        if function == "RES":
            return self.format_number(1.05 * self.functions.resistance_range)
        if function == self.settings.source_function:
            level = self.settings.source_level[function]
            if self.settings.source_autorange[function] and level == 0.0:
                return self.format_number(self.data_sheet.first_ranges[function].top)
            return self.format_number(self.output.source_range().top)
        if self.settings.sense_autorange[function]:
            return self.format_number(self.output.automatic[function].top)
        return self.format_number(self.output.fixed_measuring_range(function).top)

    @command(f"{_QUANTITY}:RANGe:AUTO", Boolean())
    def _set_autorange(self, function: str, on: bool) -> None:
        if function == "RES":
            self.functions.resistance_autorange = on
            return
        if not on and self.settings.sense_autorange[function] and function != self.settings.source_function:
            self.settings.sense_range[function] = self.output.automatic[function].full_scale
        self.settings.sense_autorange[function] = on
        self.output.measuring_changed()

    @command(f"{_QUANTITY}:RANGe:AUTO?")
    def _autorange(self, function: str) -> str:
        if function == "RES":
            return str(int(self.functions.resistance_autorange))
        return str(int(self.settings.sense_autorange[function]))

    @command("[:SENSe]:{VOLTage|CURRent}[:DC]:RANGe:AUTO:ULIMit?")
    def _autorange_highest(self, function: str) -> str:
        return self.format_number(range_for(self.data_sheet.ranges[function], self._limit(function)).top)

    def highest_range(self, function: str) -> float:
        """Return the highest value [V, A or Ohm] that the RANGe command takes."""
        sheet = self.data_sheet
        return 1.05 * sheet.resistance_ranges[-1] if function == "RES" else sheet.ranges[function][-1].top

    def first_range(self, function: str) -> float:
        """Return the range [V, A or Ohm] after a reset."""
        sheet = self.data_sheet
        return sheet.resistance_ranges[4] if function == "RES" else sheet.first_ranges[function].full_scale

    # --------------------------------------------------------------------------- aperture, filter, ohms

    @command(f"{_QUANTITY}:NPLCycles", Number("", 0.01, 10.0, 1.0))
    def _set_aperture(self, function: str, cycles: float) -> None:
        self.settings.nplc.update(dict.fromkeys(ALL, round(cycles, 2)))

    @command(f"{_QUANTITY}:NPLCycles?")
    def _aperture(self, function: str) -> str:
        return self.format_number(self.settings.nplc["CURR"])

    @command("[:SENSe]:AVERage[:STATe]", Boolean())
    def _set_filter(self, on: bool) -> None:
        self.settings.filter_on.update(dict.fromkeys(ALL, on))

    @command("[:SENSe]:AVERage[:STATe]?")
    def _filter(self) -> str:
        return str(int(self.settings.filter_on["CURR"]))

    @command("[:SENSe]:AVERage:TCONtrol", Choice("REPeat", "MOVing"))
    def _set_filter_type(self, kind: str) -> None:
        self.settings.filter_type.update(dict.fromkeys(ALL, kind))

    @command("[:SENSe]:AVERage:TCONtrol?")
    def _filter_type(self) -> str:
        return self.settings.filter_type["CURR"]

    @command("[:SENSe]:AVERage:COUNt", Integer("", 1, 100, 10))
    def _set_filter_count(self, count: int) -> None:
        self.settings.filter_count.update(dict.fromkeys(ALL, count))

    @command("[:SENSe]:AVERage:COUNt?")
    def _filter_count(self) -> str:
        return str(self.settings.filter_count["CURR"])

    @command("[:SENSe]:RESistance:MODE", Choice("MANual", "AUTO"))
    def _set_ohms_mode(self, mode: str) -> None:
        self.functions.automatic_ohms = mode == "AUTO"
        self.functions.apply()

    @command("[:SENSe]:RESistance:MODE?")
    def _ohms_mode(self) -> str:
        return "AUTO" if self.functions.automatic_ohms else "MAN"

    @command("[:SENSe]:RESistance:OCOMpensated", Boolean())
    def _set_offset_compensated(self, on: bool) -> None:
        self.functions.offset_compensated = on

    @command("[:SENSe]:RESistance:OCOMpensated?")
    def _offset_compensated(self) -> str:
        return str(int(self.functions.offset_compensated))

    # ----------------------------------------------------------------------------------------- compliance

    @command(f"{_LIMITED}[:LEVel]", Number(
        high=lambda owner, f: owner.data_sheet.ranges[f][-1].top, symmetric=True,
        default=lambda owner, f: 105e-6 if f == "CURR" else 21.0))
    def _set_limit(self, function: str, value: float) -> None:
        limit, rows = abs(value), self.data_sheet.ranges[function]
        least = self.data_sheet.least_of_range * rows[0].full_scale
        fixed = function != self.settings.source_function and not self.settings.sense_autorange[function]
        if fixed:
            if self.range_follows_compliance[function]:
                self.settings.sense_range[function] = range_for(rows, limit).full_scale
            least = self.data_sheet.least_of_range * self.output.fixed_measuring_range(function).full_scale
        if limit < least * (1 - 1e-9):
            raise refusal(822)
        sourced = "VOLT" if function == "CURR" else "CURR"
        self.meter.require_power(sourced, self.output.source_range(sourced).full_scale, limit)
        if function == "CURR":
            self.settings.current_limit = limit
        else:
            self.settings.voltage_limit = limit
        self.output.refresh()

    @command(f"{_LIMITED}[:LEVel]?")
    def _limit_query(self, function: str) -> str:
        return self.format_number(self._limit(function))

    @command(f"{_LIMITED}:TRIPped?")
    def _tripped(self, function: str) -> str:
        limits = function != self.settings.source_function
        return str(int(limits and self.output.stage.limiting()))

    def _limit(self, function: str) -> float:
        return self.settings.current_limit if function == "CURR" else self.settings.voltage_limit

    def _set_synchronous(self, function: str, on: bool) -> bool:
        for each in ("VOLT", "CURR"):   # the two commands change one setting (manual, p. 18-68)
            self.range_follows_compliance[each] = on
        return on
