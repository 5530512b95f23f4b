"""Readings of a source meter: chooses the range, averages over apertures, adds filter, noise and overflow."""

import math
import statistics
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    NOT_A_NUMBER,
    OVERFLOW,
    RangeData,
    SourceMeterDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

Steps = Generator[float, None, None]

#: [V or A] an instrument without imperfections shows zero for less than this, and for a tenth of its last digit where
#: that is less. So it shows what is left of the integration where nothing flows as zero
_LEAST_SHOWN = 1e-15


@dataclass(frozen=True)
class MeterReading:
    """One reading. Quantities are "VOLT" [V], "CURR" [A] and "RES" [Ohm]."""

    time: float  #: [s] bench time at which its aperture began
    quantity: str
    value: float  #: OVERFLOW beyond the range, NOT_A_NUMBER if it could not be computed
    source: str  #: which quantity was sourced
    source_value: float  #: measured or programmed level
    read_back: bool  #: the level is the measured one
    limited: bool  #: the limit had taken over
    four_wire: bool
    output_on: bool
    front_terminals: bool
    unit: str = ""  #: where it is not that of ``quantity``: of a calculated value
    limits: int = 0  #: bits of the model for limits that the value is beyond
    voltage: float = NOT_A_NUMBER  #: [V] as shown, whatever the quantity
    current: float = NOT_A_NUMBER  #: [A] as shown
    limited_by_range: bool = False  #: a fixed measuring range was the limit


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _combined(
    readings: Sequence[MeterReading], centre: Callable[[Sequence[float]], float] = _mean,
) -> MeterReading:
    """Return the last reading with the mean (or the median) of all: a value beyond its range makes it an overflow."""
    def of(values: Sequence[float]) -> float:
        return OVERFLOW if any(abs(value) >= OVERFLOW for value in values) else centre(values)

    return replace(
        readings[-1], value=of([one.value for one in readings]), voltage=of([one.voltage for one in readings]),
        current=of([one.current for one in readings]))


class Measurer:
    """The measuring half of one source meter.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : SourceMeterDataSheet
    settings : what the user has set, read while a reading is taken
    output : SourceOutput
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: SourceMeterDataSheet, settings: SourceMeterSettings,
        output: SourceOutput,
    ) -> None:
        self._instrument = instrument
        self._sheet = sheet
        self._steps = {row: self._sheet.step_of(row) for rows in self._sheet.ranges.values() for row in rows}
        self._settings = settings
        self._output = output
        self.forget()

    def forget(self) -> None:
        """Go back to what a reset leaves."""
        self._output.automatic = dict(self._sheet.first_ranges)
        self._moving: deque[MeterReading] = deque()
        self._last_shots: list[dict[str, MeterReading]] = []

    # ---------------------------------------------------------------------------------------- ranges

    def measuring_range(self, quantity: str) -> RangeData:
        """Return the range in which "VOLT" or "CURR" is measured now."""
        settings = self._settings
        if quantity == settings.source_function:
            return self._output.stage.points.source_range
        if settings.sense_autorange[quantity] or settings.sense_function == "RES":
            return self._output.automatic[quantity]
        return self._output.fixed_measuring_range(quantity)

    def _adapts(self, quantity: str) -> bool:
        settings = self._settings
        return quantity != settings.source_function and bool(
            settings.sense_autorange[quantity] or settings.sense_function == "RES")

    def _hunt(self, quantity: str) -> Steps:
        """Step towards the range that suits what is there now; each step takes its time."""
        table = self._sheet.ranges[quantity]
        lowest = range_for(table, self._settings.lowest_range[quantity])
        if self._output.automatic[quantity].full_scale < lowest.full_scale:
            self._output.automatic[quantity] = lowest
        for _ in table:
            value = abs(self._output.stage.present(quantity))
            row = self._output.automatic[quantity]
            if value > row.reading_top and row is not table[-1]:
                self._output.automatic[quantity] = table[table.index(row) + 1]
            elif value < self._sheet.range_down * row.full_scale and row is not lowest:
                self._output.automatic[quantity] = table[table.index(row) - 1]
            else:
                return
            yield self._sheet.range_change_time

    # -------------------------------------------------------------------------------------- readings

    def take(self) -> Generator[float, None, MeterReading]:
        """Take one reading (filtered, if the filter is on); yields the seconds it needs."""
        settings = self._settings
        quantity = settings.sense_function
        measured = ("VOLT", "CURR") if quantity == "RES" else (quantity,)
        if (wait := self._output.settled_at - self._instrument.clock.now) > 0.0:
            yield wait
        for name in measured:
            if self._adapts(name):
                yield from self._hunt(name)
        count = int(settings.filter_count[quantity]) if settings.filter_on[quantity] else 1
        repeating = settings.filter_type[quantity] == "REP"
        taken: list[MeterReading] = []
        for _ in range(count if repeating else 1):
            reading = yield from self._aperture(quantity, measured)
            taken.append(reading)
        if count == 1:
            return reading
        if repeating:
            return _combined(taken)
        self._moving.append(reading)
        while len(self._moving) > count:
            self._moving.popleft()
        return _combined(self._moving)

    def take_all(self, quantities: tuple[str, ...]) -> Generator[float, None, dict[str, MeterReading]]:
        """Take one reading of each of several quantities, out of the same apertures; yields the seconds it needs."""
        settings, first = self._settings, quantities[0]
        if (wait := self._output.settled_at - self._instrument.clock.now) > 0.0:
            yield wait
        for name in quantities:
            if self._adapts(name):
                yield from self._hunt(name)
        count = int(settings.filter_count[first]) if settings.filter_on[first] else 1
        kind = settings.filter_type[first]
        shots: list[dict[str, MeterReading]] = []
        for _ in range(count if kind == "REP" else 1):
            means, start = yield from self._means(first, quantities)
            shots.append({name: self._reading(name, means, start) for name in quantities})
        if count == 1:
            return shots[0]
        if kind != "REP":
            self._last_shots += shots
            del self._last_shots[:-count]
            shots = [shot for shot in self._last_shots if shot.keys() == shots[-1].keys()]
        return {name: _combined([shot[name] for shot in shots], statistics.median if kind == "MED" else _mean)
                for name in quantities}

    def _aperture(self, quantity: str, measured: tuple[str, ...]) -> Generator[float, None, MeterReading]:
        means, start = yield from self._means(quantity, measured)
        return self._reading(quantity, means, start)

    def _means(
        self, quantity: str, measured: tuple[str, ...],
    ) -> Generator[float, None, tuple[Mapping[str, float], float]]:
        """Average over one aperture, again in a higher range where it has to be; returns its means and its start."""
        instrument, stage, sheet = self._instrument, self._output.stage, self._sheet
        seconds = self._settings.nplc[quantity] / self._settings.line_frequency
        while True:
            start = instrument.clock.now
            aperture = stage.begin()
            try:
                yield seconds
                instrument.bench.sync()
            finally:
                stage.cancel(aperture)
            means = aperture.means()
            over = False
            for name in measured:
                row, table = self._output.automatic[name], sheet.ranges[name]
                if self._adapts(name) and abs(means[name]) > row.reading_top and row is not table[-1]:
                    self._output.automatic[name] = table[table.index(row) + 1]
                    over = True
            if not over:
                break
            yield sheet.range_change_time
        yield sheet.reading_overhead + (seconds if self._settings.auto_zero[quantity] else 0.0)
        return means, start

    def _reading(self, quantity: str, means: Mapping[str, float], start: float) -> MeterReading:
        settings = self._settings
        nplc = settings.nplc[quantity]
        limited = self._output.stage.limiting(means)
        volts, amperes = self._shown("VOLT", means["VOLT"], nplc), self._shown("CURR", means["CURR"], nplc)
        shown = {"VOLT": volts, "CURR": amperes}
        if quantity != "RES":
            value = shown[quantity]
        elif abs(volts) >= OVERFLOW or abs(amperes) >= OVERFLOW or amperes == 0.0:
            value = OVERFLOW
        else:
            value = volts / amperes
        source = settings.source_function
        back = bool(settings.read_back[source])
        return MeterReading(
            time=start, quantity=quantity, value=value, source=source,
            source_value=shown[source] if back else settings.source_level[source], read_back=back, limited=limited,
            four_wire=bool(settings.four_wire[quantity]), output_on=self._output.stage.enabled,
            front_terminals=settings.front_terminals, voltage=volts, current=amperes,
            limited_by_range=limited and self._output.limited_by_range,
        )

    def _shown(self, quantity: str, true: float, nplc: float) -> float:
        """Return what the instrument shows for a true mean: calibration, noise, digits, overflow."""
        row, imperfect = self.measuring_range(quantity), self._instrument.bench.imperfections
        value, step, fast = true, self._steps[row], row.fast if self._settings.fast_converter else None
        if fast is not None:
            step = row.full_scale * fast.resolution
        if imperfect:
            what = f"measure {quantity} {row.full_scale:g}"
            if fast is None:
                errors, noise = self._output.stage.error(what, row.measure_gain, row.measure_offset), row.noise
            else:
                errors, noise = self._output.stage.error(f"{what} fast", fast.gain, fast.offset), fast.noise
            noise *= math.sqrt(0.75 / nplc + 0.25)  # white, with a floor of 1/f noise
            value = true * (1.0 + errors.gain) + errors.offset
            value += noise * float(self._instrument.rng.standard_normal())
        if math.isnan(value):   # part of the aperture was not computed
            return NOT_A_NUMBER
        if abs(value) > row.reading_top:
            return math.copysign(OVERFLOW, value)
        if not imperfect:
            return value if abs(value) >= min(_LEAST_SHOWN, 0.1 * step) else 0.0
        return round(value / step) * step
