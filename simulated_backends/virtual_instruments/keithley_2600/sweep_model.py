"""The trigger model of one unit of the 2600B: arm and trigger layers, source, measure and end-pulse actions.

A sweep runs on the timeline beside whatever messages come (2600BS-901-01, section 3, remote trigger model).
"""

import itertools
from collections.abc import Callable, Generator, Iterable
from typing import Any

import numpy as np

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.events import EventBus, EventDetector, Flow
from tsbench.simulated_backends.tsp.interpreter import Interpreter, elements
from tsbench.simulated_backends.tsp.tables import TspTable, number, whole
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import SmuChannel
from tsbench.simulated_backends.virtual_instruments.keithley_2600.measure_table import MeasureTable
from tsbench.simulated_backends.virtual_instruments.keithley_2600.source_table import QUANTITY, SourceTable
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

EVENTS = ("ARMED", "SOURCE_COMPLETE", "MEASURE_COMPLETE", "PULSE_COMPLETE", "SWEEP_COMPLETE", "IDLE", "SWEEPING")
DISABLE, ENABLE, ASYNC = 0, 1, 2
SOURCE_IDLE, SOURCE_HOLD = 0, 1
LIMIT_AUTO = -1.0
MOST_POINTS = 1_000_000
ENDLESS_TURN = 20e-6  #: [s] at least, of a layer that turns until it is aborted; not compared with a data sheet


class SweepModel:
    """The table ``smuX.trigger``, and the sweep that it runs.

    Parameters
    ----------
    channel : SmuChannel
    source : SourceTable
    measure : MeasureTable
    bus : EventBus
    table : the table ``smuX.trigger``
    """

    def __init__(
        self, channel: SmuChannel, source: SourceTable, measure: MeasureTable, bus: EventBus, table: TspTable,
    ) -> None:
        self._channel = channel
        self._source = source
        self._measure = measure
        self._bus = bus
        self._interpreter: Interpreter = table.interpreter
        self._flow: Flow | None = None
        self._detectors = {name: EventDetector(bus) for name in ("arm", "source", "measure", "endpulse")}
        self._events = {name: bus.make() for name in EVENTS}
        self._layers = {name: table.table(name) for name in ("arm", "source", "measure", "endpulse", "endsweep")}
        self.reset()
        table.constants(**{f"{name}_EVENT_ID": number for name, number in self._events.items()})
        self._count(table, "count")
        self._count(self._layers["arm"], "arm_count", "count")
        self._flag(table, "autoclear", "autoclear", 1)
        for name, detector in self._detectors.items():
            self._show_detector(self._layers[name], detector)
        self._flag(self._layers["source"], "source_action", "action", 1)
        self._flag(self._layers["measure"], "measure_action", "action", 2)
        self._flag(self._layers["endpulse"], "endpulse_action", "action", 1)
        self._flag(self._layers["endsweep"], "endsweep_action", "action", 1)
        self._show_sweeps(self._layers["source"])
        for function in ("i", "v", "r", "p", "iv"):
            self._layers["measure"].method(function, self._measuring(function), 1)
        table.method("initiate", self.start)

    @staticmethod
    def _show_detector(table: TspTable, detector: EventDetector) -> None:
        table.attribute("stimulus", lambda: detector.stimulus.number, detector.stimulus.set)
        table.method("set", detector.set)

    def reset(self) -> None:
        """Take the defaults."""
        self.stop()
        for detector in self._detectors.values():
            detector.reset()
        self.settings: dict[str, int] = {
            "count": 1, "arm_count": 1, "autoclear": 0, "source_action": 0, "measure_action": 0,
            "endpulse_action": SOURCE_HOLD, "endsweep_action": SOURCE_IDLE}
        self.limits: dict[str, float] = {"CURR": LIMIT_AUTO, "VOLT": LIMIT_AUTO}
        self._levels: tuple[float, ...] = ()
        self._quantity = "VOLT"
        self._readings: tuple[str, tuple[Any, ...]] | None = None

    def _count(self, table: TspTable, key: str, name: str | None = None) -> None:
        table.attribute(name or key, lambda: self.settings[key],
                        lambda value: self._write(key, whole(value, 0, 1_000_000_000)))

    def _flag(self, table: TspTable, key: str, name: str, high: int) -> None:
        table.attribute(name, lambda: self.settings[key], lambda value: self._write(key, whole(value, 0, high)))

    def _write(self, key: str, value: int) -> None:
        self._channel.idle()
        self.settings[key] = value

    # ------------------------------------------------------------------------------------------- what it does

    def _show_sweeps(self, table: TspTable) -> None:
        for letter, quantity in QUANTITY.items():
            table.method(f"list{letter}", self._listed(quantity), 1)
            table.method(f"linear{letter}", self._spaced(quantity, _linear), 3)
            table.method(f"log{letter}", self._spaced(quantity, _logarithmic), 3)
            self._show_limit(table, letter, quantity)

    def _show_limit(self, table: TspTable, letter: str, quantity: str) -> None:
        table.attribute(f"limit{letter}", lambda: self.limits[quantity],
                        lambda value: self._set_limit(quantity, value))

    def _set_limit(self, quantity: str, value: Any) -> None:
        limit = number(value)
        if limit != LIMIT_AUTO:
            number(value, (self._channel.sheet.least_limits or {})[quantity],
                   self._channel.sheet.ranges[quantity][-1].full_scale)
        self.limits[quantity] = limit

    def _listed(self, quantity: str) -> Callable[[Any], None]:
        def configure(table: Any) -> None:
            found = elements(self._interpreter, table)
            if not found:
                raise TspError(1401, "", 1)
            self._configure(quantity, tuple(number(value) for value in found))
        return configure

    def _spaced(self, quantity: str, spaced: Callable[..., tuple[float, ...]]) -> Callable[..., None]:
        def configure(start: Any, stop: Any, points: Any, asymptote: Any = 0.0) -> None:
            self._configure(quantity, spaced(
                number(start), number(stop), whole(points, 1, MOST_POINTS), number(asymptote)))
        return configure

    def _configure(self, quantity: str, levels: tuple[float, ...]) -> None:
        self._channel.idle()
        highest = self._channel.sheet.ranges[quantity][-1].top
        number(max(levels, key=abs), -highest * (1 + 1e-12), highest * (1 + 1e-12))
        self._quantity, self._levels = quantity, levels

    def _measuring(self, function: str) -> Callable[..., None]:
        def configure(*buffers: Any) -> None:
            self._readings = (function, self._measure.given(function, buffers))
        return configure

    # ------------------------------------------------------------------------------------------------ running

    @property
    def running(self) -> bool:
        return self._flow is not None and self._flow.running

    def start(self) -> None:
        """Begin the sweep: errors 5042, 5059, 5060 and 5061."""
        channel, settings = self._channel, self.settings
        channel.idle()
        if self.running:
            raise channel.error(5042)
        if settings["source_action"] and not self._levels:
            raise channel.error(5059)
        if settings["measure_action"] and self._readings is None:
            raise channel.error(5060)
        if settings["source_action"]:
            self._check_levels()
        for detector in self._detectors.values():
            detector.clear()
        if self._readings is not None:
            for buffer in self._readings[1]:
                buffer.begin()
        self._flow = Flow(channel.instrument.clock, self._run())

    def _check_levels(self) -> None:
        channel = self._channel
        if self._quantity != channel.sourced:
            raise channel.error(5009)
        if not channel.output.stage.enabled:
            raise channel.error(5061)
        self._source.check_level(self._quantity, max(self._levels, key=abs))

    def stop(self) -> None:
        """End the sweep where it is."""
        if self._flow is not None:
            flow, self._flow = self._flow, None
            flow.stop()

    def _run(self) -> Generator[float | EventDetector, None, None]:
        channel, settings = self._channel, self.settings
        name = f"{channel.name} sweeps"
        before = channel.settings
        level, automatic = before.source_level[self._quantity], before.source_autorange[self._quantity]
        held = before.source_range[self._quantity]
        limits = before.current_limit, before.voltage_limit
        channel.instrument.operations.begin(name)
        channel.show("sweeping", True)
        self._bus.fire(self._events["SWEEPING"])
        buffers = self._readings[1] if self._readings is not None else ()
        for buffer in buffers:
            buffer.busy += 1
        try:
            yield 0.0
            self._fix_range()
            for _ in _turns(settings["arm_count"]):
                if not settings["arm_count"]:
                    yield ENDLESS_TURN
                if settings["autoclear"]:
                    for detector in self._detectors.values():
                        detector.clear()
                yield from self._waiting("arm")
                self._fire("ARMED")
                for index in _turns(settings["count"]):
                    if not settings["count"]:
                        yield ENDLESS_TURN
                    yield from self._step(index, level)
                self._fire("SWEEP_COMPLETE")
                if settings["endsweep_action"] == SOURCE_IDLE and settings["source_action"]:
                    self._go_to(level)
        finally:
            before.source_autorange[self._quantity], before.source_range[self._quantity] = automatic, held
            before.current_limit, before.voltage_limit = limits
            for buffer in buffers:
                buffer.busy -= 1
            channel.show("sweeping", False)
            channel.instrument.operations.end(name)
        self._fire("IDLE")

    def _fix_range(self) -> None:
        """Source in the range of the highest level, if the range is automatic."""
        settings = self._channel.settings
        if self.settings["source_action"] and settings.source_autorange[self._quantity]:
            row = range_for(self._channel.sheet.ranges[self._quantity], max(map(abs, self._levels)))
            settings.source_range[self._quantity] = row.full_scale
            settings.source_autorange[self._quantity] = False
        if self.limits["CURR"] != LIMIT_AUTO:
            settings.current_limit = self.limits["CURR"]
        if self.limits["VOLT"] != LIMIT_AUTO:
            settings.voltage_limit = self.limits["VOLT"]

    def _step(self, index: int, idle: float) -> Generator[float | EventDetector, None, None]:
        settings = self.settings
        yield from self._waiting("source")
        if settings["source_action"]:
            self._go_to(self._levels[index % len(self._levels)])
            output = self._channel.output
            yield max(output.settled_at - self._channel.instrument.clock.now, 0.0)
        self._fire("SOURCE_COMPLETE")
        yield from self._waiting("measure")
        if settings["measure_action"] and self._readings is not None:
            function, buffers = self._readings
            kept = [(buffer, buffer.append_mode) for buffer in buffers]
            for buffer, _ in kept:
                buffer.append_mode = True   # a sweep fills the buffer from its first point to its last
            try:
                yield from self._channel.measure(function, buffers)
            finally:
                for buffer, mode in kept:
                    buffer.append_mode = mode
        self._fire("MEASURE_COMPLETE")
        yield from self._waiting("endpulse")
        if settings["endpulse_action"] == SOURCE_IDLE and settings["source_action"]:
            self._go_to(idle)
        self._fire("PULSE_COMPLETE")

    def _waiting(self, layer: str) -> Generator[float | EventDetector, None, None]:
        detector = self._detectors[layer]
        if detector.stimulus.number:
            yield detector

    def _fire(self, name: str) -> None:
        self._bus.fire(self._events[name])

    def _go_to(self, level: float) -> None:
        self._channel.settings.source_level[self._quantity] = level
        self._channel.output.level_changed(self._quantity)
        self._channel.show_limits()


def _turns(count: int) -> Iterable[int]:
    """Return the turns of a layer; a count of 0 is without end (2600BS-901-01 Rev. C, p. 7-254)."""
    return range(count) if count else itertools.count()


def _linear(start: float, stop: float, points: int, asymptote: float) -> tuple[float, ...]:
    return tuple(np.linspace(start, stop, points).tolist())


def _logarithmic(start: float, stop: float, points: int, asymptote: float) -> tuple[float, ...]:
    """Return levels with equal ratios of their distances from the asymptote."""
    first, last = start - asymptote, stop - asymptote
    if first * last <= 0:
        raise TspError(-222)
    return tuple((np.geomspace(first, last, points) + asymptote).tolist())
