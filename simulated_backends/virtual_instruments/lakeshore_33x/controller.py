"""Virtual Lake Shore temperature controller: its loops, and the chuck that they heat and measure."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.alarms import Alarm, Extremes, Relay
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import EXECUTION_ERROR
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.curves import curves_as_delivered
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import ControllerDataSheet
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.loop import Loop
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.sensors import ZERO_CELSIUS, sensor_units
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineInstrument

FIRST_CURVE = 2  #: of the curves: that of a diode DT-670; which one is chosen at first is not compared with a manual

KELVIN, CELSIUS = 1, 2  #: preferred units of INTYPE
#: bits of the operation registers (user's manuals, chapter 6; ``OperationEvent`` of the maker's driver)
ALARM, RAMP_2_DONE, RAMP_1_DONE, NEW_READING = 0x01, 0x04, 0x08, 0x10

FILTER_OFF = "0,8,10"  #: reply to FILTER? after a start; not compared with a manual


class LoopController(LineInstrument):
    """The parts of a temperature controller, as its commands see them."""

    data_sheet: ClassVar[ControllerDataSheet]
    manufacturer = "LSCI"
    terminals = ()

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.identification = f"{self.manufacturer},{sheet.model},{self.serial}/#######,{sheet.firmware}"
        self.loops = [Loop(power, input=k + 1) for k, power in enumerate((*sheet.power, *[0.0] * sheet.other_outputs))]
        self.names = dict.fromkeys(sheet.inputs, "")
        self.input_types = dict.fromkeys(sheet.inputs, "1,0,0,0,1")  #: a diode, in kelvin
        self.curve_numbers = dict.fromkeys(sheet.inputs, FIRST_CURVE)  #: by input, that of its curve
        self.curves = curves_as_delivered()  #: by number; *RST leaves them
        self.filters = dict.fromkeys(sheet.inputs, FILTER_OFF)
        self.excitations = dict.fromkeys(sheet.inputs, 0)  #: of diodes: 0: 10 uA, 1: 1 mA
        self.limits = dict.fromkeys(sheet.inputs, 0.0)  #: [K] above which all outputs go off; 0: none
        self.alarms = {letter: Alarm() for letter in sheet.inputs}
        self.relays = [Relay(), Relay()]
        self._extremes = {letter: Extremes() for letter in sheet.inputs}
        self._offsets = {
            letter: self.calibration(f"input {letter}", 0.0, sheet.offset).offset for letter in sheet.inputs}

    def connect(self) -> None:
        """Take over the heater, if the chuck's heater is connected to one of the outputs."""
        chuck = self.bench.chuck
        if chuck is not None and chuck.sensor.partition(".")[0] == self.name:
            chuck.watchers.append(self._watch)
        if chuck is None or chuck.heater.partition(".")[0] != self.name:
            return
        loop = self.loop(chuck.heater.partition(".")[2])
        chuck.power = lambda time, temperature: self._power(loop, time, temperature)

    def _power(self, loop: Loop, time: float, temperature: float) -> float:
        """Return the power [W] of the chuck's heater; all outputs go off above the limit of an input (TLIMIT)."""
        for number, letter in enumerate(self.data_sheet.inputs, 1):
            seen = self.seen(number, temperature) if self.limits[letter] else None
            if seen is not None and seen > self.limits[letter]:
                for one in self.loops:
                    one.range = 0
        loop.follow_zone(time)
        return loop.power(time, self.seen(loop.input, temperature))

    def seen(self, number: int, temperature: float) -> float | None:
        """Return what input ``number`` says while the chuck is at ``temperature`` [K]; None: nothing valid."""
        letter = self.data_sheet.inputs[number - 1] if number else ""
        return temperature + self._offsets[letter] if self.has_sensor(letter) else None

    def has_sensor(self, letter: str) -> bool:
        """Return whether the sensor of the chuck is connected to an input."""
        chuck = self.bench.chuck
        return chuck is not None and bool(letter) and chuck.sensor == f"{self.name}.{letter}"

    def letter(self, text: str) -> str:
        """Return the letter of an input that there is."""
        letter = capitals(text)
        if len(letter) != 1 or letter not in self.data_sheet.inputs:
            raise LineError(EXECUTION_ERROR, text)
        return letter

    def reading(self, letter: str) -> float | None:
        """Return the temperature [K] that an input reads now."""
        chuck = self.bench.chuck
        seen = None if chuck is None else self.seen(self.data_sheet.inputs.index(letter) + 1, chuck.temperature)
        noise = self.data_sheet.noise if self.bench.imperfections else 0.0
        if seen is None:
            return None
        found = seen + noise * float(self.rng.standard_normal())
        self._extremes[letter].follow(found)
        return found

    def _watch(self, time: float, temperature: float) -> None:
        """Let alarms and extremes follow the chuck, which is at ``temperature`` [K] at ``time`` [s]."""
        for number, letter in enumerate(self.data_sheet.inputs, 1):
            seen = self.seen(number, temperature)
            if seen is None:
                continue
            self._extremes[letter].follow(seen)
            if self.alarms[letter].on:
                self.alarms[letter].follow(self.in_preferred_unit(letter, seen))
        condition = NEW_READING | ALARM * any(one.is_high or one.is_low for one in self.alarms.values())
        for bit, loop in zip((RAMP_1_DONE, RAMP_2_DONE), self.loops, strict=False):
            condition |= bit * (loop.ramping and loop.rate > 0 and not loop.on_ramp(time))
        self.status.operation.set_condition(condition)
        self.status.operation.event |= NEW_READING
        self.status.update()

    def up_to_now(self) -> None:
        """Let alarms, extremes and zones follow the chuck until now."""
        chuck = self.bench.chuck
        if chuck is not None and chuck.sensor.partition(".")[0] == self.name:
            self._watch(self.clock.now, chuck.temperature)
        for loop in self.loops:
            loop.follow_zone(self.clock.now)

    def in_preferred_unit(self, letter: str, kelvins: float) -> float:
        """Return a temperature [K] in the unit that INTYPE has chosen: kelvin, degrees Celsius or sensor units."""
        sensor, *_, unit = map(int, self.input_types[letter].split(","))
        if unit == CELSIUS:
            return kelvins - ZERO_CELSIUS
        return kelvins if unit == KELVIN else sensor_units(sensor, kelvins) or 0.0

    def extreme_readings(self, letter: str) -> tuple[float, float]:
        """Return the lowest and the highest reading of an input in its preferred unit; 0 where there was none."""
        found = self._extremes[letter]
        if found.lowest > found.highest:
            return 0.0, 0.0
        ends = [self.in_preferred_unit(letter, kelvins) for kelvins in (found.lowest, found.highest)]
        return min(ends), max(ends)   # the voltage of a diode falls with the temperature

    def forget_extremes(self) -> None:
        """Forget the lowest and the highest readings."""
        self._extremes = {letter: Extremes() for letter in self.data_sheet.inputs}
        self.up_to_now()

    def stirred(self) -> None:
        """Note that a loop has been set."""
        if self.bench.chuck is not None:
            self.bench.chuck.stirred()

    def loop(self, output: str) -> Loop:
        """Return the loop of an output by its number, which is in range."""
        return self.loops[int(output) - 1]

    def reset(self) -> Handler | None:
        """Do ``*RST``: heaters off, settings at their defaults."""
        self.curve_numbers = dict.fromkeys(self.data_sheet.inputs, FIRST_CURVE)
        self.limits = dict.fromkeys(self.data_sheet.inputs, 0.0)
        for k, loop in enumerate(self.loops):
            self.loops[k].__dict__.update(vars(Loop(loop.full_power, input=k + 1, zones=loop.zones)))
        self.stirred()
        return None
