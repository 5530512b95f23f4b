"""Siglent SDS1000X HD and SDS2000X HD, as the SDS Series Programming Guide EN11D describes them.

Quirks that the twin has
------------------------
- There is no error queue and no status register that a command can read. What cannot be executed does nothing, and a
  query then has no reply.
- A scale, offset, level, delay or time base that cannot be set becomes the nearest that can.
- ON and OFF are words; 1 and 0 are not taken. A word comes back as the guide writes it: ``RISing``.
- A sample has 12 bits, in the upper bits of 16 (``WORD``); ``BYTE`` has the upper 8. A division is 7680 of 16 bits.
- ``:WAVeform:DATA?`` ends with two line feeds, and has at most the points of ``:WAVeform:MAXPoint?``.
- In sequence mode the time of each frame stands behind the descriptor of ``:WAVeform:PREamble?``.
- Both channels of a pair (1/2, 3/4) have half of the memory and half of the sample rate.

Not compared with an instrument: the bits that the descriptor tells (12), and its sign of the delay (that of
``:TIMebase:DELay``). Not simulated: triggers other than edges, which never come; statistics of measurements.
"""

from typing import ClassVar

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.virtual_instruments.oscilloscope.panel_scope import PanelScope
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.settings import (
    SdsChannelCommands,
    SdsHorizontalCommands,
    SdsTriggerCommands,
)
from tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.waveform import (
    SdsMeasureCommands,
    SdsWaveformCommands,
)

#: what the programming guide does not have
_WITHOUT = ("*CLS", "*ESE", "*ESR", "*OPT", "*SRE", "*STB", "*TRG", "*TST", "*WAI", "SYSTem", "STATus")


class VirtualSdsHd(PanelScope):
    """Inputs, triggers, acquisition and measurements; ``data_sheet`` has the numbers of the model."""

    channel_header = "CHANnel"
    number_format = ".2E"
    not_a_number = "****"
    data_sheet: ClassVar[sheets.SdsHdSheet]

    channel_commands = Subsystem(SdsChannelCommands)
    horizontal_commands = Subsystem(SdsHorizontalCommands)
    trigger_commands = Subsystem(SdsTriggerCommands)
    waveform_commands = Subsystem(SdsWaveformCommands)
    measure_commands = Subsystem(SdsMeasureCommands)

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        for word in _WITHOUT:
            cls.tree.forget(word)

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.control.start_over()
        self.panel.reset()
        for name in ("sequence_on", "sequence_count", "frames", "mode_word", "trigger_type", "external_name"):
            self.setting_values.pop((name, ()), None)
        return None


class VirtualSDS2204XHD(VirtualSdsHd):
    """SDS2204X HD: four channels, 200 MHz, 50 Ohm."""

    data_sheet = sheets.SDS2204XHD


class VirtualSDS1104XHD(VirtualSdsHd):
    """SDS1104X HD: four channels, 100 MHz."""

    data_sheet = sheets.SDS1104XHD
