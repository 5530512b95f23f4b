"""Virtual interactive source meter: what is made of a reading (relative offset, math, limits), and its commands.

The order is unit, relative offset, math, limits (reference manual 2450-901-01 rev. B, section 3). Failed limits are
bits of the status of a reading (manual of the 2461, 2461-901-01 rev. A, p. 6-9). Nothing beeps.
"""

from collections.abc import Generator
from dataclasses import replace

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

_FUNCTION = "{VOLTage|CURRent|RESistance}[:DC]"
_LIMIT = f":CALCulate2:{_FUNCTION}:LIMit<1-2>"
_MATH = f":CALCulate:{_FUNCTION}:MATH"
#: bits of the status of a reading, by limit: below, above
_LIMIT_BITS = {1: (64, 128), 2: (16, 32)}
#: settings without which a reading is what was measured
CALCULATED = ("relative_on", "math_on", "limit_on", "sense_unit")
_AUTO_OHMS_LIMIT = 21.0  #: [V] that the highest resistance needs at its test current
_LARGEST, _LARGEST_LIMIT = 9.99999e20, 9.99999e11


class CalculateCommands(MeterTable):
    """CALCulate, CALCulate2, SENSe:...:RELative and SENSe:...:UNIT."""

    sense_unit = Setting(
        f"[:SENSe]:{_FUNCTION}:UNIT", Choice("AMP", "VOLT", "OHM", "WATT"),
        lambda owner, f: {"VOLT": "VOLT", "CURR": "AMP", "RES": "OHM"}[f],
    )
    relative = Setting(f"[:SENSe]:{_FUNCTION}:RELative", Number("", -_LARGEST, _LARGEST, 0.0), 0.0)
    relative_on = Setting(f"[:SENSe]:{_FUNCTION}:RELative:STATe", Boolean(), False)
    math_format = Setting(f"{_MATH}:FORMat", Choice("MXB", "PERCent", "RECiprocal"), "PERC")
    math_on = Setting(f"{_MATH}:STATe", Boolean(), False)
    math_offset = Setting(f"{_MATH}:MBFactor", Number("", -_LARGEST, _LARGEST, 0.0), 0.0)
    math_factor = Setting(f"{_MATH}:MMFactor", Number("", -_LARGEST, _LARGEST, 1.0), 1.0)
    math_reference = Setting(f"{_MATH}:PERCent", Number("", -_LARGEST, _LARGEST, 1.0), 1.0)
    math_unit = Setting(f"{_MATH}:MBUNits", Text(bare=True), "X")
    limit_low = Setting(f"{_LIMIT}:LOWer[:DATA]", Number("", -_LARGEST_LIMIT, _LARGEST_LIMIT, -1.0), -1.0)
    limit_high = Setting(f"{_LIMIT}:UPPer[:DATA]", Number("", -_LARGEST_LIMIT, _LARGEST_LIMIT, 1.0), 1.0)
    limit_on = Setting(f"{_LIMIT}:STATe", Boolean(), False, change="_limit_switched")
    limit_sound = Setting(f"{_LIMIT}:AUDible", Choice("NONE", "FAIL", "PASS"), "NONE")
    limit_clears = Setting(f"{_LIMIT}:CLEar:AUTO", Boolean(), True)

    #: which limits have failed since they were cleared, by function and limit: "NONE", "LOW", "HIGH" or "BOTH"
    failed: dict[tuple[str, int], str]

    def forget(self) -> None:
        """Forget which limits have failed."""
        self.failed = {}

    def limits(self, number: int) -> tuple[float, float]:
        """Return the limits 1 or 2 of the measuring function."""
        key = (self.settings.sense_function, number)
        return float(self.limit_low[key]), float(self.limit_high[key])

    def take(self) -> Generator[float, None, MeterReading]:
        """Take a reading and make of it what the settings say; yields the seconds it needs."""
        if self.settings.sense_function == "RES" and self.settings.source_level[self.settings.source_function] == 0.0:
            yield from self._choose_test_current()
        reading = yield from self.measurer.take()
        return self._made(reading)

    def _choose_test_current(self) -> Generator[float, None, None]:
        """Source the current for the range that suits the resistance, from the highest range down (auto ohms)."""
        settings, output = self.settings, self.output
        if not output.stage.enabled:
            return
        settings.source_function, settings.source_autorange["CURR"] = "CURR", True
        settings.voltage_limit = max(settings.voltage_limit, _AUTO_OHMS_LIMIT)
        fixed = settings.sense_range["RES"]
        rows = list(zip(self.data_sheet.resistance_ranges, self.data_sheet.test_currents, strict=True))
        for ohms, current in reversed(rows):
            if fixed is not None and not settings.sense_autorange["RES"] and ohms != fixed:
                continue
            settings.source_level["CURR"] = current
            output.level_changed("CURR")
            yield max(output.settled_at - self.clock.now, 0.0)
            if abs(output.stage.present("VOLT") / current) > ohms / 10.0:
                return

    def _made(self, reading: MeterReading) -> MeterReading:
        function = reading.quantity
        value, unit = self._converted(reading)
        if abs(value) < OVERFLOW:
            if self.relative_on[function]:
                value -= self.relative[function]
            if self.math_on[function]:
                value, unit = self._calculated(function, value)
        marks = sum(
            self._judged(function, limit, value) for limit in _LIMIT_BITS if self.limit_on[function, limit])
        if (value, unit, marks) == (reading.value, "", 0):
            return reading
        return replace(reading, value=value, unit=unit, limits=marks)

    def _converted(self, reading: MeterReading) -> tuple[float, str]:
        """Return the reading in the unit of the display: Ohm or W from the reading and the source."""
        unit = self.sense_unit[reading.quantity]
        value, source = reading.value, reading.source_value
        if unit not in {"OHM", "WATT"} or reading.quantity in {"RES", reading.source} or abs(value) >= OVERFLOW:
            return value, ""
        if unit == "WATT":
            return value * source, "W"
        voltage, current = (value, source) if reading.quantity == "VOLT" else (source, value)
        return (voltage / current if current else OVERFLOW), "Ohm"

    def _calculated(self, function: str, value: float) -> tuple[float, str]:
        kind = self.math_format[function]
        if kind == "MXB":
            return self.math_factor[function] * value + self.math_offset[function], str(self.math_unit[function])
        if kind == "REC":
            return (1.0 / value if value else OVERFLOW), "1/x"
        reference = self.math_reference[function]
        return ((value - reference) / reference * 100.0 if reference else OVERFLOW), "%"

    def _judged(self, function: str, limit: int, value: float) -> int:
        """Return the status bits of one limit, and remember a failure."""
        key = (function, limit)
        low, high = value < float(self.limit_low[key]), value > float(self.limit_high[key])
        before = "NONE" if self.limit_clears[key] else self.failed.get(key, "NONE")
        found = {before, "LOW" if low else "NONE", "HIGH" if high else "NONE"} - {"NONE"}
        self.failed[key] = "BOTH" if len(found) > 1 else next(iter(found), "NONE")
        below, above = _LIMIT_BITS[limit]
        return below * low + above * high

    def _limit_switched(self, function: str, limit: int) -> None:
        self.failed.pop((function, limit), None)

    @command(f"{_LIMIT}:FAIL?")
    def _limit_failed(self, function: str, limit: int) -> str:
        return self.failed.get((function, limit), "NONE")

    @command(f"{_LIMIT}:CLEar[:IMMediate]")
    def _clear_limit(self, function: str, limit: int) -> None:
        self.failed.pop((function, limit), None)

    @command(f"[:SENSe]:{_FUNCTION}:RELative:ACQuire")
    def _acquire_relative(self, function: str) -> Handler:
        self.relative[function] = yield from self._present(function)

    @command(f"{_MATH}:PERCent:ACQuire")
    def _acquire_reference(self, function: str) -> Handler:
        self.math_reference[function] = yield from self._present(function)

    def _present(self, function: str) -> Handler:
        """Take a reading of a function, before any calculation, and return its value."""
        before = self.settings.sense_function
        self.settings.sense_function = function
        try:
            reading = yield from self.measurer.take()
        finally:
            self.settings.sense_function = before
        return reading.value
