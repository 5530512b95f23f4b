"""Virtual Lake Shore temperature controller: the commands for readings and for control."""

from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import (
    COMMAND_ERROR,
    number,
    whole_number,
    whole_numbers,
)
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.curves import LAST_CURVE
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.loop import OPEN_LOOP, WARM_UP, Loop
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.sensors import ZERO_CELSIUS
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.zones import ZONES, Zone
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineTable, line_command

SENSOR_OVER_RANGE = 128  #: bit of RDGST?


def _gains_text(gains: tuple[float, float, float]) -> str:
    return ",".join(f"{gain:+07.1f}" for gain in gains)


def _gains_of(p: str, i: str, d: str) -> tuple[float, float, float]:
    return number(p, 0.0, 1000.0), number(i, 0.0, 1000.0), number(d, 0.0, 200.0)


class ReadingCommands(LineTable[LoopController]):
    """Readings and names of the sensor inputs."""

    @line_command("KRDG?")
    def _kelvin(self, letter: str = "A") -> str:
        if letter == "0":
            return ",".join(self._kelvin(one) for one in self.instrument.data_sheet.inputs)
        return f"{self.instrument.reading(self.instrument.letter(letter)) or 0.0:+.3f}"

    @line_command("CRDG?")
    def _celsius(self, letter: str = "A") -> str:
        if letter == "0":
            return ",".join(self._celsius(one) for one in self.instrument.data_sheet.inputs)
        reading = self.instrument.reading(self.instrument.letter(letter))
        return f"{0.0 if reading is None else reading - ZERO_CELSIUS:+.3f}"

    @line_command("RDGST?")
    def _reading_status(self, letter: str) -> str:
        return f"{0 if self.instrument.has_sensor(self.instrument.letter(letter)) else SENSOR_OVER_RANGE:03d}"

    @line_command("INNAME")
    def _set_name(self, letter: str, name: str) -> None:
        self.instrument.names[self.instrument.letter(letter)] = name.strip('"')[:15]

    @line_command("INNAME?")
    def _name(self, letter: str) -> str:
        return f"{self.instrument.names[self.instrument.letter(letter)]:<15}"

    @line_command("INTYPE")
    def _set_type(self, letter: str, sensor: str, search: str, full: str, compensated: str, unit: str) -> None:
        """Set sensor type, automatic range, range, compensation and unit; the reading does not depend on them here."""
        self.instrument.input_types[self.instrument.letter(letter)] = whole_numbers(
            (sensor, search, full, compensated, unit), ((0, 4), (0, 1), (0, 8), (0, 1), (1, 3)))

    @line_command("INTYPE?")
    def _type(self, letter: str) -> str:
        return self.instrument.input_types[self.instrument.letter(letter)]

    @line_command("INCRV")
    def _set_curve(self, letter: str, curve: str) -> None:
        """Choose a curve; the reading does not depend on it here."""
        self.instrument.curve_numbers[self.instrument.letter(letter)] = whole_number(curve, 0, LAST_CURVE)

    @line_command("INCRV?")
    def _curve(self, letter: str) -> str:
        return f"{self.instrument.curve_numbers[self.instrument.letter(letter)]:02d}"

    @line_command("TLIMIT")
    def _set_limit(self, letter: str, kelvins: str) -> None:
        self.instrument.limits[self.instrument.letter(letter)] = number(kelvins, 0.0, 9999.0)
        self.instrument.stirred()

    @line_command("TLIMIT?")
    def _limit(self, letter: str) -> str:
        return f"{self.instrument.limits[self.instrument.letter(letter)]:+05.0f}"


class ControlCommands(LineTable[LoopController]):
    """Set-points, ramps, loops and heaters of the outputs."""

    def _loop(self, output: str) -> Loop:
        return self.instrument.loops[whole_number(output, 1, len(self.instrument.loops)) - 1]

    def _heated(self, output: str) -> Loop:
        return self.instrument.loops[whole_number(output, 1, len(self.instrument.data_sheet.power)) - 1]

    @line_command("SETP")
    def _set_set_point(self, output: str, kelvins: str) -> None:
        self._loop(output).aim(number(kelvins, 0.0, 9999.0), self.instrument.clock.now)
        self.instrument.stirred()

    @line_command("SETP?")
    def _set_point(self, output: str = "1") -> str:
        return f"{self._loop(output).set_point(self.instrument.clock.now):+.3f}"

    @line_command("RAMP")
    def _set_ramp(self, output: str, on: str, rate: str) -> None:
        loop = self._loop(output)
        enabled, kelvins = whole_number(on, 0, 1), number(rate, 0.0, 100.0)
        loop.begin_ramp(bool(enabled), kelvins, self.instrument.clock.now)
        self.instrument.stirred()

    @line_command("RAMP?")
    def _ramp(self, output: str = "1") -> str:
        self.instrument.up_to_now()
        loop = self._loop(output)
        return f"{int(loop.ramping)},{loop.rate:+.3f}"

    @line_command("RAMPST?")
    def _ramp_status(self, output: str = "1") -> str:
        return str(int(self._loop(output).on_ramp(self.instrument.clock.now)))

    @line_command("RANGE")
    def _set_range(self, output: str, setting: str) -> None:
        loop = self._loop(output)
        wanted = whole_number(setting, 0, 3 if loop.full_power else 1)
        chuck = self.instrument.bench.chuck
        if wanted and not loop.range and chuck is not None:
            seen = self.instrument.seen(loop.input, chuck.temperature)
            now = self.instrument.clock.now
            loop.begin_at(loop.set_point(now) if seen is None else seen, now)
        self.instrument.stirred()
        loop.range = wanted

    @line_command("RANGE?")
    def _range(self, output: str = "1") -> str:
        self.instrument.up_to_now()
        return str(self._loop(output).range)

    @line_command("HTR?")
    def _heater(self, output: str = "1") -> str:
        loop = self._heated(output)
        self.instrument.up_to_now()
        return f"{loop.output if loop.range else 0.0:+06.1f}"

    @line_command("HTRST?")
    def _heater_status(self, output: str = "1") -> str:
        self._heated(output)
        return "0"

    @line_command("HTRSET")
    def _set_heater(
        self, output: str, first: str, second: str, third: str, fourth: str, fifth: str | None = None,
    ) -> None:
        """Set up the heater of an output; the 335 has the type of the output before the resistance."""
        loop, given = self._heated(output), [first, second, third, fourth]
        if (fifth is not None) is not self.instrument.data_sheet.types:
            raise LineError(COMMAND_ERROR, "HTRSET")
        kind = 0
        if fifth is not None:
            kind = whole_number(given.pop(0), 0, 0 if loop is self.instrument.loops[0] else 1)
            given.append(fifth)
        resistance, current, user, display = given
        loop.heater = (
            whole_number(resistance, 1, 2), whole_number(current, 0, 4), number(user, 0.0, 2.0),
            whole_number(display, 1, 2))
        loop.kind = kind

    @line_command("HTRSET?")
    def _heater_setup(self, output: str = "1") -> str:
        loop = self._heated(output)
        resistance, current, user, display = loop.heater
        kind = f"{loop.kind}," if self.instrument.data_sheet.types else ""
        return f"{kind}{resistance},{current},{user:+.3f},{display}"

    @line_command("PID")
    def _set_gains(self, output: str, p: str, i: str, d: str) -> None:
        self._loop(output).gains = _gains_of(p, i, d)
        self.instrument.stirred()

    @line_command("PID?")
    def _gains(self, output: str = "1") -> str:
        self.instrument.up_to_now()
        return _gains_text(self._loop(output).gains)

    @line_command("OUTMODE")
    def _set_mode(self, output: str, mode: str, source: str, power_up: str) -> None:
        """Set mode, input and what a start does; only outputs without a heater have the modes 4 and 5 (OUTMODE)."""
        loop = self._loop(output)
        last = OPEN_LOOP if loop.full_power else WARM_UP
        loop.mode, loop.input, loop.power_up = (
            whole_number(mode, 0, last), whole_number(source, 0, len(self.instrument.data_sheet.inputs)),
            whole_number(power_up, 0, 1))
        self.instrument.stirred()

    @line_command("OUTMODE?")
    def _mode(self, output: str = "1") -> str:
        self.instrument.up_to_now()
        loop = self._loop(output)
        return f"{loop.mode},{loop.input},{loop.power_up}"

    @line_command("MOUT")
    def _set_manual(self, output: str, percent: str) -> None:
        self._loop(output).manual = number(percent, -100.0 if not self._loop(output).full_power else 0.0, 100.0)
        self.instrument.stirred()

    @line_command("MOUT?")
    def _manual(self, output: str = "1") -> str:
        self.instrument.up_to_now()
        return f"{self._loop(output).manual:+.2f}"

    @line_command("TUNEST?")
    def _tuning(self) -> str:
        """``TUNEST?``: nothing is tuned (user's manual of the 335, p. 125), for ATUNE is not modelled."""
        return "0,0,0,00"


class ZoneCommands(LineTable[LoopController]):
    """The zones of the outputs that have a heater."""

    def _zones(self, output: str) -> list[Zone]:
        return self.instrument.loops[whole_number(output, 1, len(self.instrument.data_sheet.power)) - 1].zones

    @line_command("ZONE")
    def _set_zone(
        self, output: str, zone: str, upper: str, p: str, i: str, d: str, manual: str, heater: str, source: str,
        rate: str,
    ) -> None:
        """``ZONE 1,1,25.0,10,20,0,0,2,2,10``: output, zone, upper bound [K], P, I, D, manual output [%], heater range,
        input, rate [K/min].
        """
        zones = self._zones(output)
        zones[whole_number(zone, 1, ZONES) - 1] = Zone(
            number(upper, 0.0, 9999.0), _gains_of(p, i, d), number(manual, 0.0, 100.0), whole_number(heater, 0, 3),
            whole_number(source, 0, len(self.instrument.data_sheet.inputs)), number(rate, 0.0, 100.0))
        self.instrument.stirred()

    @line_command("ZONE?")
    def _zone(self, output: str, zone: str) -> str:
        found = self._zones(output)[whole_number(zone, 1, ZONES) - 1]
        return (f"{found.upper_bound:+.3f},{_gains_text(found.gains)},{found.manual:+.2f},{found.range},{found.input},"
                f"{found.rate:+.3f}")
