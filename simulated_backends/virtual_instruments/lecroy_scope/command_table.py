"""Base of the instruments and of the command tables with LeCroy's short commands."""

from typing import ClassVar

from tsbench.simulated_backends.lecroy.execution import execute_lecroy
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.panel_scope import PanelScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import PanelTable

#: bits of ``INR?``
NEW_SIGNAL, TRIGGER_READY = 1, 8192


class ShortScope(PanelScope):
    """An oscilloscope that executes the LeCroy language.

    A model has ``data_sheet``, tables and ``refuse``, which says what becomes of a unit that cannot be executed.
    """

    channel_header = "C"
    common_headers: ClassVar[bool] = False  #: whether replies to common queries have a header
    unit_space: ClassVar[str] = ""  #: between a number and its unit

    execute = execute_lecroy

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        for word in ("SYSTem", "STATus", *cls.without()):
            cls.tree.forget(word)

    @classmethod
    def without(cls) -> tuple[str, ...]:
        """Return the common commands that the model does not have."""
        return ()

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.reply_header = "SHORT"
        self.new_signal = False
        self.control.on_complete = self._completed

    def _completed(self) -> None:
        self.new_signal = True

    def may_answer(self, message: bytes) -> bool:
        """Whether a reply may come: a screen dump is a command with a reply."""
        return b"?" in message or b"SCDP" in message.upper() or b"SCREEN_DUMP" in message.upper()

    def reset(self) -> Handler | None:
        """Default set-up, running; ``CHDR`` stays."""
        self.control.start_over()
        self.panel.reset()
        self.new_signal = False
        return None

    def power_cycle(self) -> None:
        """Restart: the headers of replies are short again."""
        super().power_cycle()
        self.reply_header = "SHORT"

    def internal_state(self) -> int:
        """Return what has happened since this was asked last (``INR?``)."""
        self.control.look()
        if self.control.acquisition is not None and not self.control.continuous:
            self.clock.busy()
            self.control.look()
        found = NEW_SIGNAL * self.new_signal | TRIGGER_READY * self.control.armed_event
        self.new_signal = self.control.armed_event = False
        return found


class ShortTable(PanelTable[ShortScope]):
    """Base of the command tables.

    Parameters
    ----------
    scope : ShortScope
        Holds the table.
    """

    data_sheet: ScopeDataSheet

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.unit_space = scope.unit_space

    @property
    def reply_header(self) -> str:
        """Return how replies begin: SHORT, LONG or OFF."""
        return self.scope.reply_header

    def quantity(self, value: float, unit: str) -> str:
        """Write a number, with its unit where the reply has a header."""
        text = self.format_number(value)
        return text if self.reply_header == "OFF" else f"{text}{self.unit_space}{unit}"
