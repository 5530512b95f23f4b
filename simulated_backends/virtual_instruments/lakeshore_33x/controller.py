"""Virtual Lake Shore temperature controller: its loops, and the chuck that they heat and measure."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import EXECUTION_ERROR
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.curves import curves_as_delivered
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import ControllerDataSheet
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.loop import Loop
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineInstrument

FIRST_CURVE = 2  #: of the curves: that of a diode DT-670; which one is chosen at first is not compared with a manual

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
        self._offsets = {
            letter: self.calibration(f"input {letter}", 0.0, sheet.offset).offset for letter in sheet.inputs}

    def connect(self) -> None:
        """Take over the heater, if the chuck's heater is connected to one of the outputs."""
        chuck = self.bench.chuck
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
        return loop.power(time, self.seen(loop.input, temperature))

    def seen(self, number: int, temperature: float) -> float | None:
        """Return what input ``number`` says while the chuck is at ``temperature`` [K]; None: nothing valid."""
        letter = self.data_sheet.inputs[number - 1] if number else ""
        chuck = self.bench.chuck
        if chuck is None or chuck.sensor != f"{self.name}.{letter}":
            return None
        return temperature + self._offsets[letter]

    def letter(self, text: str) -> str:
        """Return the letter of an input that there is."""
        letter = text.upper()
        if len(letter) != 1 or letter not in self.data_sheet.inputs:
            raise LineError(EXECUTION_ERROR, text)
        return letter

    def reading(self, letter: str) -> float | None:
        """Return the temperature [K] that an input reads now."""
        chuck = self.bench.chuck
        seen = None if chuck is None else self.seen(self.data_sheet.inputs.index(letter) + 1, chuck.temperature)
        noise = self.data_sheet.noise if self.bench.imperfections else 0.0
        return None if seen is None else seen + noise * float(self.rng.standard_normal())

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
            self.loops[k].__dict__.update(vars(Loop(loop.full_power, input=k + 1)))
        self.stirred()
        return None
