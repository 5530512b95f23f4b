"""Virtual Keithley 707B and 3706A switching mainframes (reference manuals 707B-901-01 and 3700S-901-01).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- ``channel.close`` closes without opening others, ``channel.exclusiveclose`` opens all others. With the rule break
  before make, which is the one after a reset, the contacts have opened and settled before others close.
- ``channel.getclose`` returns nil where nothing is closed, else the names with semicolons between them.
- A channel that is not there is an error, and no relay of the list changes.
- A reset opens all relays.
- A pattern (``channel.pattern``) is a name of channels. Channel lists may have it among them. A reset keeps patterns.
  One that was made by ``snapshot`` holds what was closed then.

Texts and effects that the manuals do not state: error 1401 for a wrong channel, -221
for one that is forbidden; 1401 for a wrong name of a pattern. Scans, digital lines and the multimeter of the 3706A are
not modelled.
"""

from collections.abc import Mapping
from typing import ClassVar

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.tsp.language import TSP_FRAMING, TspLanguage
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_700.channel_table import ChannelTable
from tsbench.simulated_backends.virtual_instruments.keithley_700.data_sheet import CARDS_707B, CARDS_3706A
from tsbench.simulated_backends.virtual_instruments.switch_matrix.relays import (
    BREAK_FIRST,
    Card,
    Crosspoint,
    RelayMatrix,
)

ROWS = "ABCDEFGH"
#: digits of a number that is printed (707B-901-01 rev. B, p. 7-89; 3700S-901-01 rev. C, p. 13-183)
PRECISION = 10


class VirtualSwitchMainframe(VirtualInstrument):
    """A mainframe with matrix cards; a model adds its cards and how it names rows and crosspoints."""

    cards: ClassVar[Mapping[str, Card]]
    slots: ClassVar[int]
    manufacturer = "KEITHLEY INSTRUMENTS INC."
    option_names = ("cards",)
    framing: ClassVar[Framing] = TSP_FRAMING
    keeps_replies = True
    error_queue_depth = 100

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.identification = f"{self.manufacturer},{self.model},{self.serial},{self.firmware}"
        self.line_frequency = 50.0
        found = self._cards_of(placement.options.get("cards", {"1": next(iter(self.cards))}))
        self.matrix = RelayMatrix(self, [
            self.crosspoint(slot, row, column, card) for slot, card in found.items()
            for row in range(card.rows) for column in range(card.columns)])
        self.language = TspLanguage(self, (), PRECISION)
        slots = {slot: found.get(slot) for slot in range(1, self.slots + 1)}
        self._table = ChannelTable(self.language.parts, self.matrix, slots, self.firmware)

    def _cards_of(self, option: object) -> dict[int, Card]:
        if not isinstance(option, Mapping):
            raise ConfigurationError('options.cards must be a table of slots, such as { 1 = "7072" }')
        found = {}
        for slot, name in option.items():
            if not str(slot).isdecimal() or not 1 <= int(slot) <= self.slots:
                raise ConfigurationError(f"options.cards: slot '{slot}' must be a number from 1 to {self.slots}")
            if name not in self.cards:
                raise ConfigurationError(f"options.cards: there is no card '{name}'{nearest(str(name), self.cards)}")
            found[int(slot)] = self.cards[str(name)]
        return dict(sorted(found.items()))

    def crosspoint(self, slot: int, row: int, column: int, card: Card) -> Crosspoint:
        """Return one relay; rows and columns are counted from 0."""
        raise NotImplementedError

    @property
    def model_name(self) -> str:
        """The model as ``localnode.model`` says it."""
        return self.model.removeprefix("MODEL ")

    def attachment(self) -> Attachment:
        """Return the relays."""
        return self.matrix.attachment()

    def execute(self, message: bytes) -> Handler:
        """Execute one line of TSP."""
        return self.language.execute(message)

    def interrupts(self, message: bytes) -> bool:
        """Whether a message is ``abort``."""
        return self.language.interrupts(message)

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender may expect a reply."""
        return b"print" in message or b"?" in message or self.language.system.prompts

    def cleared(self) -> None:
        """A device clear has come."""
        self.language.cleared()

    def reset(self) -> Handler | None:
        """Open all relays; settings at their defaults."""
        self.language.reset()
        self.matrix.rule = BREAK_FIRST
        self._table.forget()
        yield from self.matrix.change(self.matrix.listed(), ())

    def script_stopped(self) -> None:
        """A script was aborted: relays stay as they are."""


class VirtualKeithley707B(VirtualSwitchMainframe):
    """Six slots for cards of eight rows. Terminals: rows "A" to "H", columns "101" (slot 1, column 1) to "612"."""

    cards, slots = CARDS_707B, 6
    model, firmware = "MODEL 707B", "01.20a"
    terminals = (*ROWS, *(f"{slot}{column:02d}" for slot in range(1, 7) for column in range(1, 13)))

    def crosspoint(self, slot: int, row: int, column: int, card: Card) -> Crosspoint:
        """Return for example 1A01: slot 1, row A, column 1."""
        return Crosspoint(f"{slot}{ROWS[row]}{column + 1:02d}", ROWS[row], f"{slot}{column + 1:02d}", card)


class VirtualKeithley3706A(VirtualSwitchMainframe):
    """Six slots, without its multimeter. Terminals: rows "row1" to "row6", columns "101" to "616"."""

    cards, slots = CARDS_3706A, 6
    model, firmware = "MODEL 3706A", "01.56a"
    terminals = (
        *(f"row{row}" for row in range(1, 7)),
        *(f"{slot}{column:02d}" for slot in range(1, 7) for column in range(1, 17)))

    def crosspoint(self, slot: int, row: int, column: int, card: Card) -> Crosspoint:
        """Return for example 1101: slot 1, row 1, column 1."""
        return Crosspoint(f"{slot}{row + 1}{column + 1:02d}", f"row{row + 1}", f"{slot}{column + 1:02d}", card)
