"""The Keysight InfiniiVision X-Series oscilloscopes, as their programmer's guides describe them.

Quirks that the twin has
------------------------
- A scale, range or level beyond its limit becomes the limit, with error -222; an offset does so without an error.
- ``:CHANnel:IMPedance FIFTy`` makes the coupling DC and limits the scale to 1 V/div; AC coupling is then refused
  (-221).
- A change of the probe's attenuation changes range, offset and trigger level by the same ratio.
- ``:AER?`` and ``:TER?`` forget what they report. ``:OPERegister:CONDition?`` has bit 3 while running, bit 5 while
  waiting.
- ``:DIGitize`` lets no other command in until it is complete; a device clear ends it. ``*TRG`` acts as ``:SINGle``.
- ``:SINGle`` averages nothing, also in the acquisition type AVERage (Keysight's sample script for reading waveforms).
- ``:STOP`` keeps the segments of an unfinished acquisition.
- Codes 0, 1 and 255 are no voltages: not filled, clipped below, clipped above. In WORD they are 0x0000, 0x0001,
  0xFFFF.
- The measurement record has at most 62,500 points: every n-th sample of the memory. It is what ``:WAVeform:POINts:MODE
  NORMal`` transfers, what is measured, and what math waveforms are made of. While the scope runs, and of an average, no
  other record can be read.
- Both channels of a pair (1/2, 3/4) share sample rate and memory.
- The preamble's y increment and origin are those of the format that is set: BYTE, or WORD, which ASCii has too
  (PyMeasure's suite for a real DSOX1102G).
- ``:WAVeform:SOURce`` switches the waveform on that it names. ``:WAVeform:POINts MAX`` sets the points mode, too.
  ``:WAVeform:POINts?`` of what was not acquired is 0. (Keysight's sample script for reading waveforms.)
- A measurement that cannot be made is 9.9E+37. An amplitude of a clipped record cannot be measured.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.autoscale import AutoscaleCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.display import DisplayCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.functions import MathCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.measure import MeasureCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.records import ScopeRecords
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.results import ResultCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.run import RunCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.settings import AcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.setups import SetupCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.spectrum_commands import SpectrumCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.thresholds import ThresholdCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.triggering import ScopeTriggerCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.waveform import WaveformCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings

_SPECTRUM = 9  #: number of the waveform FFT on the screen, behind four channels and four math waveforms


class VirtualInfiniiVision(ScopeBase):
    """Inputs, triggers, acquisition, measurements; ``data_sheet`` has the numbers of the model."""

    error_queue_depth = 30
    number_format = "+.8E"
    not_a_number = "+9.9E+37"
    data_sheet: ClassVar[sheets.InfiniiVisionSheet]

    display_commands = Subsystem(DisplayCommands, lambda scope: DisplayCommands(scope, scope.shown_traces))
    channel_commands = Subsystem(ChannelCommands)
    trigger_commands = Subsystem(
        ScopeTriggerCommands, lambda scope: ScopeTriggerCommands(scope, scope.channel_commands))
    acquisition_commands = Subsystem(AcquisitionCommands, lambda scope: AcquisitionCommands(
        scope, scope.channel_commands, scope.trigger_commands))
    autoscale_commands = Subsystem(
        AutoscaleCommands, lambda scope: AutoscaleCommands(scope, scope.acquisition_commands))
    function_commands = Subsystem(MathCommands, lambda scope: MathCommands(scope, scope.records))
    spectrum_commands = Subsystem(
        SpectrumCommands, lambda scope: SpectrumCommands(scope, scope.function_commands))
    waveform_commands = Subsystem(WaveformCommands, lambda scope: WaveformCommands(
        scope, scope.records, scope.function_commands))
    threshold_commands = Subsystem(ThresholdCommands)
    result_commands = Subsystem(ResultCommands, lambda scope: ResultCommands(
        scope, scope.function_commands, scope.threshold_commands))
    measure_commands = Subsystem(MeasureCommands, lambda scope: MeasureCommands(scope, scope.result_commands))
    run_commands = Subsystem(RunCommands, lambda scope: RunCommands(
        scope, scope.channel_commands, scope.function_commands))
    setup_commands = Subsystem(SetupCommands, lambda scope: SetupCommands(scope, scope.settings_restored))

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        if hasattr(cls, "data_sheet"):
            cls.tree.limit_suffix("FUNCtion", cls.data_sheet.functions)
            if not cls.data_sheet.spectrum_source:
                cls.tree.forget("FFT")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        self.trigger_levels = {}
        super().__init__(bench, placement)
        self.records = ScopeRecords(self, self.acquisition_commands)
        self.control.on_complete = self.result_commands.take

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.acquisition_commands

    def update_status(self) -> None:
        """Keep the operation status register up to date."""
        self.run_commands.update_status()

    def trigger(self) -> None:
        """``*TRG``: as ``:DIG`` without waiting; the series treats it as a single acquisition."""
        self.control.single()

    def cleared(self) -> None:
        """A device clear ends a digitize; running goes on."""
        if ACQUISITION in self.operations.pending:
            self.control.abandon()

    def format_integer(self, value: int) -> str:
        """Write a whole number as the series does."""
        return f"{value:+d}"

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.control.start_over()
        self.trigger_levels.clear()
        self.result_commands.clear()
        self.settings_restored()
        return None

    def settings_restored(self) -> None:
        """Switch the inputs to the impedances that are set now."""
        for channel in range(1, self.data_sheet.channels + 1):
            self.channel_commands.impedance_changed(channel)

    @command(":SYSTem:PRESet")
    def preset(self) -> Handler:
        """``:SYST:PRES``: the default set-up."""
        yield from self.common_commands.reset_command()

    @command(":ACQuire:SEGMented:ANALyze")
    def analyse_segments(self) -> None:
        """``:ACQ:SEGM:ANAL``: the measurements on the screen of every segment."""
        self.result_commands.analyse_segments()

    # ---------------------------------------------------------------------------------------------- its screen

    def middle_of(self, channel: int) -> float | None:
        """Return the middle between the extremes of a channel's record [V at the display]; None without a record."""
        trace = self.records.trace(channel)
        return None if trace is None or not len(trace.filled) else sum(trace.extremes) / 2

    def function_channels(self) -> list[int]:
        """Return the channels of the math waveforms that are on."""
        functions = self.function_commands
        sources = [f"FUNC{number}" for number in range(1, self.data_sheet.functions + 1)
                   if functions.math_displayed[number]]
        sources += ["FFT"] if functions.spectrum_displayed else []
        return [channel for source in sources for channel in functions.channels(source)]

    def shown_traces(self, columns: int) -> dict[int, npt.NDArray[np.float64]]:
        """Return what the screen shows, in screen heights from the middle: channels, math waveforms from 5 on."""
        functions, found = self.function_commands, {}
        for number in range(1, self.data_sheet.channels + 1):
            if self.channel_commands.displayed[number] and (trace := self.records.trace(number)) is not None:
                found[number] = _heights(trace.values, self.records.input(number), columns)
        if functions.spectrum_displayed and (trace := functions.trace("FFT")) is not None:
            found[_SPECTRUM] = _heights(trace.values, functions.screen("FFT"), columns)
        for number in range(1, self.data_sheet.functions + 1):
            source = f"FUNC{number}"
            if functions.math_displayed[number] and (trace := functions.trace(source)) is not None:
                found[4 + number] = _heights(trace.values, functions.screen(source), columns)
        return found


def _heights(volts: npt.NDArray[np.float64], screen: InputChannel, columns: int) -> npt.NDArray[np.float64]:
    kept = volts[::max(len(volts) // columns, 1)]
    return (kept - screen.offset) / (screen.scale * screen.divisions)


class VirtualKeysightDSOX1102G(VirtualInfiniiVision):
    """DSOX1102G: two channels, 100 MHz, 2 GSa/s, 1 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX1102G


class VirtualKeysightDSOX2024A(VirtualInfiniiVision):
    """DSOX2024A: four channels, 200 MHz, 2 GSa/s, 1 Mpts, no 50 Ohm input."""

    data_sheet = sheets.KEYSIGHT_DSOX2024A


class VirtualKeysightDSOX3054A(VirtualInfiniiVision):
    """DSOX3054A: four channels, 500 MHz, 4 GSa/s, 4 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX3054A


class VirtualKeysightDSOX3034T(VirtualInfiniiVision):
    """DSOX3034T: four channels, 350 MHz, 5 GSa/s, 4 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX3034T


class VirtualKeysightDSOX3054T(VirtualInfiniiVision):
    """DSOX3054T: four channels, 500 MHz, 5 GSa/s, 4 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX3054T


class VirtualKeysightDSOX4104A(VirtualInfiniiVision):
    """DSOX4104A: four channels, 1 GHz, 5 GSa/s, 4 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX4104A


class VirtualKeysightMSOX4154A(VirtualInfiniiVision):
    """MSOX4154A: four channels, 1.5 GHz, 5 GSa/s, 4 Mpts; without its digital channels."""

    data_sheet = sheets.KEYSIGHT_MSOX4154A


class VirtualKeysightDSOX6004A(VirtualInfiniiVision):
    """DSOX6004A: four channels, 1 GHz, 20 GSa/s, 4 Mpts."""

    data_sheet = sheets.KEYSIGHT_DSOX6004A
