"""The Keysight InfiniiVision 3000T X-Series oscilloscopes, as their programmer's guide describes them.

Quirks that the twin has
------------------------
- A scale, range or level beyond its limit becomes the limit, with error -222; an offset does so without an error.
- ``:CHANnel:IMPedance FIFTy`` makes the coupling DC and limits the scale to 1 V/div; AC coupling is then refused
  (-221).
- A change of the probe's attenuation changes range, offset and trigger level by the same ratio.
- ``:AER?`` and ``:TER?`` forget what they report. ``:OPERegister:CONDition?`` has bit 3 while running, bit 5 while
  waiting.
- ``:DIGitize`` lets no other command in until it is complete; a device clear ends it. ``*TRG`` acts as ``:SINGle``.
- ``:STOP`` keeps the segments of an unfinished acquisition.
- Codes 0, 1 and 255 are no voltages: not filled, clipped below, clipped above. In WORD they are 0x0000, 0x0001,
  0xFFFF.
- ``:WAVeform:POINts:MODE NORMal`` transfers at most 62,500 points: every n-th sample of the memory.
- Both channels of a pair (1/2, 3/4) share sample rate and memory.
- The preamble's y increment and origin are those of the format that is set (BYTE or WORD).
"""

import ast

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Block
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.channels import ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.command_table import ScopeBase
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.data_sheet import (
    KEYSIGHT_DSOX3034T,
    KEYSIGHT_DSOX3054T,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.display import DisplayCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.run import RunCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.settings import AcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.waveform import WaveformCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import (
    ACQUISITION,
    AcquisitionControl,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import ChannelErrors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs


class VirtualKeysightDSOX3000T(ScopeBase):
    """Four inputs, edge trigger, single and segmented acquisition; ``data_sheet`` has the numbers of the model."""

    terminals = ("1", "2", "3", "4")
    error_queue_depth = 30
    number_format = "+.8E"
    has_trigger = True

    display_commands = Subsystem(DisplayCommands)
    channel_commands = Subsystem(ChannelCommands)
    acquisition_commands = Subsystem(
        AcquisitionCommands, lambda scope: AcquisitionCommands(scope, scope.channel_commands))
    waveform_commands = Subsystem(WaveformCommands, lambda scope: WaveformCommands(scope, scope.acquisition_commands))
    run_commands = Subsystem(RunCommands, lambda scope: RunCommands(scope, scope.channel_commands))

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.trigger_levels = {}
        self.inputs = ScopeInputs(self, sheet, self.channel_commands.impedance[1])
        errors = {
            number: ChannelErrors.draw(sheet, bench.rng(self.name, "input", str(number)))
            if bench.imperfections else ChannelErrors() for number in range(1, sheet.channels + 1)
        }
        self.timebase_error = self.calibration("timebase", sheet.timebase_accuracy, 0.0).gain
        self.digitiser = Digitiser(sheet, errors, (bench.seed, seed_of(self.name)), bench.imperfections)
        self.control = AcquisitionControl(
            self, sheet, self.acquisition_commands, self.run_commands.update_status)

    def attachment(self) -> Attachment:
        """Return what each wired input puts on its node."""
        return self.inputs.attachment()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self.control.drop()

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
        for channel in range(1, self.data_sheet.channels + 1):
            self.channel_commands.impedance_changed(channel)
        return None

    @command(":SYSTem:PRESet")
    def preset(self) -> Handler:
        """``:SYST:PRES``: the default set-up."""
        yield from self.common_commands.reset_command()

    @command(":SYSTem:SETup?")
    @command("*LRN?")
    def get_setup(self) -> bytes:
        """``:SYST:SET?``: all settings as a block."""
        state = repr((self.setting_values, self.trigger_levels)).encode("latin-1")
        return definite_block(state, 8)

    @command(":SYSTem:SETup", Block())
    def set_setup(self, payload: bytes) -> None:
        """``:SYST:SET``: settings that ``:SYST:SET?`` gave."""
        try:
            values, levels = ast.literal_eval(payload.decode("latin-1"))
            values, levels = dict(values), dict(levels)
        except (ValueError, SyntaxError, TypeError):
            raise ScpiError(-161) from None
        # in place: the command tables hold the same dictionaries
        for held, found in ((self.setting_values, values), (self.trigger_levels, levels)):
            held.clear()
            held.update(found)
        for channel in range(1, self.data_sheet.channels + 1):
            self.channel_commands.impedance_changed(channel)


class VirtualKeysightDSOX3054T(VirtualKeysightDSOX3000T):
    """DSOX3054T: four channels, 500 MHz, 5 GSa/s, 4 Mpts."""

    data_sheet = KEYSIGHT_DSOX3054T
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualKeysightDSOX3034T(VirtualKeysightDSOX3000T):
    """DSOX3034T: four channels, 350 MHz, 5 GSa/s, 4 Mpts."""

    data_sheet = KEYSIGHT_DSOX3034T
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
