"""A source meter module of a B1500A: what DV, DI, CN, CL and the range commands set, on the shared source meter."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import (
    FIRST_COMPLIANCE,
    FIRST_RANGE,
    LEVELS_PER_RANGE,
    SourceModule,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import RangeData
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

SERIES_RESISTOR = 1e6  #: [Ohm] of SSR
Steps = Generator[float, None, None]


@dataclass(frozen=True)
class Force:
    """What a source command asks of a channel."""

    function: str  #: "VOLT" or "CURR"
    code: int  #: of the output range; 0: automatic
    level: float  #: [V or A]
    compliance: float  #: [A or V]
    polarity: int = 0  #: of the compliance: 0 automatic, 1 as its sign
    compliance_code: int = 0  #: range of the compliance


GROUND = Force("VOLT", 12, 0.0, FIRST_COMPLIANCE)  #: after CN and at DZ


class SourceChannel:
    """One source meter in its slot.

    Parameters
    ----------
    instrument : VirtualInstrument
    module : SourceModule
    slot : 1 to 10
    line_frequency : [Hz]
    """

    def __init__(self, instrument: VirtualInstrument, module: SourceModule, slot: int, line_frequency: float) -> None:
        self.module = module
        self.slot = slot
        self.settings = SourceMeterSettings(line_frequency, current_limit=FIRST_COMPLIANCE, voltage_limit=20.0)
        self.settings.auto_zero = dict.fromkeys(self.settings.auto_zero, False)
        self.settings.source_autodelay = dict.fromkeys(self.settings.source_autodelay, False)
        self.settings.source_autorange = dict.fromkeys(self.settings.source_autorange, False)
        self.settings.source_range = {"VOLT": FIRST_RANGE, "CURR": 1e-6}
        self.settings.fast_converter = True
        self.output = SourceOutput(instrument, module.sheet, self.settings, str(slot))
        self.measurer = Measurer(instrument, module.sheet, self.settings, self.output)
        self.reset()

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self.force_now = GROUND
        self.memorised: Force | None = None  #: what RZ restores
        self.last_compliance = {"VOLT": FIRST_COMPLIANCE, "CURR": 20.0}
        self.filtered = False
        self.operation = 0  #: CMM
        self.range_codes = {"CURR": 0, "VOLT": 0}  #: RI, RV
        self.ranging_rule = (1, 50)  #: RM
        self.converter = 0  #: AAD

    # ------------------------------------------------------------------------------------------- checks

    @property
    def is_on(self) -> bool:
        """Whether the output switch is closed."""
        return self.output.stage.enabled

    def require_on(self) -> None:
        """FlexError 200 if the output switch is open."""
        if not self.is_on:
            raise FlexError(200)

    def codes(self, quantity: str) -> dict[int, float]:
        """Return the ranges of a quantity by their codes."""
        return dict(self.module.voltage_codes if quantity == "VOLT" else self.module.current_codes)

    def output_range(self, function: str, code: int, *levels: float) -> RangeData:
        """Return the lowest range that holds all levels, and is not below the range of ``code``.

        Raises
        ------
        FlexError
            124 if the module does not have the range, 120 if no range holds the levels.
        """
        rows = self.module.sheet.ranges[function]
        least = 0.0
        if code:
            codes = self.codes(function)
            if code not in codes:
                raise FlexError(124)
            least = codes[code]
        highest = max(map(abs, levels))
        if highest > rows[-1].top * (1 + 1e-9):
            raise FlexError(120)
        return range_for(rows, max(highest, least))

    def require_range_code(self, quantity: str, code: int) -> None:
        """FlexError 124 for a measuring range that the module does not have."""
        if code and abs(code) not in self.codes(quantity):
            raise FlexError(124)

    def compliance(self, function: str, wanted: float | None, *levels: float) -> float:
        """Return the compliance [A or V]: the wanted, or the one before; FlexError 123 if it is not allowed."""
        value = abs(self.last_compliance[function] if wanted is None else wanted)
        highest = min(self.module.limit_beside(function, level) for level in levels)
        if value == 0.0 or value > highest * (1 + 1e-9):
            raise FlexError(123)
        return value

    def compliance_code(self, quantity: str) -> int:
        """Return the code of the lowest measuring range that holds the compliance."""
        limit = self.settings.current_limit if quantity == "CURR" else self.settings.voltage_limit
        full = range_for(self.module.sheet.ranges[quantity], limit).full_scale
        return next(code for code, held in self.codes(quantity).items() if held == full)

    # ------------------------------------------------------------------------------------------ sourcing

    def force(self, force: Force) -> None:
        """Source what was asked; its range and compliance are allowed."""
        settings = self.settings
        row = self.output_range(force.function, force.code, force.level)
        step = row.full_scale / LEVELS_PER_RANGE
        settings.source_function = force.function
        settings.source_range[force.function] = row.full_scale
        settings.source_level[force.function] = round(force.level / step) * step
        if force.function == "VOLT":
            settings.current_limit = force.compliance
        else:
            settings.voltage_limit = force.compliance
        self.last_compliance[force.function] = force.compliance
        self.force_now = force
        self.output.level_changed(force.function)

    def level(self, level: float) -> None:
        """Change the level alone."""
        self.force(replace(self.force_now, level=level))

    def switch_on(self) -> None:
        """CN: the output switch closes, at 0 V."""
        if self.is_on:
            return
        self._apply_ground()
        self.output.switch_on()

    def _apply_ground(self) -> None:
        self.settings.source_level = dict.fromkeys(self.settings.source_level, 0.0)
        self.force(GROUND)

    def switch_off(self) -> Steps:
        """CL: the output goes to 0 V and its switch opens."""
        self.memorised = None
        yield from self.output.switch_off()

    def zero(self) -> None:
        """DZ: remember the settings and force 0 V."""
        self.require_on()
        if self.memorised is None:
            self.memorised = self.force_now
        self._apply_ground()

    def restore(self) -> None:
        """RZ: force what DZ has remembered."""
        if self.memorised is None:
            raise FlexError(205)
        force, self.memorised = self.memorised, None
        self.force(force)

    def set_filter(self, on: bool) -> None:
        """FL: the filter makes the output slower and keeps overshoot away."""
        self.filtered = on
        self.settings.high_capacitance = dict.fromkeys(self.settings.high_capacitance, on)
        if self.is_on:
            self.output.refresh()

    def set_series_resistor(self, on: bool) -> None:
        """SSR: the series resistor of 1 MOhm."""
        self.output.stage.series_resistance = SERIES_RESISTOR if on else 0.0
        if self.is_on:
            self.output.stage.set_relay(True)

    # ----------------------------------------------------------------------------------------- measuring

    def quantities(self) -> tuple[str, ...]:
        """Return what CMM makes this channel measure."""
        function = self.settings.source_function
        other = "CURR" if function == "VOLT" else "VOLT"
        return {0: (other,), 1: ("CURR",), 2: ("VOLT",), 3: (function,), 4: (other, function)}[self.operation]

    def prepare(self, quantity: str, code: int) -> None:
        """Take over what is measured, and its range: 0 automatic, positive lowest automatic, negative fixed."""
        settings = self.settings
        full = self.codes(quantity)[abs(code)] if code else 0.0
        wanted = (quantity, code >= 0, full if code < 0 else None)
        settings.lowest_range[quantity] = full if code > 0 else 0.0
        now = (settings.sense_function, settings.sense_autorange[quantity], settings.sense_range[quantity])
        if now != wanted:
            settings.sense_function = quantity
            settings.sense_autorange[quantity] = code >= 0
            settings.sense_range[quantity] = full if code < 0 else None
            self.output.measuring_changed()
