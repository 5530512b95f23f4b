"""One entry of the form: text with SI prefixes ("200n", "1.2 mV", "1.8, 2.2"), checked while it is typed."""

from dataclasses import dataclass
from typing import Any

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.errors import ConfigurationError
from tsbench.gui.restyle import restyle
from tsbench.gui.stepping import stepped
from tsbench.quantities import parse_quantity, short_quantity


@dataclass(frozen=True)
class Bounds:
    """What a number may be at least and at most; None: not bounded."""

    low: float | None = None
    high: float | None = None

    def refusal(self, value: float, unit: str) -> str:
        """Return why ``value`` is refused, "" where it is not."""
        if self.low is not None and value < self.low:
            return f"must be at least {written(self.low, unit)}"
        if self.high is not None and value > self.high:
            return f"must be at most {written(self.high, unit)}"
        return ""

    def text(self, unit: str) -> str:
        """Return the bounds in words, "" where there are none."""
        parts = [] if self.low is None else [f"at least {written(self.low, unit)}"]
        if self.high is not None:
            parts.append(f"at most {written(self.high, unit)}")
        return ", ".join(parts)


def written(value: float, unit: str) -> str:
    """Return ``value`` [unit] as one would type it: "200 ns", "1.2 V", "5"."""
    return short_quantity(value, unit, 12)

#: key -> steps of the digit left of the cursor
_STEPS = {QtCore.Qt.Key_Up: 1, QtCore.Qt.Key_Down: -1, QtCore.Qt.Key_PageUp: 10, QtCore.Qt.Key_PageDown: -10}


class QuantityField(QtWidgets.QWidget):
    """A line of text for a number, a whole number or a list, with its unit and what is wrong with it."""

    changed = QtCore.pyqtSignal()

    def __init__(
        self,
        name: str,
        unit: str = "",
        *,
        bounds: Bounds | None = None,
        whole: bool = False,
        several: bool = False,
        optional: bool = False,
    ) -> None:
        super().__init__()
        self.name = name
        self.unit = unit
        self._bounds = bounds or Bounds()
        self._whole = whole
        self._several = several
        self._optional = optional
        self._outside = ""  # what the protocol as a whole has against this entry
        self._entry = QtWidgets.QLineEdit()
        self._entry.setObjectName(name)
        if optional:
            self._entry.setPlaceholderText("not set")
        self._unit_label = QtWidgets.QLabel(unit)
        self._unit_label.setProperty("role", "dim")
        self._unit_label.setMinimumWidth(34)
        self._message = QtWidgets.QLabel()
        self._message.setProperty("role", "problem")
        self._message.setWordWrap(True)
        self._message.hide()
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._entry, 1)
        row.addWidget(self._unit_label)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._message)
        self.setFocusProxy(self._entry)
        self._entry.textChanged.connect(self._edited)

    def set_value(self, value: Any) -> None:
        """Show a value (number, list of numbers, or None for an empty optional entry)."""
        if value is None:
            self._entry.setText("")
        elif self._several:
            self._entry.setText(", ".join(written(float(item), self.unit) for item in value))
        else:
            self._entry.setText(written(float(value), self.unit))
        self._entry.setCursorPosition(0)

    def set_unit(self, unit: str) -> None:
        """Read the entry in another unit from now on."""
        self.unit = unit
        self._unit_label.setText(unit)
        self._show_problem()

    def text(self) -> str:
        """Return what is typed."""
        return str(self._entry.text()).strip()

    def set_text(self, text: str) -> None:
        """Type ``text``."""
        self._entry.setText(text)

    def value(self) -> Any:
        """Return the entry as SI number(s), None where it is empty and may be.

        Raises
        ------
        ConfigurationError
            Says what is wrong, short enough for the line under the field.
        """
        text = self.text()
        if not text:
            if self._optional:
                return None
            raise ConfigurationError("needs a value")
        if self._several:
            parts = [part for part in text.replace(";", ",").split(",") if part.strip()]
            if not parts:
                raise ConfigurationError("needs at least one value")
            return [self._number(part) for part in parts]
        return self._number(text)

    def problem(self) -> str:
        """Return what is wrong with the entry, "" if it can be used."""
        try:
            self.value()
        except ConfigurationError as error:
            return str(error)
        return self._outside

    def set_outside_problem(self, message: str) -> None:
        """Show what the protocol as a whole has against this entry ("" for nothing)."""
        self._outside = message
        self._show_problem()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:  # noqa: N802  Qt's name
        """Step the digit left of the cursor; a step beyond the bounds is not made."""
        steps = _STEPS.get(event.key()) if event is not None else None
        if event is None or steps is None or not self._entry.hasFocus():
            super().keyPressEvent(event)
            return
        before, place = self._entry.text(), self._entry.cursorPosition()
        text, cursor = stepped(before, place, steps)
        if text == before:
            return
        good = not self.problem()
        self._entry.setText(text)
        self._entry.setCursorPosition(cursor)
        if good and self.problem() != self._outside:   # an entry that was good stays good
            self._entry.setText(before)
            self._entry.setCursorPosition(place)

    def _number(self, text: str) -> float | int:
        value = parse_quantity(text, self.unit)
        if self._whole and value != round(value):
            raise ConfigurationError("must be a whole number")
        refusal = self._bounds.refusal(value, self.unit)
        if refusal:
            raise ConfigurationError(refusal)
        return round(value) if self._whole else value

    def _edited(self) -> None:
        self._outside = ""
        self._show_problem()
        self.changed.emit()

    def _show_problem(self) -> None:
        problem = self.problem()
        self._message.setText(problem)
        self._message.setVisible(bool(problem))
        restyle(self._entry, "invalid", bool(problem))
