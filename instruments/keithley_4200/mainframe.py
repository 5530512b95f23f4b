"""What the modules of a 4200A-SCS share: integration time, outputs that are on, the safe state."""

from collections.abc import Mapping
from typing import Any, Protocol

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import OutputState
from tsbench.instruments.keithley_4200.data_sheet import SourceMeasureUnit
from tsbench.instruments.languages.kxci import KxciInstrument


class Sourcing(Protocol):
    """What the units ask of each other."""

    name: str
    unit: SourceMeasureUnit

    @property
    def is_on(self) -> bool:
        """Return whether its output was switched on."""

    def definition(self, role: int) -> str:
        """Return its channel definition in a test."""

    def held(self) -> str:
        """Return the command that holds it at its level during a test of another unit."""


class Analyser4200(KxciInstrument):
    """The mainframe, without what its modules are.

    Parameters
    ----------
    adapter : pymeasure Adapter
    name : on the bench
    """

    def __init__(self, adapter: Any, name: str, **kwargs: Any) -> None:
        self.sources: Mapping[int, Sourcing] = {}
        self.on: set[str] = set()  #: terminals that were switched on: KXCI does not read it
        #: terminals of which nothing is known: an earlier process may have left them on, so each counts as on until it
        #: is switched
        self.unknown: set[str] = set()
        self.has_pulse_card = False
        self.testing = ""  #: the terminal whose test runs: the instrument carries out no other command until its end
        self._integration = ""  #: as it was last sent
        super().__init__(adapter, name, **kwargs)

    def state_of(self, terminal: str) -> OutputState:
        """Return an output as it was last set; one that was not set yet counts as on."""
        return OutputState(
            f"{self.name}.{terminal}", terminal in self.on | self.unknown, terminal not in self.unknown)

    def note_on(self, terminal: str) -> None:
        """Note that an output is switched on."""
        self.on.add(terminal)
        self.unknown.discard(terminal)

    def note_off(self, *terminals: str) -> None:
        """Note that outputs have been switched off."""
        self.on.difference_update(terminals)
        self.unknown.difference_update(terminals)

    def forget_integration(self) -> None:
        """The integration time must be sent again."""
        self._integration = ""

    def set_integration(self, nplc: float) -> None:
        """Set the aperture of all source-measure units, if another one is set; the delay of the range stays."""
        command = f"IT4,1,1,{nplc:.4g}"
        if command != self._integration:
            self.send(command)
            self._integration = command

    def require_idle(self) -> None:
        """Raise InstrumentError while a test runs."""
        if self.testing:
            raise InstrumentError(f"{self.label}: a test of {self.testing} runs. Wait for its end, or abort it")

    def stop_test(self) -> None:
        """Stop the test of source-measure units; outputs stay as they are."""
        self.send("MD", "ME4")
        self.testing = ""

    def make_safe(self, *numbers: int) -> None:
        """Stop tests and switch outputs off: all messages are sent before the first acknowledgement is read."""
        commands = ["MD", "ME4", "US", *(f"DV{number}" for number in numbers or self.sources)]
        if self.has_pulse_card and not numbers:
            commands.append(":PMU:ABORT")
        with self.lock:
            for command in commands:
                self.write(command)
            for command in commands:
                self.take_acknowledgement(command)
            self.testing = ""
            if numbers:
                self.note_off(*(f"smu{number}" for number in numbers))
            else:
                self.note_off(*self.on, *self.unknown)
