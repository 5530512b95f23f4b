"""Run control and the format of values, which the RTO and the RTB have alike."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler, all_errors
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.tables import RtoTable

WAITING = 0x08  #: bit of STATus:OPERation:CONDition?


class SharedReadout(RtoTable):
    """Run control; a series adds its formats, its status and its waveforms.

    Parameters
    ----------
    scope : ConverterScope
    settings : RtoAcquiring or RtbAcquiring
        Of the same scope.
    """

    lengths: ClassVar[Mapping[str, tuple[int, ...]]]  #: of each kind of FORMat[:DATA]: the usual one first

    def __init__(self, scope: ConverterScope, settings: Any) -> None:
        super().__init__(scope)
        self.settings = settings

    def choose_format(self, kind: str, bits: int | None) -> None:
        """Take a format with a length that the kind has; -224 for another."""
        allowed = self.lengths[kind]
        chosen = allowed[0] if bits is None else bits
        if chosen not in allowed:
            raise ScpiError(-224)
        self.setting_values["data_format", ()] = (kind, chosen)

    @property
    def data_format(self) -> tuple[str, int]:
        """Return kind and length [bits] of values."""
        kind, bits = self.setting_values.get(("data_format", ()), ("ASC", 0))
        return str(kind), int(bits)

    @command(":FORMat[:DATA]?")
    def _get_format(self) -> str:
        return "{},{}".format(*self.data_format)

    @command(":SYSTem:ERRor:ALL?")
    def _errors(self) -> str:
        """``SYST:ERR:ALL?``: all entries of the error queue, which is empty then."""
        return all_errors(self.scope)

    @command(":RUNContinous")
    @command(":RUN")
    def _run(self) -> None:
        self.control.run()

    @command(":RUNSingle")
    @command(":SINGle")
    def _single(self) -> None:
        """``RUNS``: as many acquisitions as are set, as an overlapped operation."""
        self.control.single()
        if self.settings.sweep == "AUTO":
            self.control.arm(self.settings.shown_channels(), True)
        self.scope.operations.begin(ACQUISITION)

    @command(":STOP")
    def _stop(self) -> Handler:
        yield from self.control.stop()

    def look(self) -> None:
        """See how far an acquisition has come; asking for a single one takes time."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.continuous:
            self.clock.busy()
            self.control.look()

    def ready(self, channel: int) -> Handler:
        """Wait until a channel has something to read; -230 where it has nothing."""
        self.control.look()
        yield from self.control.snapshot()
        if not self.memory.has(channel):
            raise ScpiError(-230)
