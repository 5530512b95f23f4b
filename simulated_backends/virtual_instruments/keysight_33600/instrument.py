"""The Keysight 33522B and 33622A two-channel generators as message machines with their analog side.

Each output is an ideal source behind 50 Ohm and a relay. Nothing runs in the circuit while an output is off;
a burst then only runs on the instrument's own time line (sync edges, operation complete).
"""

import math
from dataclasses import replace
from typing import ClassVar

from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.engine import Constant, SourceWaveform
from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    Boolean,
    Choice,
    Number,
    Optional,
    Text,
)
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain
from tsbench.simulated_backends.virtual_instruments.instrument import (
    Attachment,
    Placement,
    VirtualInstrument,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import (
    KEYSIGHT_33522B,
    KEYSIGHT_33622A,
    OPEN_RELAY,
    OUTPUT_RESISTANCE,
    GeneratorDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.keysight_33600.memory import WaveformMemory
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import clipped
from tsbench.simulated_backends.virtual_instruments.keysight_33600.settings import (
    MIN_FREQUENCY,
    MIN_SAMPLE_RATE,
    FunctionCommands,
    max_frequency,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.synthesis import (
    OutputErrors,
    Shape,
    idle_level,
    synthesise,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.triggering import Triggering

CHANNELS = (1, 2)
RELAY_TIME = 2e-3  #: [s] output relay (typ.)
PULSE_OF_TRIGGER_OUTPUT = 1e-6  #: [s]


class Keysight33600(FunctionCommands, WaveformMemory, Triggering, VirtualInstrument):
    """Two channels, pulse, burst, trigger, arbitrary waveforms; ``limits`` says which model."""

    limits: ClassVar[GeneratorDataSheet]
    outputs = ("1", "2")
    terminals = ("1", "2")

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="reshape")
    display = Setting("DISPlay[:STATe]", Boolean(), default=True)
    display_text = Setting("DISPlay:TEXT", Text(), default="")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.levels = {channel: OutputLevels() for channel in CHANNELS}
        self.frequency = dict.fromkeys(CHANNELS, 1e3)
        self.arbs = {channel: {} for channel in CHANNELS}
        self.output_on = dict.fromkeys(CHANNELS, False)
        drawn = {
            channel: OutputErrors.draw(self.limits, bench.rng(self.name, "output", str(channel)))
            if bench.imperfections else OutputErrors() for channel in CHANNELS
        }
        # both channels run from one oscillator
        self.errors = {channel: replace(drawn[channel], timebase=drawn[1].timebase) for channel in CHANNELS}
        self._continuation: dict[int, ScheduledEvent | None] = dict.fromkeys(CHANNELS)
        self._set_up_triggers()

    # ------------------------------------------------------------------------------------------ circuit

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired channel."""
        elements: list[Element] = []
        for channel in self.terminals:
            node = self.node(channel)
            if node is None:
                continue
            inside = f"{self.name}_{channel}_emf".lower()
            elements.append(Element("V", self.element_name("V", channel, "emf"), (inside, "0"), 0))
            elements.append(Element(
                "R", self.element_name("R", channel, "output"), (inside, node), 0, value=OPEN_RELAY))
        return Attachment(tuple(elements))

    def connect(self) -> None:
        """Listen to the external trigger input."""
        line = self.bench.wired_to(f"{self.name}.external")
        if line is not None:
            line.listen(self.external_edges_changed)
        self.update_waiting()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        for channel in CHANNELS:
            self.stop_burst(channel)

    def _drive(self, channel: int, waveform: SourceWaveform) -> None:
        if self.node(str(channel)) is not None:
            self.bench.circuit.set_source(self.element_name("V", str(channel), "emf"), waveform)
            self.bench.changed()

    # ---------------------------------------------------------------------------------------- playing

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        function = self.function[channel]
        codes = self.codes_of(channel, self.arb_name[channel]) if function == "ARB" else None
        return Shape(
            function=function, levels=self.levels[channel], frequency=self.frequency[channel],
            phase=self.burst_phase[channel] if self.burst_on[channel] else self.phase[channel],
            inverted=self.polarity[channel] == "INV", pulse_width=self.pulse_width[channel],
            lead=self.lead[channel], trail=self.trail[channel], duty=self.square_duty[channel],
            symmetry=self.symmetry[channel], square_edge=self.limits.square_edge_time, codes=codes,
            sample_rate=self.sample_rate[channel], filtering=self.filtering[channel],
            dac_bits=self.limits.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=self.noise_bandwidth[channel],
        )

    def reshape(self, channel: int) -> None:
        """Play what the settings now say: continuously, or the idle level of a burst."""
        self.stop_burst(channel)
        if not self.output_on[channel]:
            self.restart_timer(channel)
            return
        if self.burst_on[channel]:
            self._drive(channel, Constant(idle_level(self.shape(channel), self.errors[channel])))
            self.restart_timer(channel)
        else:
            self._play_without_end(channel, self.bench.clock.now)

    def _play_without_end(self, channel: int, start: float) -> None:
        """Play from ``start`` [s] on: the circuit repeats the waveform."""
        shape = self.shape(channel)
        waveform, _ = synthesise(shape, self.errors[channel], start, 0)
        self._drive(channel, waveform)
        self._forget_continuation(channel)
        if self.sync_channel == channel:
            self.sync_line.cut(start)
            if shape.function != "DC":
                period = shape.period * (1 + self.errors[channel].timebase)
                self.sync_line.add(EdgeTrain(start, period / 2, period, 0))

    def play_burst(self, channel: int, start: float, cycles: int) -> float:
        """Play ``cycles`` (0: without end) from ``start`` [s]; return the time [s] at which they are over."""
        shape = self.shape(channel)
        period = shape.period * (1 + self.errors[channel].timebase)
        end = start + cycles * period if cycles else math.inf
        self._lay_out(channel, shape, start, cycles)
        if self.sync_channel == channel:
            high = cycles * period if cycles else period / 2
            self.sync_line.add(EdgeTrain(start, high, 2 * high, 1 if cycles else 0))
        if self.trigger_output:
            self.trigger_line.add(EdgeTrain(start, PULSE_OF_TRIGGER_OUTPUT, 1.0, 1))
        return end

    def _lay_out(self, channel: int, shape: Shape, start: float, cycles: int) -> None:
        if not self.output_on[channel]:
            return
        waveform, end = synthesise(shape, self.errors[channel], start, cycles)
        self._drive(channel, waveform)
        self._forget_continuation(channel)
        period = shape.period * (1 + self.errors[channel].timebase)
        left = cycles - round((end - start) / period) if cycles else 0
        if left > 0:
            self._continuation[channel] = self.clock.schedule(
                end, lambda: self._lay_out(channel, shape, end, left))

    def _forget_continuation(self, channel: int) -> None:
        event, self._continuation[channel] = self._continuation[channel], None
        if event is not None:
            event.cancel()

    def stop_playing(self, channel: int) -> None:
        """Forget what was laid out for later (not what sounds now)."""
        self._forget_continuation(channel)
        if self.sync_channel == channel:
            self.sync_line.cut(self.bench.clock.now)

    # ----------------------------------------------------------------------------------------- outputs

    @command("OUTPut<1-2>[:STATe]", Boolean())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP1 ON``: the relay."""
        self._switch(channel, on)
        yield RELAY_TIME

    @command("OUTPut<1-2>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP1?``."""
        return "1" if self.output_on[channel] else "0"

    def _switch(self, channel: int, on: bool) -> None:
        if on == self.output_on[channel]:
            return
        if not on:
            self.bench.hurry()
        wired = self.node(str(channel)) is not None
        relay = self.element_name("R", str(channel), "output")
        self.output_on[channel] = on
        if on:
            self.reshape(channel)
        if wired:
            self.bench.circuit.set_resistance(relay, OUTPUT_RESISTANCE if on else OPEN_RELAY)
            self.bench.changed()
        if not on:
            self._forget_continuation(channel)
            self._drive(channel, Constant(0.0))   # nothing to integrate behind an open relay
        self.report_output(str(channel), on)

    @command("[:SOURce<1-2>]:APPLy:{SINusoid|SQUare|RAMP|TRIangle|PULSe|NOISe|DC|ARBitrary}",
             Optional(Number("HZ", units=("SA", "SA/S"))), Optional(Number("VPP", units=("V",))),
             Optional(Number("V")))
    def apply(
        self, channel: int, function: str, frequency: float | None = None, amplitude: float | None = None,
        offset: float | None = None,
    ) -> Handler:
        """``APPLy``: function, frequency, amplitude, offset; burst off, immediate trigger, output on."""
        self.burst_on[channel] = False
        self.trigger_source[channel] = "IMM"
        self.function[channel] = function
        self._function_changed(channel)
        if frequency is not None and function == "ARB":
            self.sample_rate[channel] = clipped(frequency, MIN_SAMPLE_RATE, self.limits.max_sample_rate, self)
        elif frequency is not None and function not in ("DC", "NOIS"):
            self.set_frequency(channel, clipped(frequency, MIN_FREQUENCY, max_frequency(self, channel), self))
        if amplitude is not None and function != "DC":
            self.set_amplitude(channel, amplitude)
        self.set_offset(channel, offset or 0.0)
        yield from self.set_output(channel, True)

    # ----------------------------------------------------------------------------------------- the rest

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; waveforms in memory stay."""
        for channel in CHANNELS:
            self._switch(channel, False)
            self.levels[channel] = OutputLevels()
            self.frequency[channel] = 1e3
            self.stop_burst(channel)
        self.update_waiting()
        return None

    @command("SYSTem:BEEPer[:IMMediate]")
    @command("DISPlay:TEXT:CLEar")
    @command("SYSTem:LOCal")
    @command("SYSTem:REMote")
    @command("SYSTem:RWLock")
    def _no_effect(self) -> None:
        """Accepted, without effect on what is measured."""

    @command("PHASe:SYNChronize")
    @command("[:SOURce<1-2>]:PHASe:SYNChronize")
    def synchronise(self, channel: int = 1) -> None:
        """``PHAS:SYNC``: both channels begin their cycle now."""
        for each in CHANNELS:
            if not self.burst_on[each]:
                self.reshape(each)


class Keysight33622A(Keysight33600):
    """33622A: 120 MHz, 1 GSa/s, 2.9 ns edges."""

    limits = KEYSIGHT_33622A
    manufacturer, model, firmware = limits.manufacturer, limits.name, limits.firmware


class Keysight33522B(Keysight33600):
    """33522B: 30 MHz, 250 MSa/s, 8.4 ns edges."""

    limits = KEYSIGHT_33522B
    manufacturer, model, firmware = limits.manufacturer, limits.name, limits.firmware
