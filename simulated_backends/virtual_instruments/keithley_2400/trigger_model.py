"""Trigger model of the 2400 family: arm layer, trigger layer, and the source-delay-measure cycle (manual, section 11).

While it runs, the instrument executes no message but ABORt, *TRG, *RST, *RCL and SYSTem:PRESet (manual, p. 16-3). All
others wait in the input buffer. The serial poll is answered, and a device clear brings the instrument back to idle.
"""

import copy
import itertools
import math
from collections.abc import Generator
from typing import Any

from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.keithley_2400 import readings
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.keithley_2400.parts import Keithley2400Parts, new_sample
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import StoredReading
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_settings import Layer, LayersSettings
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

Steps = Generator[float, None, Any]
SWEEPING, WAITS_FOR_TRIGGER, WAITS_FOR_ARM, IDLE = 1 << 3, 1 << 5, 1 << 6, 1 << 10  #: of the operation condition
READING_AVAILABLE, READING_OVERFLOW, BUFFER_AVAILABLE, BUFFER_FULL, IN_COMPLIANCE = (
    1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 14)  #: of the measurement condition
LINK_LINES = (1, 2, 3, 4)  #: of the trigger link
_PULSE = 10e-6  #: [s] of an output trigger
_FOREVER = 1e6  #: [s]


class LayeredTriggerModel:
    """Runs source-delay-measure cycles.

    Parameters
    ----------
    meter : Keithley2400Parts
    """

    def __init__(self, meter: Keithley2400Parts) -> None:
        self._meter = meter
        jacks = [f"line{line}" for line in LINK_LINES]
        meter.bench.add_jacks(meter.name, inputs=jacks, outputs=jacks)
        self._listening: set[str] = set()
        self.settings = LayersSettings()
        self.uses_memory = False
        self.memories: dict[int, tuple[Any, set[str]]] = {}
        self.running = False
        self._aborted = False
        self._bus_trigger = False
        self._waiting = False  #: for an event without a known time

    def forget(self) -> None:
        """Take the state after a reset; what is running ends."""
        self.abort()
        self.settings = LayersSettings()
        self.uses_memory = False

    # --------------------------------------------------------------------------- what comes while it runs

    def abort(self) -> None:
        """Go to idle."""
        if self.running:
            self._aborted = True
            self._meter.exchange.hasten()

    def bus_trigger(self) -> bool:
        """Act on ``*TRG``; False: nothing runs that could wait for it."""
        if not self.running:
            return False
        if not self._meter.misses_trigger():
            self._bus_trigger = True
            self._look_again()
        return True

    def _look_again(self) -> None:
        """Let a wait for an event look whether it has come."""
        if self._waiting:
            self._meter.exchange.hasten()

    # --------------------------------------------------------------------------------------------- running

    def require_output(self) -> None:
        """Raise ScpiError +803 where the output is off and is not switched on by itself."""
        if not (self._meter.output.stage.enabled or self.settings.clears_output):
            raise refusal(803)

    def run(self) -> Steps:
        """Leave idle, pass both layers, come back to idle; yields the seconds it needs."""
        meter, settings = self._meter, self.settings
        self.require_output()
        levels = self._levels()
        meter.sample = new_sample()
        self.running, self._aborted, self._bus_trigger = True, False, False
        operation = meter.status.operation
        operation.set_condition(operation.condition & ~IDLE | (SWEEPING if levels or self.uses_memory else 0))
        try:
            self._fit_source_range(levels)
            numbers = itertools.count()
            began = meter.clock.now
            for passes in itertools.count():
                if passes >= settings.arm.count:
                    break
                yield from self._event(settings.arm, WAITS_FOR_ARM, began + passes * settings.arm_timer)
                self._tell(settings.arm, "TENT")
                for _ in range(int(settings.trigger.count)):
                    yield from self._event(settings.trigger, WAITS_FOR_TRIGGER, 0.0)
                    ended = yield from self._unless_aborted(self._cycle(next(numbers), levels))
                    if self._aborted or ended:
                        return
                self._tell(settings.arm, "TEX")
        finally:
            self._come_to_idle()

    def _come_to_idle(self) -> None:
        meter = self._meter
        self.running = False
        if self.settings.clears_output and meter.output.stage.enabled:
            for _ in meter.output.switch_off():
                pass   # the relay opens by itself
        operation = meter.status.operation
        operation.set_condition(operation.condition & ~(SWEEPING | WAITS_FOR_TRIGGER | WAITS_FOR_ARM) | IDLE)
        meter.status.update()

    def _levels(self) -> list[float] | None:
        meter = self._meter
        return None if self.uses_memory else meter.sweep.levels(meter.settings.source_function)

    def _fit_source_range(self, levels: list[float] | None) -> None:
        """Choose the range of a staircase as :SOURce:SWEep:RANGing says."""
        meter = self._meter
        function = meter.settings.source_function
        if not levels or meter.sweep.modes[function] != "SWE" or meter.sweep.ranging == "FIX":
            return
        meter.settings.source_autorange[function] = meter.sweep.ranging == "AUTO"
        highest = max(abs(level) for level in levels)
        meter.settings.source_range[function] = range_for(meter.data_sheet.ranges[function], highest).full_scale

    def _unless_aborted(self, steps: Steps) -> Steps:
        """Carry on until the end, or until an abort comes."""
        while True:
            try:
                wait = next(steps)
            except StopIteration as end:
                return end.value
            yield wait
            if self._aborted:
                steps.close()
                return None

    def _wait_for_event(self) -> Steps:
        self._waiting = True
        try:
            yield _FOREVER
        finally:
            self._waiting = False

    def _wait(self, seconds: float) -> Steps:
        yield from self._unless_aborted(iter_of(seconds))

    # ------------------------------------------------------------------------------------- event detection

    def _event(self, layer: Layer, waiting: int, timer: float) -> Steps:
        """Wait for the event that lets a layer go on."""
        meter = self._meter
        if layer.source == "IMM" or self._aborted:
            return
        operation = meter.status.operation
        operation.set_bit(waiting, True)
        meter.status.update()
        try:
            if layer.source == "TIM":
                yield from self._wait(max(timer - meter.clock.now, 0.0))
            elif layer.source == "TLIN":
                yield from self._edge(layer.input_line)
            else:   # the bus; keys and a component handler never come
                while not (self._aborted or (self._bus_trigger and layer.source == "BUS")):
                    yield from self._wait_for_event()
                self._bus_trigger = False
        finally:
            operation.set_bit(waiting, False)

    def _edge(self, line: int) -> Steps:
        """Wait for an edge at a line of the trigger link."""
        meter = self._meter
        began = meter.clock.now
        jack = f"{meter.name}.line{line}"
        wire = meter.bench.wired_to(jack)
        if wire is not None and jack not in self._listening:
            self._listening.add(jack)
            wire.listen(self._look_again)
        while not self._aborted:
            edge = None if wire is None else wire.next_edge(began)
            if edge is None:
                yield from self._wait_for_event()
            elif edge > meter.clock.now:
                yield edge - meter.clock.now
            elif meter.misses_trigger():
                began = edge
            else:
                return

    def _tell(self, layer: Layer, event: str) -> None:
        """Give an output trigger if the layer is to tell of this event."""
        if event in layer.outputs.split(","):
            line = self._meter.bench.line(f"{self._meter.name}.line{layer.output_line}")
            line.add(EdgeTrain(self._meter.clock.now, _PULSE, 1.0))

    # ------------------------------------------------------------------------------------- one cycle

    def _cycle(self, number: int, levels: list[float] | None) -> Steps:
        """Source, delay, measure; returns whether the sweep ends here because of the compliance."""
        meter, settings = self._meter, self.settings
        output, sheet = meter.output, meter.data_sheet
        yield settings.delay
        self._recall(number)
        function = meter.settings.source_function
        if levels:
            meter.settings.source_level[function] = levels[number % len(levels)]
        if not output.stage.enabled:
            output.switch_on()
            yield sheet.switch_on_time
        if levels or self.uses_memory:
            output.level_changed(function)
        self._tell(settings.trigger, "SOUR")
        output.settled_at = max(output.settled_at, meter.clock.now + output.delay())
        yield meter.until(output.settled_at)
        self._tell(settings.trigger, "DEL")
        if levels and meter.sweep.ends_in_compliance == "EARL" and output.stage.limiting():
            return True
        reading = yield from self._measure()
        self._keep(reading)
        self._tell(settings.trigger, "SENS")
        last = number % int(settings.trigger.count) == settings.trigger.count - 1
        if settings.clears_output and (last or not settings.clears_after_count):
            yield from output.switch_off()
        return bool(levels) and meter.sweep.ends_in_compliance == "LATE" and reading.limited

    def _recall(self, number: int) -> None:
        """Take the settings of the next place of the source memory."""
        if self.uses_memory:
            meter = self._meter
            place = self.settings.first_memory + number % self.settings.memory_points
            settings, functions = self.memories.get(place, (None, set()))
            if settings is not None:
                meter.settings.take(copy.deepcopy(settings))
                meter.functions.selected = set(functions)
                meter.functions.apply()

    def _measure(self) -> Generator[float, None, MeterReading]:
        meter, functions = self._meter, self._meter.functions
        while True:
            reading = yield from meter.measurer.take()
            if not (functions.ohms_set_the_source and functions.resistance_autorange):
                return reading
            ohms = _resistance(reading.voltage, reading.current)
            if not functions.next_ohms_range(ohms, reading.limited or abs(ohms) >= OVERFLOW):
                return reading
            yield meter.data_sheet.range_change_time

    def _keep(self, reading: MeterReading) -> None:
        """Store a reading, calculate from it, and set the bits of the measurement events."""
        meter = self._meter
        function = meter.settings.source_function
        chosen = meter.functions.selected
        values = dict.fromkeys(("VOLT", "CURR", "RES"), NOT_A_NUMBER)
        shown = {
            "VOLT": reading.voltage, "CURR": reading.current,
            "RES": _resistance(reading.voltage, reading.current)}
        values[function] = meter.settings.source_level[function]
        values |= {name: shown[name] for name in chosen}
        bits = meter.calculations.take(values, reading.limited)
        stored = StoredReading(values, reading.time)
        values["STAT"] = float(self._status_word(reading, stored.overflowed()))
        meter.sample.append(stored)
        meter.buffer.store(stored)
        register = meter.measurement
        register.set_bit(READING_AVAILABLE, False)
        kept = BUFFER_AVAILABLE * (len(meter.buffer.readings) > 1) | BUFFER_FULL * meter.buffer.full
        register.set_condition(
            bits | READING_AVAILABLE | READING_OVERFLOW * stored.overflowed() | kept
            | IN_COMPLIANCE * reading.limited | register.condition & (1 << 11))
        meter.status.update()

    def _status_word(self, reading: MeterReading, overflowed: bool) -> int:
        """Return the status word of a reading (manual, p. 18-50)."""
        meter = self._meter
        settings, functions = meter.settings, meter.functions
        word = sum(readings.MEASURED[name] for name in functions.selected)
        word |= readings.SOURCED_VOLTAGE if settings.source_function == "VOLT" else readings.SOURCED_CURRENT
        conditions = (
            (readings.OVERFLOWED, overflowed), (readings.FILTERED, settings.filter_on["CURR"]),
            (readings.FRONT, settings.front_terminals),
            (readings.LIMITED, reading.limited and not reading.limited_by_range),
            (readings.PROTECTED, abs(reading.voltage) >= 0.99 * settings.protection["VOLT"]),
            (readings.AUTO_OHMS, functions.ohms_set_the_source), (readings.LIMITED_BY_RANGE, reading.limited_by_range),
            (readings.OFFSET_COMPENSATED, functions.offset_compensated),
            (readings.REMOTE_SENSE, settings.four_wire["CURR"]))
        return word | meter.calculations.status_bits() | sum(bit for bit, holds in conditions if holds)


def iter_of(seconds: float) -> Generator[float, None, None]:
    """Yield one wait [s]."""
    yield seconds


def _resistance(voltage: float, current: float) -> float:
    if max(abs(voltage), abs(current)) >= OVERFLOW or current == 0.0:
        return OVERFLOW
    value = voltage / current
    return value if math.isfinite(value) else OVERFLOW


