"""The bench at a glance: instruments with model and role, a lamp for every output, real or simulated."""

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt5 import QtCore, QtWidgets

from tsbench.gui.output_book import OutputBook, OutputFact
from tsbench.gui.palette import colours, scale
from tsbench.gui.recoloured import Recoloured
from tsbench.gui.restyle import restyle
from tsbench.records import simulation_mark

_BESIDE = 1.15  #: text size up to which lamps stand beside each other


class OutputLamp(QtWidgets.QLabel, Recoloured):
    """The state of one output: off or ON as read back, commanded ON or off, or unknown.

    Parameters
    ----------
    output : str
        Its name.
    shown : str
        What stands before the state; "" for the name.
    """

    def __init__(self, output: str, shown: str = "") -> None:
        super().__init__()
        self.output = output
        self._name = shown or output
        self.fact = OutputFact()
        self.setProperty("role", "lamp")
        self.show_fact(self.fact)

    @property
    def state(self) -> bool | None:
        """Whether the output counts as on; None: not known."""
        return self.fact.state

    def show_state(self, enabled: bool | None) -> None:
        """Show ``enabled``, as read back; None: it has not been read back."""
        self.show_fact(OutputFact({None: "unknown", False: "off", True: "ON"}[enabled]))

    def show_fact(self, fact: OutputFact) -> None:
        """Show what is known of the output."""
        self.fact = fact
        shown, word = colours(), fact.word
        colour = {"off": shown.good, "ON": shown.warning, "commanded ON": shown.warning}.get(word, shown.dim)
        weight = "700" if fact.state else "400"
        symbol = {"off": "●", "ON": "◉", "commanded ON": "◎"}.get(word, "○")
        style = f"color:{colour}; font-weight:{weight}"
        self.setText(f"<span style='{style}'>{symbol} {self._name}: {word}</span>")
        source = ", as read back from the instrument" if word in ("off", "ON") else ""
        when = f"\n{fact.when}" if fact.when else ""
        self.setToolTip(f"Output {self.output} is {word}{source}{when}")
        self.setAccessibleName(f"Output {self.output} is {word}")

    def recolour(self) -> None:
        """Take the colours of the theme."""
        self.show_fact(self.fact)


class SimulationBadge(QtWidgets.QLabel):
    """SIMULATED only where every instrument is; PARTLY SIMULATED, or REAL; unknown until they have said it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("badge")
        self.setAlignment(QtCore.Qt.AlignCenter)
        self.setSizePolicy(QtWidgets.QSizePolicy.Fixed, QtWidgets.QSizePolicy.Preferred)  # never clipped
        self.show_state(None)

    def show_state(self, simulated: Mapping[str, bool] | None) -> None:
        """Show what the identities of the instruments say: name -> whether it is simulated; None: not known."""
        if not simulated:
            state, words = "unknown", "NOT CONNECTED"
        else:
            mark = simulation_mark(simulated)
            state = {"": "real", "SIMULATED": "simulated"}.get(mark, "mixed")
            words = {"real": "REAL BENCH", "simulated": "SIMULATED BENCH", "mixed": "PARTLY SIMULATED"}[state]
        self.setText(words)
        each = (f"{name}: {'simulated' if said else 'real'}" for name, said in (simulated or {}).items())
        self.setToolTip("\n".join(each))
        restyle(self, "state", state)


class BenchPanel(QtWidgets.QWidget, Recoloured):
    """Instruments, roles and outputs, as ``tsbench check`` reports them."""

    check_wanted = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(QtCore.Qt.WA_StyledBackground)
        self._lamps: dict[str, OutputLamp] = {}
        self.book = OutputBook(self)  #: what is known of the outputs
        self.book.changed.connect(self._show_facts)
        self._shown: tuple[list[Mapping[str, Any]], list[str]] = ([], [])
        title = QtWidgets.QLabel("BENCH")
        title.setProperty("role", "title")
        self._check = QtWidgets.QPushButton("Chec&k")
        self._check.setToolTip("Connect to the instruments, identify them, read back every output and switch the "
                               "outputs off")
        self._check.clicked.connect(self.check_wanted)
        head = QtWidgets.QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self._check)
        self._body = QtWidgets.QVBoxLayout()
        self._body.setSpacing(3)
        self._note = QtWidgets.QLabel()
        self._note.setWordWrap(True)
        self._note.setProperty("role", "dim")
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(head)
        layout.addLayout(self._body)
        layout.addWidget(self._note)

    def set_busy(self, busy: bool, note: str = "") -> None:
        """Nothing can be asked of the bench while it is busy."""
        self._check.setEnabled(not busy)
        self.show_note(note)

    def show_note(self, note: str, problem: bool = False) -> None:
        """Show one sentence under the instruments."""
        self._note.setText(note)
        restyle(self._note, "role", "problem" if problem else "dim")
        self._note.setVisible(bool(note))

    def show_instruments(self, instruments: Sequence[Mapping[str, Any]], outputs: Sequence[str]) -> None:
        """List the instruments; every output starts as unknown."""
        self._list(instruments, outputs)
        self.book.set_outputs(outputs)

    def _list(self, instruments: Sequence[Mapping[str, Any]], outputs: Sequence[str]) -> None:
        self._shown = (list(instruments), list(outputs))
        _clear(self._body)
        self._lamps.clear()
        mixed = len({bool(instrument.get("simulated")) for instrument in instruments}) > 1
        for instrument in _by_name(instruments):
            roles = ", ".join(instrument["roles"])
            name, model = instrument["name"], instrument.get("model") or instrument.get("driver", "")
            facts = f"{model} · {roles}" if roles else model
            if mixed:
                real = f"<b style='color:{colours().bad}'>REAL</b>"
                facts += f" · {'simulated' if instrument.get('simulated') else real}"
            line = QtWidgets.QLabel(f"<b>{name}</b>&nbsp; <span style='color:{colours().dim}'>{facts}</span>")
            library = instrument.get("visa_library") or "system"
            line.setToolTip(f"{instrument.get('resource', '')}\nVISA library: {library}")
            self._body.addWidget(line)
            own = [output for output in outputs if output.partition(".")[0] == name]
            if own:
                row = QtWidgets.QHBoxLayout()
                if scale() > _BESIDE:   # beside each other, the states would be cut
                    row.setDirection(QtWidgets.QBoxLayout.TopToBottom)
                row.setContentsMargins(12, 0, 0, 4)
                row.setSpacing(14 if scale() <= _BESIDE else 0)
                for output in own:
                    self._lamps[output] = OutputLamp(output, output.partition(".")[2])  # its instrument is above
                    row.addWidget(self._lamps[output])
                row.addStretch(1)
                self._body.addLayout(row)

    def recolour(self) -> None:
        """Take the colours of the theme."""
        self._list(*self._shown)
        self._show_facts()

    def show_outputs(self, states: Mapping[str, bool | None]) -> None:
        """Show read-back states; outputs that are not named keep theirs."""
        self.book.take(states)

    def forget_outputs(self) -> None:
        """Every output is unknown now."""
        self.book.forget()

    def outputs(self) -> dict[str, bool | None]:
        """Return what the lamps show."""
        return {output: lamp.state for output, lamp in self._lamps.items()}

    def _show_facts(self) -> None:
        """Show the book; a run of another process may tell of outputs that no check has named."""
        if set(self.book.facts) - set(self._shown[1]):
            self._list(self._shown[0], list(self.book.facts))
        for output, lamp in self._lamps.items():
            lamp.show_fact(self.book.facts.get(output, OutputFact()))


def _by_name(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put the rows (one per role) of one instrument together."""
    instruments: dict[str, dict[str, Any]] = {}
    for row in rows:
        instrument = instruments.setdefault(str(row["name"]), {**row, "roles": []})
        instrument["roles"] += [row["role"]] if row.get("role") else list(row.get("roles", []))
    return list(instruments.values())


def _clear(layout: QtWidgets.QLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            widget.deleteLater()
        elif inner is not None:
            _clear(inner)
