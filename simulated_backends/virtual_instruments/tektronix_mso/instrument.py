"""The Tektronix oscilloscopes, as their programmer's guides describe them: what all series share.

Quirks that the twin has
------------------------
- Replies begin with a header (``HEADer ON``) after power-on and ``FACtory``; ``*RST`` leaves it as it is. Common
  queries never have one. ``VERBose OFF`` makes headers and words short.
- There is no ``SYSTem:ERRor?``. An event can be read (``EVENT?``, ``EVMsg?``, ``ALLEv?``) only after ``*ESR?``.
- A word may have any length from its capitals on: ``TRIG``, ``TRIGG`` ("Abbreviating" in the programmer's guides).
- A number out of range becomes the limit, with event 222.
- A query about a waveform that is not on has no reply: the client runs into its timeout. The event is 2244.
- ``DATa:STOP`` does not follow the record length.
- ``FILESystem:READFile`` is no query, and has a reply.
- With FastFrame, ``CURVe?`` returns all frames in one block.

Not simulated: sampling that is not aligned with the trigger (``WFMOutpre:XZEro?`` is 0 unless the trigger lies between
two samples by the settings), FastAcq, math and reference waveforms, digital channels, bus triggers.
"""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.headers import ProgramUnit
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.channels import TektronixChannels
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.data_sheet import TektronixSheet
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.events import (
    EventCommands,
    TektronixCommon,
    event_bit,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.horizontal import HorizontalCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.measure import TektronixMeasurements
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.records import TektronixRecords
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import (
    Parts,
    engineering,
    header_of,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.triggering import TriggerCommands

_DATE = 1_767_225_600.0  #: [s] since 1970: the bench's clock starts on 1 January 2026


class VirtualTektronix(TektronixBase):
    """Inputs, triggers, acquisition; ``data_sheet`` has the numbers of the model, a subclass the command tables."""

    error_queue_depth = 33
    error_detail = True
    any_length = True
    date = _DATE
    data_sheet: ClassVar[TektronixSheet]
    channel_commands: TektronixChannels
    trigger_commands: TriggerCommands
    horizontal_commands: HorizontalCommands
    measure_commands: TektronixMeasurements

    status_commands = None
    common_commands = Subsystem(TektronixCommon)
    event_commands = Subsystem(EventCommands, lambda scope: EventCommands(scope, scope.common_commands.reset_command))

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.status.summarises_queue, self.status.event_bit = False, event_bit
        self.records = TektronixRecords(self, self.horizontal_commands)
        self.control.on_complete = self._complete

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.horizontal_commands

    def _complete(self) -> None:
        self.measure_commands.take()

    @property
    def headers(self) -> bool:   # type: ignore[override]
        """Return whether replies begin with a header."""
        return bool(self.event_commands.header_shown)

    @property
    def verbose(self) -> bool:   # type: ignore[override]
        """Return whether words are long."""
        return bool(self.event_commands.words_long)

    # -------------------------------------------------------------------------------------------- replies

    def format_number(self, value: float) -> str:
        """Write a real number in engineering notation."""
        return engineering(value, self.zero)

    def written(self, unit: ProgramUnit, result: Any) -> bytes:
        """Return the reply of one query, with its header where headers are on."""
        pattern = unit.entry.pattern if unit.entry is not None else ""
        plain = pattern.startswith("*") or not pattern.endswith("?")   # the content of a file is no reply of a query
        headers = self.headers and not plain
        if isinstance(result, Parts):
            result = result.written(self.verbose, headers)
            before, between = header_of(pattern, unit.key, self.verbose), ":"
        else:
            before, between = header_of(pattern, unit.key, self.verbose) if headers else "", " "
        text = result if isinstance(result, bytes) else str(result).encode("latin-1", "replace")
        return f"{before}{between}".encode() + text if headers else text

    def may_answer(self, message: bytes) -> bool:
        """Whether a reply may come: also to FILESystem:READFile."""
        return b"?" in message or b"READF" in message.upper()

    # --------------------------------------------------------------------------------------------- common

    def trigger(self) -> None:
        """``*TRG``: as ``TRIGger FORCe``."""
        self.control.look()
        if self.control.waiting_for_trigger:
            self.control.force()

    def cleared(self) -> None:
        """A device clear ends no acquisition; who waits for it waits no more."""
        if ACQUISITION in self.operations.pending:
            self.operations.end(ACQUISITION)

    def option_query(self) -> str:
        """Reply to ``*OPT?``."""
        return '"NONE"'

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.control.start_over()
        self.measure_commands.values.clear()
        for channel in range(1, self.data_sheet.channels + 1):
            self.channel_commands.termination_changed(channel)
        return None

    def shown_traces(self, columns: int) -> dict[int, npt.NDArray[np.float64]]:
        """Return what the screen shows, in screen heights from the middle."""
        found = {}
        for number in self.channel_commands.shown_channels():
            if (trace := self.records.trace(number)) is not None:
                shown = self.records.input(number)
                kept = trace.values[::max(len(trace.values) // columns, 1)]
                found[number] = (kept - shown.offset) / (shown.scale * shown.divisions)
        return found


