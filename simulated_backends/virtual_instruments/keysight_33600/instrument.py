"""The Keysight 33522B and 33622A two-channel generators, as their programming guides describe them.

Quirks that the twin has
------------------------
- A value beyond a limit becomes the limit, with error -222 ("value clipped to upper limit"). A value that forces
  another one moves that one, with error -221. Nothing changes silently.
- Levels are those at a load equal to ``OUTPut:LOAD`` (50 Ohm at first). A change of the load changes the levels that
  are shown, not the output.
- ``APPLy`` switches burst off, sets the trigger source to IMMediate and the output on.
- ``FUNCtion:PULSe:PERiod`` is the period of all functions. The width is made to fit into it first, then the edges.
- A burst without end needs a trigger: its source becomes BUS, with error -221.
- A trigger during a burst, and one that no channel waits for, is ignored with error -211.
- Names of arbitrary waveforms have no case. An existing name is refused with 786, until ``DATA:VOLatile:CLEar``.
- PRBS is refused with -224: it is not modelled.
- Both channels run from one oscillator: their time bases have the same error.
"""

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
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import (
    Attachment,
    Placement,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33522B, KEYSIGHT_33622A
from tsbench.simulated_backends.virtual_instruments.keysight_33600.function_commands import (
    FunctionCommands,
    max_frequency,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.memory_commands import MemoryCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import clipped
from tsbench.simulated_backends.virtual_instruments.keysight_33600.trigger_commands import TriggerTable


class Keysight33600(FunctionCommands, MemoryCommands, TriggerTable):
    """Two channels, pulse, burst, trigger, arbitrary waveforms; ``data_sheet`` has the numbers of the model."""

    outputs = ("1", "2")
    terminals = ("1", "2")

    polarity = Setting("OUTPut<1-2>:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="playback.reshape")
    display = Setting("DISPlay[:STATe]", Boolean(), default=True)
    display_text = Setting("DISPlay:TEXT", Text(), default="")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        numbers = range(1, self.data_sheet.channels + 1)
        self.levels = {channel: OutputLevels() for channel in numbers}
        self.frequency = dict.fromkeys(numbers, 1e3)
        self.arbs = {channel: {} for channel in numbers}
        self.channels = GeneratorChannels(self, self.data_sheet, self)
        self.playback = Playback(self, self.data_sheet, self, self.channels, self.update_waiting)

    def attachment(self) -> Attachment:
        """Return source, output resistance and relay of each wired channel."""
        return self.channels.attachment()

    def connect(self) -> None:
        """Listen to the external trigger input."""
        self.playback.listen()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        for channel in self.channels.numbers:
            self.playback.stop_burst(channel)

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        function = self.function[channel]
        codes = self.codes_of(channel, self.arb_name[channel]) if function == "ARB" else None
        return Shape(
            function=function, levels=self.levels[channel], frequency=self.frequency[channel],
            phase=self.burst_phase[channel] if self.burst_on[channel] else self.phase[channel],
            inverted=self.polarity[channel] == "INV", pulse_width=self.pulse_width[channel],
            lead=self.lead[channel], trail=self.trail[channel], duty=self.square_duty[channel],
            symmetry=self.symmetry[channel], square_edge=self.data_sheet.square_edge_time, codes=codes,
            sample_rate=self.sample_rate[channel], filtering=self.filtering[channel],
            dac_bits=self.data_sheet.dac_bits, noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=self.noise_bandwidth[channel],
        )

    # ----------------------------------------------------------------------------------------- outputs

    @command("OUTPut<1-2>[:STATe]", Boolean())
    def set_output(self, channel: int, on: bool) -> Handler:
        """``OUTP1 ON``: the relay."""
        self.playback.switch(channel, on)
        yield self.data_sheet.relay_time

    @command("OUTPut<1-2>[:STATe]?")
    def get_output(self, channel: int) -> str:
        """``OUTP1?``."""
        return "1" if self.channels.on[channel] else "0"

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
        self.function_changed(channel)
        if frequency is not None and function == "ARB":
            self.sample_rate[channel] = clipped(
                frequency, self.data_sheet.min_sample_rate, self.data_sheet.max_sample_rate, self)
        elif frequency is not None and function not in ("DC", "NOIS"):
            self.set_frequency(channel, clipped(
                frequency, self.data_sheet.min_frequency, max_frequency(self, channel), self))
        if amplitude is not None and function != "DC":
            self.set_amplitude(channel, amplitude)
        self.set_offset(channel, offset or 0.0)
        yield from self.set_output(channel, True)

    # ----------------------------------------------------------------------------------------- the rest

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; waveforms in memory stay."""
        for channel in self.channels.numbers:
            self.playback.switch(channel, False)
            self.levels[channel] = OutputLevels()
            self.frequency[channel] = 1e3
            self.playback.stop_burst(channel)
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
        for each in self.channels.numbers:
            if not self.burst_on[each]:
                self.playback.reshape(each)


class Keysight33622A(Keysight33600):
    """33622A: 120 MHz, 1 GSa/s, 2.9 ns edges."""

    data_sheet = KEYSIGHT_33622A
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class Keysight33522B(Keysight33600):
    """33522B: 30 MHz, 250 MSa/s, 8.4 ns edges."""

    data_sheet = KEYSIGHT_33522B
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
