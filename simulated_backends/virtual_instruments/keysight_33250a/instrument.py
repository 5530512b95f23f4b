"""The Keysight (Agilent) 33250A function and arbitrary waveform generator, as its user's guide describes it.

Quirks that the twin has
------------------------
- There is one channel: ``SOURce``, ``OUTPut`` and ``TRIGger`` take the number 1 or none; another number is -114.
- It answers ``*IDN?`` as Agilent Technologies.
- A value beyond a limit becomes the limit, with error -222; one that moves another value does so with -221.
- Both edges of a pulse are equal (``PULSe:TRANsition``), and at most 0.625 times the width.
- Width and edges fit into the period only while the function is PULSe.
- ``*TRG`` does something only if ``TRIGger:SOURce`` is BUS. ``*OPC`` waits for the end of a burst.
- ``APPLy`` sets what is left out to its default (1 kHz, 100 mVpp, 0 V) and switches the output on.

The twin has neither modulation nor sweep: it answers -113. Not compared with an instrument: which of two values that
exclude each other is refused and which is changed, beside the edges.
"""

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, emf_factor
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.burst_commands import Bursts33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Base33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.data_sheet import KEYSIGHT_33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.level_commands import RESET_AMPLITUDE, Levels33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.shape_commands import SHAPES, Shapes33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.waveform_memory import Data33250A

_WORD = Choice("MINimum", "MAXimum", "DEFault")


class VirtualKeysight33250A(Base33250A):
    """33250A: 80 MHz, edges of 5 ns, one channel."""

    data_sheet = KEYSIGHT_33250A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
    outputs = ("1",)
    terminals = ("1",)
    number_format = "+.13E"

    bursts = Subsystem(Bursts33250A)
    shapes = Subsystem(Shapes33250A)
    volts = Subsystem(Levels33250A)
    memory = Subsystem(Data33250A)

    polarity = Setting("OUTPut<1-1>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    display = Setting("DISPlay[:STATe]", Boolean(), default=True)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.levels = {1: OutputLevels(RESET_AMPLITUDE)}
        bursts = self.bursts
        self.channels = GeneratorChannels(self, self.data_sheet, bursts)
        self.playback = Playback(self, self.data_sheet, bursts, self.channels, bursts.update_waiting)

    def shape(self, channel: int) -> Shape:
        """Return everything that decides the waveform now."""
        shapes, bursts, sheet = self.shapes, self.bursts, self.data_sheet
        function, frequency = shared_name(shapes.function[channel]), shapes.frequency[channel]
        codes = self.memory.codes(self.memory.selected[channel]) if function == "ARB" else None
        starts_anywhere = bursts.burst_on[channel] and function not in ("PULS", "SQU")
        return Shape(
            function=function, levels=self.levels[channel], frequency=frequency,
            phase=bursts.burst_phase[channel] if starts_anywhere else 0.0, inverted=self.polarity[channel] == "INV",
            pulse_width=shapes.width[channel], lead=shapes.edge[channel], trail=shapes.edge[channel],
            duty=shapes.duty[channel], symmetry=shapes.symmetry[channel], square_edge=sheet.square_edge_time,
            codes=codes, sample_rate=frequency * (1 if codes is None else len(codes)), filtering="OFF",
            dac_bits=sheet.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=sheet.max_frequency["NOIS"],
        )

    def trigger(self) -> None:
        """Act on ``*TRG``."""
        self.bursts.trigger()

    @command("OUTPut<1-1>[:STATe]", Boolean())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP ON``: the relay."""
        self.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-1>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP?``."""
        return "1" if self.channels.connectors.is_closed(channel) else "0"

    @command(f"[:SOURce<1-1>]:APPLy:{{{'|'.join(SHAPES)}}}", Optional(AnyOf(_WORD, Number("HZ"))),
             Optional(AnyOf(_WORD, Number("VPP", units=("V", "VRMS", "DBM")))), Optional(AnyOf(_WORD, Number("V"))))
    def apply(
        self, channel: int, function: str, frequency: float | str = "DEF", amplitude: float | str = "DEF",
        offset: float | str = "DEF",
    ) -> Handler:
        """``APPL:SIN 5e3, 3, -2.5``: function, frequency, amplitude, offset; no burst, output on."""
        self.bursts.burst_on[channel] = False
        shapes, volts, present = self.shapes, self.volts, self.levels[channel]
        shapes.function[channel] = function
        top = self.data_sheet.max_frequency[shared_name(function)]
        words = {"MIN": self.data_sheet.min_frequency, "MAX": top, "DEF": 1e3}
        hertz = words[frequency] if isinstance(frequency, str) else frequency
        shapes.frequency[channel] = min(hertz, top)
        if hertz > top:
            volts.adjusted(-222)
        self.levels[channel] = OutputLevels(present.amplitude, 0.0, present.load, present.source)
        shapes.function_changed(channel)
        if function != "DC":
            if isinstance(amplitude, str):
                window, scale = volts.window(channel), emf_factor(50.0) / present.emf
                amplitude = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(
                    amplitude, RESET_AMPLITUDE * scale)
            volts.set_amplitude(channel, amplitude)
        if isinstance(offset, str):
            offset = float(volts.get_offset(channel, offset)) if offset != "DEF" else 0.0
        volts.set_offset(channel, offset)
        self.bursts.changed(channel)
        yield from self.set_output(channel, True)

    @command("[:SOURce<1-1>]:APPLy?")
    def applied(self, channel: int) -> str:
        """``APPL?``: function, frequency, amplitude and offset in quotes."""
        frequency, offset = self.format_number(self.shapes.frequency[channel]), self.volts.get_offset(channel)
        return f'"{self.shapes.function[channel]} {frequency},{self.volts.get_amplitude(channel)},{offset}"'

    def reset(self) -> Handler | None:
        """Output off, everything as after switching on; stored waveforms stay."""
        self.playback.switch(1, False)
        self.levels[1] = OutputLevels(RESET_AMPLITUDE)
        self.playback.stop_burst(1)
        self.bursts.update_waiting()
        return None

    @command("SYSTem:BEEPer[:IMMediate]")
    @command("SYSTem:LOCal")
    @command("SYSTem:REMote")
    def _no_effect(self) -> None:
        """Accepted, without effect on what is measured."""
