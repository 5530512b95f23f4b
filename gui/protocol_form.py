"""A form made from a protocol's parameters: one declaration serves form, command line and run file."""

import re
from collections.abc import Mapping
from typing import Any

from PyQt5 import QtCore, QtWidgets

from tsbench.errors import ConfigurationError
from tsbench.gui.quantity_field import Bounds, QuantityField, written
from tsbench.protocols import Protocol, describe

_SPELT = {"nplc": "NPLC"}
#: what is said of a value beyond a bound: "step = 0 V must be above 0 V"
_BOUND = re.compile(r"(?P<name>\w+) = .+? (?P<rest>must be .+)")


class ChoiceField(QtWidgets.QComboBox):
    """One of a few words."""

    changed = QtCore.pyqtSignal()

    def __init__(self, name: str, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.addItems([str(choice) for choice in choices])
        self.currentIndexChanged.connect(lambda _: self.changed.emit())

    def set_value(self, value: Any) -> None:
        """Choose ``value``."""
        self.setCurrentText(str(value))

    def value(self) -> str:
        """Return the chosen word."""
        return str(self.currentText())

    def wheelEvent(self, event: Any) -> None:  # noqa: N802  Qt's name
        """Leave the wheel to the scrolling form: a parameter must not change unnoticed."""
        event.ignore()


class SwitchField(QtWidgets.QCheckBox):
    """Yes or no."""

    changed = QtCore.pyqtSignal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.toggled.connect(lambda _: self.changed.emit())

    def set_value(self, value: Any) -> None:
        """Switch on or off."""
        self.setChecked(bool(value))

    def value(self) -> bool:
        """Return whether it is on."""
        return bool(self.isChecked())


class TextField(QtWidgets.QLineEdit):
    """A line of free text; ``optional``: an empty one is no text."""

    changed = QtCore.pyqtSignal()

    def __init__(self, name: str, optional: bool) -> None:
        super().__init__()
        self.setObjectName(name)
        self._optional = optional
        self.textChanged.connect(lambda _: self.changed.emit())

    def set_value(self, value: Any) -> None:
        """Show a text."""
        self.setText("" if value is None else str(value))

    def value(self) -> str | None:
        """Return what is typed."""
        return str(self.text()) or (None if self._optional else "")


Field = QuantityField | ChoiceField | SwitchField | TextField


class ProtocolForm(QtWidgets.QWidget):
    """The parameters of one protocol, checked while they are typed."""

    changed = QtCore.pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._protocol: type[Protocol] | None = None
        self._fields: dict[str, Field] = {}
        self._parameters: dict[str, dict[str, Any]] = {}
        self._defaults: dict[str, Any] = {}
        self._setting = False
        self._grid = QtWidgets.QFormLayout(self)
        self._grid.setContentsMargins(0, 0, 6, 0)
        self._grid.setVerticalSpacing(7)
        self._grid.setFieldGrowthPolicy(QtWidgets.QFormLayout.AllNonFixedFieldsGrow)
        self._message = QtWidgets.QLabel()
        self._message.setProperty("role", "problem")
        self._message.setWordWrap(True)

    def set_protocol(self, protocol: type[Protocol]) -> None:
        """Show the parameters of ``protocol`` with their defaults."""
        self._message.setParent(None)
        while self._grid.rowCount():
            self._grid.removeRow(0)
        self._protocol = protocol
        self._fields.clear()
        self._parameters = {parameter["name"]: parameter for parameter in describe(protocol)["parameters"]}
        for name, parameter in self._parameters.items():
            field = _field(parameter)
            field.setToolTip(_help(parameter, parameter["unit"], parameter["default"]))
            label = QtWidgets.QLabel(_SPELT.get(name, name.replace("_", " ").capitalize()))
            label.setBuddy(field)
            label.setToolTip(field.toolTip())
            self._fields[name] = field
            self._grid.addRow(label, field)
            field.set_value(parameter["default"])
        self._grid.addRow(self._message)
        self._defaults = self.values()
        self._follow_choices()
        for field in self._fields.values():
            field.changed.connect(self._edited)
        self._check()
        self.changed.emit()

    def field(self, name: str) -> Field:
        """Return the entry of one parameter."""
        return self._fields[name]

    def values(self) -> dict[str, Any]:
        """Return what is typed, in SI; an entry that cannot be read is left out."""
        values = {}
        for name, field in self._fields.items():
            try:
                values[name] = field.value()
            except ConfigurationError:
                continue
        return values

    def settings(self) -> dict[str, Any]:
        """Return the values that differ from the protocol's own defaults: what the command line is given."""
        return {
            name: value
            for name, value in self.values().items()
            if value is not None
            and not _same(
                value,
                self._parameters[name]["default"] if self._is_choice(name) else self._defaults.get(name),
            )
        }

    def entries(self) -> dict[str, Any]:
        """Return what is typed or chosen and differs from the defaults: name -> text, word, or yes and no."""
        found: dict[str, Any] = {}
        for name, field in self._fields.items():
            if isinstance(field, QuantityField):
                try:
                    differs = not _same(field.value(), self._defaults.get(name))
                except ConfigurationError:
                    differs = True
                if differs:
                    found[name] = field.text()
            elif not _same(field.value(), self._parameters[name]["default"]):
                found[name] = field.value()
        return found

    def set_entries(self, entries: Mapping[str, Any]) -> None:
        """Type and choose what ``entries`` returned; names that there are no more are passed over."""
        for quantities in (False, True):  # units and defaults follow from the choices
            for name, entry in entries.items():
                field = self._fields.get(name)
                if field is None or isinstance(field, QuantityField) is not quantities:
                    continue
                if isinstance(field, QuantityField):
                    field.set_text(str(entry))
                else:
                    field.set_value(entry)

    def restore_defaults(self) -> None:
        """Show the defaults of the protocol again."""
        if self._protocol is not None:
            self.set_protocol(self._protocol)

    def differences(self) -> str:
        """Return in words what differs from the defaults, "" where nothing does."""
        return ", ".join(
            f"{_SPELT.get(name, name.replace('_', ' '))} {_in_words(self._fields[name], entry)}"
            for name, entry in self.entries().items()
        )

    def problems(self) -> list[str]:
        """Return what is wrong, one line each; empty where the protocol can run."""
        lines = [
            f"{name}: {field.problem()}"
            for name, field in self._fields.items()
            if isinstance(field, QuantityField) and field.problem()
        ]
        return lines or ([self._message.text()] if self._message.text() else [])

    def _is_choice(self, name: str) -> bool:
        return not isinstance(self._fields[name], QuantityField)

    def _edited(self) -> None:
        if self._setting:
            return
        if not isinstance(self.sender(), QuantityField):
            self._follow_choices()
        self._check()
        self.changed.emit()

    def _follow_choices(self) -> None:
        """Units and defaults may depend on a choice (the drive of a sweep): show the present one's."""
        if self._protocol is None:
            return
        choices = {name: field.value() for name, field in self._fields.items() if self._is_choice(name)}
        try:
            parameters = self._protocol.parse(choices).parameters()
        except ConfigurationError:
            return
        self._setting = True
        for name, field in self._fields.items():
            if not isinstance(field, QuantityField) or name not in parameters:
                continue
            new, unit = parameters[name]["value"], parameters[name]["unit"]
            try:
                untouched = _same(field.value(), self._defaults.get(name))
            except ConfigurationError:
                untouched = False
            field.set_unit(unit)
            if untouched:
                field.set_value(new)
            self._defaults[name] = new
            field.setToolTip(_help(self._parameters[name], unit, new))
        self._setting = False

    def _check(self) -> None:
        """Let the protocol as a whole judge what is typed."""
        entries = [field for field in self._fields.values() if isinstance(field, QuantityField)]
        for entry in entries:
            entry.set_outside_problem("")
        self._message.setText("")
        if self._protocol is None or any(entry.problem() for entry in entries):
            return
        try:
            self._protocol.parse({name: value for name, value in self.values().items() if value is not None})
        except ConfigurationError as error:
            text = str(error).removeprefix(f"{self._protocol.name}: ").removeprefix("parameters: ")
            name, _, rest = text.partition(": ")
            name = name.split(".")[0]
            if (bound := _BOUND.fullmatch(text)) is not None:
                name, rest = bound["name"], bound["rest"]
            blamed = self._fields.get(name)
            if isinstance(blamed, QuantityField):
                blamed.set_outside_problem(rest)
            else:
                self._message.setText(text)


def _in_words(field: Field, entry: Any) -> str:
    """Return an entry as one reads it: numbers with their unit."""
    if isinstance(entry, bool):
        return "yes" if entry else "no"
    if not isinstance(field, QuantityField) or not entry or field.problem():
        return str(entry) or "not set"
    value = field.value()
    return ", ".join(written(float(item), field.unit) for item in (value if isinstance(value, list) else [value]))


def _help(parameter: Mapping[str, Any], unit: str, default: Any) -> str:
    """Return what the tooltip says: meaning, bounds, default, how to type it."""
    text = str(parameter["help"] or parameter["name"])
    lines = [text[:1].upper() + text[1:]]
    if parameter["kind"] in {"bool", "choice", "text"}:
        return lines[0]
    bounds = Bounds(parameter["low"], parameter["high"]).text(unit)
    if bounds:
        lines.append(f"Bounds: {bounds}")
    if default not in (None, [], ()):
        several = isinstance(default, list | tuple)
        shown = ", ".join(written(float(item), unit) for item in (default if several else [default]))
        lines.append(f"Default: {shown}")
    if unit:
        lines.append(f"You can use SI prefixes, for example 1.2m or 200 n{unit}. Up and Down change the digit left of "
                     "the cursor")
    return "\n".join(lines)


def _same(value: Any, other: Any) -> bool:
    """Return whether an entry is its default; an empty entry is an empty list."""
    one, two = (list(item) or None if isinstance(item, tuple | list) else item for item in (value, other))
    return bool(one == two)


def _field(parameter: Mapping[str, Any]) -> Field:
    name, kind = parameter["name"], parameter["kind"]
    if kind == "bool":
        return SwitchField(name)
    if kind == "choice":
        return ChoiceField(name, tuple(parameter["choices"]))
    if kind == "text":
        return TextField(name, parameter["optional"])
    several = kind == "numbers"
    return QuantityField(
        name,
        parameter["unit"],
        bounds=Bounds(parameter["low"], parameter["high"]),
        whole=kind == "integer",
        several=several,
        optional=parameter["optional"] or (several and not parameter["default"]),
    )
