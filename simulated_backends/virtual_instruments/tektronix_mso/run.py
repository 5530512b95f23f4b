"""Run control of the Tektronix oscilloscopes: ``ACQuire:STATE``, ``TRIGger:STATE?``, ``TRIGger FORCe``."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.horizontal import HorizontalCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import TekChoice, TekWord

_STATE = TekWord("ARMed", "AUTO", "REAdy", "SAVe", "TRIGger")


class TektronixRun(TektronixTable):
    """From arming to completion.

    Parameters
    ----------
    scope : TektronixBase
    settings : HorizontalCommands
        Of the same scope.
    """

    def __init__(self, scope: TektronixBase, settings: HorizontalCommands) -> None:
        super().__init__(scope)
        self.settings = settings

    def _look(self) -> None:
        """See how far the acquisition has come; a client that polls lets time pass."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.continuous:
            self.clock.busy()
            self.control.look()

    @command(":ACQuire:STATE", AnyOf(Boolean(), TekChoice("RUN", "STOP")))
    def _set_state(self, value: Any) -> Handler:
        """``ACQuire:STATE RUN``: one sequence after ``STOPAfter SEQuence``, else again and again."""
        if value in (False, "STOP"):
            yield from self.control.stop()
            return
        channels = self.settings.shown_channels()
        if self.settings.stop_after == "SEQ":
            if not channels:
                raise ScpiError(-221)
            if self.settings.frames_on:
                yield self.data_sheet.fast_frame_start
            self.control.acquire(channels)
        else:
            self.control.run()

    @command(":ACQuire:STATE?")
    def _get_state(self) -> str:
        self._look()
        return str(int(self.control.running))

    @command(":ACQuire:NUMACq?")
    def _acquisitions(self) -> str:
        """``ACQuire:NUMACq?``: acquisitions since the start."""
        return str(self._count() if not self.settings.frames_on else int(self._count() > 0))

    @command(":ACQuire:NUMFRAMESACQuired?")
    def _frames(self) -> str:
        """``ACQuire:NUMFRAMESACQuired?``: frames since the start."""
        return str(self._count())

    def _count(self) -> int:
        self._look()
        found = self.control.acquisition or self.control.finished
        return 0 if found is None else len(found.records)

    @command(":TRIGger:STATE?")
    def _trigger_state(self) -> str:
        """``TRIGger:STATE?``: ARMED, READY, TRIGGER, AUTO or SAVE."""
        self._look()
        return _STATE.format(self._state(), self)

    def _state(self) -> str:
        control = self.control
        if not control.running:
            return "SAV"
        if control.acquisition is None:
            return "AUTO"
        if control.acquisition.pending is not None:
            return "TRIG"
        return "REA" if control.memory_full else "ARM"

    @command(":TRIGger", TekChoice("FORCe"))
    def _force(self, word: str) -> None:
        """``TRIGger FORCe``: trigger now; ignored unless it waits for a trigger."""
        self.control.look()
        if self.control.waiting_for_trigger:
            self.control.force()

    @command(":HORizontal:ACQDURATION?")
    def _duration(self) -> str:
        return self.format_number(self.settings.timebase_range)

    @command(":HORizontal:DIVisions?")
    def _divisions(self) -> str:
        return str(self.data_sheet.time_divisions)

    @command(":HORizontal:FASTframe:MAXFRames?")
    def _get_most_frames(self) -> str:
        return str(self.settings.most_frames())

    @command(":ACQuire:MAXSamplerate?")
    def _highest_rate(self) -> str:
        return self.format_number(self.data_sheet.max_sample_rate)

    @command(":CLEAR")
    def _clear(self) -> None:
        """``CLEAR``: acquisitions and measurements so far are forgotten."""
        self.control.finished = None


class DpoRunCommands(TektronixRun):
    """Run control of the MSO5000, DPO5000 and DPO7000."""

    @command(":TRIGger:A:READY?")
    def _ready(self) -> str:
        """``TRIGger:A:READY?``: whether a trigger would be taken now."""
        self._look()
        return str(int(self._state() == "REA"))

    @command(":TRIGger:B:READY?")
    def _delayed_ready(self) -> str:
        """``TRIGger:B:READY?``: there is no delayed trigger."""
        return "0"
