"""Trigger engine of one channel of the B2900 family: transient actions (levels, pulses) and acquire actions (readings).

Each has an arm layer and a trigger layer (user's guide, p. 6-27). Where both have the same sources, one process runs
them together, so that with the source AINT the next level waits for the reading of the one before.
"""

import math
from collections.abc import Generator, Mapping

from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import ChannelB2900, TriggerLayer
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

Steps = Generator[float, None, None]
_FOREVER = 1e6  #: [s]
_PULSE = 10e-6  #: [s] of an output trigger
#: bits of the operation condition of channel 1 (SCPI reference, table 4-6); those of channel 2 are 6 places higher
_IDLE = {"TRAN": 1 << 1, "ACQ": 1 << 4}
_WAITS_FOR_TRIGGER = {"TRAN": 1 << 2, "ACQ": 1 << 5}
_WAITS_FOR_ARM = {"TRAN": 1 << 3, "ACQ": 1 << 6}
_OF_CHANNEL_2 = 6
_AVAILABLE, _OVERFLOW, _IN_BUFFER, _BUFFER_FULL = 1 << 1, 1 << 2, 1 << 3, 1 << 4  #: of the measurement condition


class TriggerEngine:
    """Runs what :INITiate starts.

    Parameters
    ----------
    instrument : VirtualInstrument
    channel : ChannelB2900
    measurement : register of the measurement status
    pins : what the pins of the digital port do
    """

    def __init__(
        self, instrument: VirtualInstrument, channel: ChannelB2900, measurement: EventRegister,
        pins: Mapping[int, str],
    ) -> None:
        self._instrument = instrument
        self._channel = channel
        self._measurement = measurement
        self._pins = pins
        self._processes: dict[str, Process] = {}
        self._running: set[str] = set()
        self._immediate = 0.0  #: [V or A] level before the run
        self._ready = 0.0  #: [s] bench time from which on actions may begin
        self._bus_triggers = 0
        self._waits_for_bus = False
        self._waits_for_edge = False
        self._wired: set[str] = set()
        self._shift = _OF_CHANNEL_2 * (channel.number - 1)
        for bit in _IDLE.values():
            self._set(bit, True)

    @property
    def running(self) -> bool:
        """Whether a level, pulse or reading may still come."""
        return bool(self._running)

    def _set(self, bit: int, on: bool) -> None:
        self._instrument.status.operation.set_bit(bit << self._shift, on)
        self._instrument.status.update()

    # ---------------------------------------------------------------------------------- start and stop

    def start(self, kinds: set[str]) -> None:
        """Leave idle with transient ("TRAN") and acquire ("ACQ") actions."""
        channel, instrument = self._channel, self._instrument
        self._ready = instrument.clock.now
        if channel.switches_on and not channel.output.stage.enabled:
            channel.output.switch_on()
            self._ready = channel.output.settled_at
        levels = channel.sweep.levels(channel.settings.source_function) if "TRAN" in kinds else []
        if "ACQ" in kinds:
            channel.readings = []
        self._immediate = channel.settings.source_level[channel.settings.source_function]
        self._bus_triggers = 0
        self._fit_source_range(levels)
        together = kinds == {"TRAN", "ACQ"} and self._sources("TRAN") == self._sources("ACQ")
        for kind in kinds:
            self._running.add(kind)
            self._set(_IDLE[kind], False)
            instrument.operations.begin(f"channel {channel.number} {kind}")
        if together:
            process = Process(instrument.clock, self._run(("TRAN", "ACQ"), levels))
            self._processes = dict.fromkeys(("TRAN", "ACQ"), process)
        else:
            for kind in sorted(kinds):
                self._processes[kind] = Process(instrument.clock, self._run((kind,), levels))

    def abort(self, kinds: set[str]) -> None:
        """Go to idle; the level stays."""
        for kind in kinds:
            if kind in self._running:
                self._processes[kind].stop()

    def _sources(self, kind: str) -> tuple[str, float, str, float]:
        system = self._channel.systems[kind]
        return system.arm.source, system.arm.period, system.trigger.source, system.trigger.period

    def _fit_source_range(self, levels: list[float]) -> None:
        """Choose the range of a sweep as :SOURce:SWEep:RANGing says."""
        channel = self._channel
        function = channel.settings.source_function
        if len(levels) < 2 or channel.sweep.ranging != "BEST" or not channel.settings.source_autorange[function]:
            return
        highest = max(abs(level) for level in levels)
        channel.settings.source_lowest[function] = range_for(channel.sheet.ranges[function], highest).full_scale

    # --------------------------------------------------------------------------------------- the layers

    def _run(self, kinds: tuple[str, ...], levels: list[float]) -> Steps:
        channel, clock = self._channel, self._instrument.clock
        systems = [channel.systems[kind] for kind in kinds]
        try:
            if self._ready > clock.now:
                yield self._ready - clock.now
            self._tell(*(f"ARM {kind}" for kind in kinds))
            arms = max(system.arm.count for system in systems)
            triggers = max(system.trigger.count for system in systems)
            began, number, passes = clock.now, 0, 0
            while passes < arms:
                yield from self._event(systems[0].arm, kinds, _WAITS_FOR_ARM, began, passes)
                self._tell(*(f"TRIG {kind}" for kind in kinds))
                first, place = clock.now, 0
                for done in range(int(triggers)):
                    place = yield from self._event(systems[0].trigger, kinds, _WAITS_FOR_TRIGGER, first, place)
                    active = [kind for kind, system in zip(kinds, systems, strict=True)
                              if done < system.trigger.count and passes < system.arm.count]
                    yield from self._actions(active, levels, number)
                    number += 1
                    place += 1
                passes += 1
        finally:
            for kind in kinds:
                self._end(kind)

    def _end(self, kind: str) -> None:
        channel = self._channel
        self._running.discard(kind)
        self._set(_IDLE[kind], True)
        for bits in (_WAITS_FOR_ARM, _WAITS_FOR_TRIGGER):
            self._set(bits[kind], False)
        function = channel.settings.source_function
        if kind == "TRAN" and not channel.keeps_last_level and channel.settings.source_level[function] != (
                self._immediate):
            self._bring(function, self._immediate)
        if not self._running:
            channel.settings.source_lowest.update(dict.fromkeys(("VOLT", "CURR"), 0.0))
            if channel.switches_off and channel.output.stage.enabled:
                for _ in channel.output.switch_off():
                    pass   # the relay opens by itself
        self._instrument.operations.end(f"channel {channel.number} {kind}")

    def _event(
        self, layer: TriggerLayer, kinds: tuple[str, ...], bits: dict[str, int], began: float, number: int,
    ) -> Generator[float, None, int]:
        """Wait for event ``number`` of a layer; returns the number of the event that came: a late one is lost."""
        clock = self._instrument.clock
        if layer.source == "AINT":
            return number
        if layer.source == "TIM":
            late = clock.now - (began + number * layer.period)
            if late > 1e-9:
                number += math.ceil((late - 1e-9) / layer.period)
            yield max(began + number * layer.period - clock.now, 0.0)
            return number
        for kind in kinds:
            self._set(bits[kind], True)
        if layer.source.startswith("EXT"):
            yield from self._edge(layer.source.removeprefix("EXT"))
        else:   # the bus; internal and LAN triggers never come
            self._waits_for_bus = layer.source == "BUS"
            while not (self._waits_for_bus and self._bus_triggers):
                yield _FOREVER
            self._bus_triggers -= 1
            self._waits_for_bus = False
        for kind in kinds:
            self._set(bits[kind], False)
        return number

    def bus_trigger(self) -> bool:
        """Act on ``*TRG``; False: nothing waits for it."""
        if not (self._running and self._waits_for_bus):
            return False
        if not self._instrument.misses_trigger():
            self._bus_triggers += 1
            self._hasten()
        return True

    def _hasten(self) -> None:
        for process in set(self._processes.values()):
            process.hasten()

    def _edge(self, pin: str) -> Steps:
        """Wait for an edge at a pin of the digital port."""
        instrument, began = self._instrument, self._instrument.clock.now
        jack = f"{instrument.name}.ext{pin}"
        wire = instrument.bench.wired_to(jack)
        if wire is not None and jack not in self._wired:
            self._wired.add(jack)
            wire.listen(self._look_again)
        while True:
            listens = wire is not None and self._pins[int(pin)] == "TINP"
            edge = wire.next_edge(began) if wire is not None and listens else None
            if edge is None:
                self._waits_for_edge = True
                yield _FOREVER
                self._waits_for_edge = False
            elif edge > instrument.clock.now:
                yield edge - instrument.clock.now
            elif instrument.misses_trigger():
                began = edge
            else:
                return

    def _tell(self, *events: str) -> None:
        """Give an edge at the pins that are to tell of one of these events."""
        instrument, outputs = self._instrument, [self._channel.trigger_outputs[event] for event in events]
        for pin in {output.pin for output in outputs if output.enabled and self._pins[output.pin] == "TOUT"}:
            instrument.bench.line(f"{instrument.name}.ext{pin}").add(EdgeTrain(instrument.clock.now, _PULSE, 1.0))

    def _look_again(self) -> None:
        if self._waits_for_edge:
            self._hasten()

    # --------------------------------------------------------------------------------------- the actions

    def _actions(self, kinds: list[str], levels: list[float], number: int) -> Steps:
        """Carry out one trigger: level or pulse, and reading."""
        channel, clock = self._channel, self._instrument.clock
        began, ends = clock.now, clock.now
        if "TRAN" in kinds and levels:
            ends = yield from self._transient(levels[number % len(levels)])
        if "ACQ" in kinds:
            delay = channel.systems["ACQ"].trigger.delay
            yield max(began + delay - clock.now, 0.0)
            automatic = channel.systems["ACQ"].trigger.source == "AINT" and not channel.pulsed
            if not automatic:
                channel.output.settled_at = min(channel.output.settled_at, clock.now)
            self._keep((yield from channel.measurer.take()))
            self._tell("SENS")
        yield max(ends - clock.now, 0.0)

    def _transient(self, level: float) -> Generator[float, None, float]:
        """Bring a level; returns when the action is over [s]: of a pulse the end of its width."""
        channel, clock = self._channel, self._instrument.clock
        function = channel.settings.source_function
        yield channel.systems["TRAN"].trigger.delay
        self._tell("SOUR")
        if not channel.pulsed:
            self._bring(function, level)
            return clock.now
        base, begins = channel.settings.source_level[function], clock.now + channel.pulse_delay
        ends = begins + channel.pulse_width
        clock.schedule(begins, lambda: self._bring(function, level))
        clock.schedule(ends, lambda: self._bring(function, base))
        return ends

    def _bring(self, function: str, level: float) -> None:
        self._channel.settings.source_level[function] = level
        self._channel.output.level_changed(function)

    def _keep(self, reading: MeterReading) -> None:
        """Store a reading, and set the bits of the measurement status."""
        channel, register = self._channel, self._measurement
        stored = channel.stored(reading)
        channel.readings.append(stored)
        channel.trace.store(stored)
        full = len(channel.trace.readings) >= channel.trace.capacity
        bits = (_AVAILABLE | _OVERFLOW * stored.overflowed | _IN_BUFFER * bool(channel.trace.readings)
                | _BUFFER_FULL * full)
        every = _AVAILABLE | _OVERFLOW | _IN_BUFFER | _BUFFER_FULL
        others = register.condition & ~(every << self._shift)
        register.set_condition(others)
        register.set_condition(others | bits << self._shift)
        self._instrument.status.update()
