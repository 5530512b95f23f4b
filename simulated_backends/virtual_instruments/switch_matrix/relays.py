"""Relays between the rows and the columns of a switch matrix: resistances in the circuit that open and close in time.

Rows run through all cards of the mainframe, as with the analog backplane. Each crosspoint is one resistance. Only those
whose row and column are both wired are in the circuit; the others are remembered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tsbench.netlist import GROUND, Element
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, Attachment, VirtualInstrument

BREAK_FIRST, MAKE_FIRST = 1, 2


@dataclass(frozen=True)
class Card:
    """One model of card.

    Parameters
    ----------
    model : as in its identity
    description : the text of its identity
    rows, columns : how many
    closed : resistance of a closed contact [Ohm]
    settling : of a contact, opening or closing [s]
    """

    model: str
    description: str
    rows: int
    columns: int
    closed: float
    settling: float


@dataclass(frozen=True)
class Crosspoint:
    """One relay: the name that the instrument gives it, and the terminals that it joins."""

    name: str
    row: str
    column: str
    card: Card


class RelayMatrix:
    """The relays of one mainframe.

    Parameters
    ----------
    instrument : VirtualInstrument
    crosspoints : all relays, in the order in which the instrument lists them
    """

    def __init__(self, instrument: VirtualInstrument, crosspoints: Sequence[Crosspoint]) -> None:
        self._instrument = instrument
        self.crosspoints: Mapping[str, Crosspoint] = {one.name: one for one in crosspoints}
        self.closed: set[str] = set()
        self.rule = BREAK_FIRST
        self.counts = dict.fromkeys(self.crosspoints, 0)  #: closures of each relay

    def _element(self, name: str) -> str:
        return self._instrument.element_name("R", name, "relay")

    def _wired(self, one: Crosspoint) -> tuple[str, str] | None:
        row, column = self._instrument.node(one.row), self._instrument.node(one.column)
        if row is None or column is None or row == column:
            return None
        return _ground(row), _ground(column)

    def attachment(self) -> Attachment:
        """Return the relays whose row and column are wired, open."""
        return Attachment(tuple(
            Element("R", self._element(one.name), nodes, value=OPEN)
            for one in self.crosspoints.values() if (nodes := self._wired(one)) is not None))

    def listed(self, names: Sequence[str] | None = None) -> list[str]:
        """Return the closed relays (among ``names``), in the order of the instrument."""
        wanted = self.crosspoints if names is None else names
        return [name for name in self.crosspoints if name in self.closed and name in wanted]

    def change(self, to_open: Sequence[str], to_close: Sequence[str]) -> Handler:
        """Open and close relays in the order that the rule says; returns when the contacts have settled."""
        opening = [name for name in to_open if name in self.closed and name not in to_close]
        closing = [name for name in dict.fromkeys(to_close) if name not in self.closed]
        steps = [(opening, False), (closing, True)]
        if self.rule == MAKE_FIRST:
            steps.reverse()
        if opening or closing:
            self._instrument.bench.moved(self._instrument.name, f"relays {', '.join((*opening, *closing))}")
        for names, close in steps:
            if not names:
                continue
            self._put(names, close)
            yield max(self.crosspoints[name].card.settling for name in names)
        if opening or closing:
            self._instrument.bench.relays(self._instrument.name, self.listed())

    def _put(self, names: Sequence[str], close: bool) -> None:
        circuit = self._instrument.bench.circuit
        for name in names:
            one = self.crosspoints[name]
            if close:
                self.closed.add(name)
                self.counts[name] += 1
            else:
                self.closed.discard(name)
            if self._wired(one) is not None:
                circuit.set_resistance(self._element(name), one.card.closed if close else OPEN)
        self._instrument.bench.changed()


def _ground(node: str) -> str:
    return GROUND if node == "gnd" else node
