"""A virtual instrument of your own: the LP1, a pulse generator with one output, on tsbench's shared code."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD, GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = VirtualInstrumentDeclaration("lab_pulser", "lab_virtual_pulser:VirtualLabPulser")

LAB_PULSER = GeneratorDataSheet(
    name="LP1", manufacturer="OUR LAB", firmware="1.0", channels=1, output_resistance=50.0, relay_time=2e-3,
    max_frequency={"PULS": 5e6}, amplitude_steps=((5e6, 10.0),), min_amplitude=1e-3, peak_level=5.0,
    min_pulse_width=50e-9, min_edge_time=5e-9, fast_edge_amplitude=10.0, slow_edge_time=5e-9, max_edge_time=1e-6,
    square_edge_time=5e-9, max_sample_rate=1.0, min_sample_rate=1.0, min_frequency=0.1, min_arb_points=0,
    max_arb_points=0, dac_bits=16, amplitude_gain_accuracy=0.01, amplitude_accuracy=1e-3, offset_gain_accuracy=0.01,
    offset_amplitude_accuracy=0.0025, offset_accuracy=2e-3, timebase_accuracy=1e-5, trigger_latency=100e-9,
    trigger_jitter=1e-9, trigger_output_width=1e-6,
)


class VirtualLabPulser(VirtualInstrument):
    """Plays pulses at a trigger of the bus, or holds a level."""

    manufacturer, model, firmware = LAB_PULSER.manufacturer, LAB_PULSER.name, LAB_PULSER.firmware
    outputs = terminals = ("1",)
    has_trigger = True

    mode = Setting(":MODE", Choice("PULSe", "DC"), default="PULS", change="settings_changed")
    base = Setting(":BASE", Number("V", -10.0, 10.0), default=0.0, change="settings_changed")
    top = Setting(":TOP", Number("V", -10.0, 10.0), default=0.0, change="settings_changed")
    width = Setting(":WIDTh", Number("S", 50e-9, 1.0), default=1e-6, change="settings_changed")
    period = Setting(":PERiod", Number("S", 200e-9, 10.0), default=1e-3, change="settings_changed")
    rise = Setting(":RISE", Number("S", 5e-9, 1e-6), default=5e-9, change="settings_changed")
    fall = Setting(":FALL", Number("S", 5e-9, 1e-6), default=5e-9, change="settings_changed")
    count = Setting(":COUNt", Integer("", 1, 1000), default=1)

    # what the shared code reads as well, by channel; the LP1 has one, and knows no trigger but that of the bus
    burst_mode, trigger_source, trigger_slope = {1: "TRIG"}, {1: "BUS"}, {1: "POS"}
    burst_period, trigger_delay, trigger_timer = {1: 1.0}, {1: 0.0}, {1: 1.0}
    trigger_output, sync_channel = False, 1
    burst_on = property(lambda self: {1: self.mode == "PULS"})
    burst_count = property(lambda self: {1: float(self.count)})

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.channels = GeneratorChannels(self, LAB_PULSER, self)
        self.playback = Playback(self, LAB_PULSER, self, self.channels, lambda: None)

    def shape(self, channel: int) -> Shape:
        low, high = (self.base, self.base) if self.mode == "DC" else sorted((self.base, self.top))
        return Shape(
            function=self.mode, levels=OutputLevels(high - low, (low + high) / 2, INFINITE_LOAD),
            frequency=1.0 / self.period, inverted=self.top < self.base, pulse_width=self.width, lead=self.rise,
            trail=self.fall)

    def settings_changed(self) -> None:
        self.playback.reshape(1)

    def attachment(self) -> Attachment:
        return self.channels.attachment()

    def disconnect(self) -> None:
        self.playback.stop_burst(1)

    def reset(self) -> None:
        self.playback.switch(1, False)
        self.playback.stop_burst(1)

    def trigger(self) -> None:
        """Play ``count`` pulses: ``*TRG``."""
        if self.mode != "PULS" or not self.playback.start_burst(1, self.clock.now):
            raise ScpiError(-211)

    @command(":ABORt")
    def abort(self) -> None:
        self.playback.reshape(1)

    @command(":OUTPut", Boolean())
    def set_output(self, on: bool) -> Handler:
        self.playback.switch(1, on)
        yield LAB_PULSER.relay_time

    @command(":OUTPut?")
    def is_on(self) -> str:
        return str(int(self.channels.on[1]))
