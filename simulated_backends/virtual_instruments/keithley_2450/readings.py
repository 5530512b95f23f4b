"""How the Keithley 2450 takes a reading: source delay, ranging, apertures, filter, noise, status."""

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tsbench.simulated_backends.virtual_instruments.keithley_2450 import ranges
from tsbench.simulated_backends.virtual_instruments.keithley_2450.analog import Aperture
from tsbench.simulated_backends.virtual_instruments.keithley_2450.buffers import (
    MEASURE_FRONT_TERMINALS,
    MEASURE_QUESTIONABLE,
    SOURCE_FOUR_WIRE,
    SOURCE_LIMITED,
    SOURCE_OUTPUT_ON,
    SOURCE_READBACK,
    BufferedReading,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2450.ranges import (
    OVERFLOW,
    TABLES,
    RangeData,
    range_for,
)

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument import VirtualKeithley2450

UNITS = {"VOLT": "V", "CURR": "A", "RES": "Ohm"}
RESOLUTION = 1e-6  #: of the range: 6 1/2 digits
RANGE_DOWN = 0.09  #: a reading below this part of the range makes autorange go down

Steps = Generator[float, None, None]


@dataclass
class Measurer:
    """The measuring half of one instrument."""

    instrument: "VirtualKeithley2450"
    automatic: dict[str, RangeData] = field(
        default_factory=lambda: {"VOLT": ranges.VOLTAGE[-1], "CURR": ranges.CURRENT[4]}
    )
    moving: deque[float] = field(default_factory=deque)
    last: BufferedReading | None = None

    def forget(self) -> None:
        """Go back to what a reset leaves."""
        self.automatic = {"VOLT": ranges.VOLTAGE[-1], "CURR": ranges.CURRENT[4]}
        self.moving.clear()
        self.last = None

    # ---------------------------------------------------------------------------------------- ranges

    def measuring_row(self, quantity: str) -> RangeData:
        """Return the range in which "VOLT" or "CURR" is measured now."""
        meter = self.instrument
        if quantity == meter.source_function:
            return meter.source_row()
        if meter.sense_autorange[quantity] or meter.sense_function == "RES":
            return self.automatic[quantity]
        return range_for(quantity, meter.sense_range[quantity])

    def _adapts(self, quantity: str) -> bool:
        meter = self.instrument
        return quantity != meter.source_function and bool(
            meter.sense_autorange[quantity] or meter.sense_function == "RES"
        )

    def _hunt(self, quantity: str) -> Steps:
        """Step towards the range that suits what is there now; each step takes its time."""
        table = TABLES[quantity]
        for _ in table:
            circuit = self.instrument.bench.circuit
            stage = self.instrument.stage
            value = abs(
                circuit.voltage(stage.node) if quantity == "VOLT" else circuit.current(stage.relay_name)
            )
            row = self.automatic[quantity]
            if value > row.top and row is not table[-1]:
                self.automatic[quantity] = table[table.index(row) + 1]
            elif value < RANGE_DOWN * row.full_scale and row is not table[0]:
                self.automatic[quantity] = table[table.index(row) - 1]
            else:
                return
            yield ranges.RANGE_CHANGE_TIME

    # -------------------------------------------------------------------------------------- readings

    def take(self) -> Generator[float, None, BufferedReading]:
        """Take one reading (filtered, if the filter is on); yields the seconds it needs."""
        meter = self.instrument
        quantity = meter.sense_function
        measured = [q for q in ("VOLT", "CURR") if quantity in {q, "RES"}]
        yield meter.until(meter.settled_at)
        for name in measured:
            if self._adapts(name):
                yield from self._hunt(name)
        count = int(meter.filter_count[quantity]) if meter.filter_on[quantity] else 1
        repeating = meter.filter_type[quantity] == "REP"
        values: list[float] = []
        for _ in range(count if repeating else 1):
            reading = yield from self._aperture(quantity)
            values.append(reading.value)
        if count > 1:
            if repeating:
                value = (
                    OVERFLOW if any(abs(v) >= OVERFLOW for v in values) else math.fsum(values) / len(values)
                )
            else:
                self.moving.append(reading.value)
                while len(self.moving) > count:
                    self.moving.popleft()
                value = math.fsum(self.moving) / len(self.moving)
            reading = BufferedReading(
                reading.time,
                value,
                reading.unit,
                reading.source,
                reading.source_unit,
                reading.status,
                reading.source_status,
            )
        self.last = reading
        return reading

    def _aperture(self, quantity: str) -> Generator[float, None, BufferedReading]:
        meter, stage = self.instrument, self.instrument.stage
        seconds = meter.nplc[quantity] / meter.line_frequency
        while True:
            start = meter.clock.now
            aperture = stage.begin()
            try:
                yield seconds
                meter.bench.sync()
            finally:
                stage.cancel(aperture)
            over = [
                q
                for q in ("VOLT", "CURR")
                if self._adapts(q)
                and quantity in {q, "RES"}
                and abs(_mean(aperture, q)) > self.automatic[q].top
                and self.automatic[q] is not TABLES[q][-1]
            ]
            if not over:
                break
            for q in over:
                self.automatic[q] = TABLES[q][TABLES[q].index(self.automatic[q]) + 1]
            yield ranges.RANGE_CHANGE_TIME
        yield ranges.OVERHEAD + (seconds if meter.auto_zero[quantity] else 0.0)
        return self._reading(quantity, aperture, start)

    def _reading(self, quantity: str, aperture: Aperture, start: float) -> BufferedReading:
        meter = self.instrument
        nplc = meter.nplc[quantity]
        limited = meter.stage.limiting(aperture)
        shown = {q: self.shown(q, _mean(aperture, q), nplc) for q in ("VOLT", "CURR")}
        if quantity != "RES":
            value = shown[quantity]
        elif any(abs(v) >= OVERFLOW for v in shown.values()) or shown["CURR"] == 0.0:
            value = OVERFLOW
        else:
            value = shown["VOLT"] / shown["CURR"]
        source = meter.source_function
        back = bool(meter.read_back[source])
        status = MEASURE_FRONT_TERMINALS if meter.terminals_used == "FRON" else 0
        if abs(value) >= OVERFLOW:
            status |= MEASURE_QUESTIONABLE
        source_status = SOURCE_READBACK if back else 0
        source_status |= SOURCE_LIMITED if limited else 0
        source_status |= SOURCE_FOUR_WIRE if meter.four_wire[quantity] else 0
        source_status |= SOURCE_OUTPUT_ON if meter.stage.enabled else 0
        return BufferedReading(
            start,
            value,
            UNITS[quantity],
            shown[source] if back else meter.source_level[source],
            UNITS[source],
            status,
            source_status,
        )

    def shown(self, quantity: str, true: float, nplc: float) -> float:
        """Return what the instrument shows for a true mean: calibration, noise, digits, overflow."""
        meter = self.instrument
        row = self.measuring_row(quantity)
        calibration = meter.calibration(
            f"measure {quantity} {row.full_scale:g}", row.measure_gain, row.measure_offset
        )
        value = calibration.apply(true) + meter.noise(ranges.noise(row, nplc))
        if math.isnan(value):   # part of the aperture was not computed
            return ranges.NOT_A_NUMBER
        if abs(value) > row.top:
            return math.copysign(OVERFLOW, value)
        if not meter.bench.imperfections:
            return value
        step = row.full_scale * RESOLUTION
        return round(value / step) * step


def _mean(aperture: Aperture, quantity: str) -> float:
    return aperture.voltage if quantity == "VOLT" else aperture.current
