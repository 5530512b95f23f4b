"""A source-measure unit of a 4200A-SCS: what the commands of all pages set, on the shared source meter."""

from collections.abc import Generator
from dataclasses import dataclass

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200.data_sheet import (
    INTERLOCK_VOLTAGE,
    LEAST_OF_RANGE,
    OVERFLOW_READING,
    RESOLUTION,
    SourceModel,
    settling_delay,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

LEAST_VOLTAGE_LIMIT = 20e-3  #: [V]
OTHER = {"VOLT": "CURR", "CURR": "VOLT"}
Steps = Generator[float, None, None]


@dataclass(frozen=True)
class Integration:
    """What IT sets."""

    nplc: float = 1.0
    delay_factor: float = 1.0
    filter_factor: float = 1.0


#: IT1, IT2, IT3 (Reference Manual, p. 9-44); their factors are not compared with a manual
INTEGRATIONS = {1: Integration(0.1, 1.0, 1.0), 2: Integration(1.0, 1.0, 1.0), 3: Integration(10.0, 1.3, 3.0)}


class SourceUnit:
    """One source-measure unit.

    Parameters
    ----------
    instrument : VirtualInstrument
    model : SourceModel
    number : 1 to 8
    line_frequency : [Hz]
    interlock_closed : bool
    """

    def __init__(
        self, instrument: VirtualInstrument, model: SourceModel, number: int, line_frequency: float,
        interlock_closed: bool,
    ) -> None:
        self.model, self.number = model, number
        self._clock = instrument.clock
        self._interlock_closed = interlock_closed
        self.settings = SourceMeterSettings(line_frequency, current_limit=100e-6, voltage_limit=20.0)
        self.output = SourceOutput(instrument, model.sheet, self.settings, f"smu{number}")
        self._measurer = Measurer(instrument, model.sheet, self.settings, self.output)
        self.reset()

    @property
    def is_on(self) -> bool:
        """Whether it sources."""
        return self.output.stage.enabled

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        fresh = SourceMeterSettings(self.settings.line_frequency, current_limit=100e-6, voltage_limit=20.0)
        for each in (fresh.auto_zero, fresh.source_autodelay):
            each.update(dict.fromkeys(each, False))
        self.settings.take(fresh)
        self.standby = True  #: ST: whether it is switched off when a test ends
        self.integration = INTEGRATIONS[2]

    # ----------------------------------------------------------------------------------------- sourcing

    def check(self, function: str, code: int, limit: float, *levels: float) -> float:
        """Return the compliance that KXCI sets for levels [V or A], or refuse them.

        Raises
        ------
        KxciError
            There is no such range, it does not hold a level, or the unit cannot do both level and compliance.
        """
        codes = self.model.voltage_codes if function == "VOLT" else self.model.current_codes
        if code and code not in codes:
            raise KxciError(VALUE)
        rows, highest = self.model.sheet.ranges[function], max(map(abs, levels))
        top = range_for(rows, codes[code]).top if code else rows[-1].top
        limit = abs(limit)
        if highest > top * (1 + 1e-9) or limit > self.model.limit_beside(function, highest) * (1 + 1e-9):
            raise KxciError(VALUE)
        voltage = highest if function == "VOLT" else limit
        if voltage > INTERLOCK_VOLTAGE and not self._interlock_closed:
            raise KxciError(VALUE, "The interlock is open.")
        return max(limit, self.model.least_current_limit if function == "VOLT" else LEAST_VOLTAGE_LIMIT)

    def force(self, function: str, code: int, level: float, limit: float) -> None:
        """Source a level that was checked, and switch on."""
        settings = self.settings
        codes = self.model.voltage_codes if function == "VOLT" else self.model.current_codes
        if settings.source_function != function:
            settings.source_level[OTHER[function]] = 0.0
        settings.source_function = function
        settings.source_autorange[function] = not code
        settings.source_range[function] = codes[code] if code else None
        settings.sense_function = OTHER[function]
        full = range_for(self.model.sheet.ranges[function], codes[code] if code else abs(level)).full_scale
        step = full / 40000
        settings.source_level[function] = round(level / step) * step
        setattr(settings, "current_limit" if function == "VOLT" else "voltage_limit", limit)
        self._fit_compliance()
        self.output.level_changed(function)
        if not self.is_on:
            self.output.switch_on()

    def change_level(self, level: float) -> None:
        """Go to another level of the function and range that are set; it was checked before."""
        settings = self.settings
        function = settings.source_function
        full = self.output.source_range(function).full_scale
        step = full / 40000
        settings.source_level[function] = round(level / step) * step
        self.output.level_changed(function)

    def switch_off(self) -> Steps:
        """Go to zero and open the relay."""
        self.settings.source_level = dict.fromkeys(self.settings.source_level, 0.0)
        yield from self.output.switch_off()

    # ---------------------------------------------------------------------------------------- measuring

    def fix_range(self, quantity: str, value: float, limit: float) -> None:
        """RI, RV: measure in the range that holds ``value`` from now on, beside a compliance."""
        rows = self.model.sheet.ranges[quantity]
        if abs(value) > rows[-1].top * (1 + 1e-9) or not value:
            raise KxciError(VALUE)
        if quantity == OTHER[self.settings.source_function]:
            limited = self.check(
                self.settings.source_function, 0, limit, self.settings.source_level[self.settings.source_function])
            name = "current_limit" if quantity == "CURR" else "voltage_limit"
            setattr(self.settings, name, limited)
        self.settings.sense_autorange[quantity] = False
        self.settings.sense_range[quantity] = range_for(rows, value).full_scale
        self._fit_compliance()
        self.output.measuring_changed()

    def range_by_itself(self, lowest: float) -> None:
        """RG: choose the current range automatically, no lower than the one that holds ``lowest`` [A]."""
        if not 0.0 < abs(lowest) <= self.model.sheet.ranges["CURR"][-1].top:
            raise KxciError(VALUE)
        self.settings.sense_autorange["CURR"], self.settings.sense_range["CURR"] = True, None
        self.settings.lowest_range["CURR"] = abs(lowest)
        self.output.measuring_changed()

    def _fit_compliance(self) -> None:
        """A compliance of 11 % of the fixed measuring range or less becomes the highest of the range (p. 3-4)."""
        settings, quantity = self.settings, OTHER[self.settings.source_function]
        fixed = settings.sense_range[quantity]
        if settings.sense_autorange[quantity] or fixed is None:
            return
        name = "current_limit" if quantity == "CURR" else "voltage_limit"
        if getattr(settings, name) <= LEAST_OF_RANGE * fixed:
            setattr(settings, name, range_for(self.model.sheet.ranges[quantity], fixed).top)

    def take(self, quantities: tuple[str, ...]) -> Generator[float, None, dict[str, MeterReading]]:
        """Take one reading of each quantity, out of the same apertures; yields the seconds it needs."""
        kind = self.integration
        nplc = kind.nplc * max(kind.filter_factor, 1.0)
        self.settings.nplc = dict.fromkeys(self.settings.nplc, nplc)
        if self.is_on:
            row = self._measurer.measuring_range("CURR")
            yield kind.delay_factor * settling_delay(row.full_scale)
        return (yield from self._measurer.take_all(quantities))


def value_of(reading: MeterReading) -> float:
    """Return the number that KXCI gives for a reading; a number below the resolution is 0."""
    if abs(reading.value) < RESOLUTION[reading.quantity]:
        return 0.0
    return OVERFLOW_READING if abs(reading.value) >= OVERFLOW else reading.value


def letter_of(reading: MeterReading, others_limited: bool) -> str:
    """Return the data status of a reading; the letter of the worst goes first (p. 9-52)."""
    if abs(reading.value) >= OVERFLOW:
        return "V"
    return "C" if reading.limited else "T" if others_limited else "N"
