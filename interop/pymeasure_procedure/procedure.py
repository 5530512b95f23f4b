"""A protocol as a PyMeasure ``Procedure``: its parameters are those of the window, its points are its data."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymeasure.experiment import BooleanParameter, FloatParameter, IntegerParameter, ListParameter, Parameter, Procedure

from tsbench.errors import TsbenchError
from tsbench.interop.running import perform
from tsbench.protocols import Protocol as TsbenchProtocol
from tsbench.protocols import describe, protocol_named
from tsbench.records import RunEvent
from tsbench.station.protection.control import Control
from tsbench.station.runner.outcome import RunOutcome

#: units as Pint, which PyMeasure uses for its columns, spells them; a column with another unit has none in its heading
_PINT = {"A": "A", "V": "V", "s": "s", "Ohm": "ohm", "K": "K", "Hz": "Hz", "W": "W", "F": "F", "C": "C", "J": "J"}


class ProtocolProcedure(Procedure):
    """Base of the classes that :func:`procedure_class` makes.

    ``outcome`` is how the run ended, once it is over: its run file has all samples and the extracted values.
    """

    bench: Path
    device: str
    out: Path
    protocol: type[TsbenchProtocol]
    attributes: Mapping[str, str]  #: name of the parameter in the protocol -> of the attribute here
    outcome: RunOutcome | None = None

    def execute(self) -> None:
        """Measure; a stop of the window stops the run, and its outputs go off.

        Raises
        ------
        TsbenchError
            The run was refused, or it failed.
        """
        values = {name: getattr(self, attribute) for name, attribute in self.attributes.items()}
        protocol = self.protocol.parse({name: value for name, value in values.items() if value not in ("", None)})
        control = Control()

        def hear(event: RunEvent) -> None:
            if event.kind == "point":
                self.emit("results", dict(zip(self.DATA_COLUMNS, event.data["values"], strict=True)))
            elif event.kind == "progress" and event.data.get("total"):
                self.emit("progress", 100.0 * event.data["done"] / event.data["total"])
            if self.should_stop():
                control.stop("stopped in the window of PyMeasure")

        self.outcome = perform(self.bench, self.device, protocol, self.out, hear, control)
        if self.outcome.status == "fail" or not self.outcome.safe:
            raise TsbenchError(self.outcome.reason or "the run failed")


def procedure_class(
    bench: Path | str, device: str, protocol: str, out: Path | str = "runs",
) -> type[ProtocolProcedure]:
    """Return the class of a protocol on a device.

    Parameters
    ----------
    bench : Path
        The bench file. The run goes through its bench service where one runs, else it is measured in this process.
    device, protocol : str
    out : Path
        Folder of the run files, which have all that PyMeasure's file does not.

    Raises
    ------
    ConfigurationError
        There is no such protocol.
    """
    kind = protocol_named(protocol)
    described = describe(kind)
    attributes = {one["name"]: _attribute(one["name"]) for one in described["parameters"]}
    members: dict[str, Any] = {
        "__doc__": described["help"], "__module__": __name__, "bench": Path(bench), "device": device, "out": Path(out),
        "protocol": kind, "attributes": attributes,
        "DATA_COLUMNS": [_heading(column) for column in described["columns"]]}
    for one in described["parameters"]:
        members[attributes[one["name"]]] = _parameter(one)
    return type(f"{kind.__name__}Procedure", (ProtocolProcedure,), members)


def _attribute(name: str) -> str:
    """Return the name of a parameter, another one where a procedure has an attribute of this name."""
    return f"{name}_" if hasattr(ProtocolProcedure, name) else name


def _heading(column: Mapping[str, Any]) -> str:
    unit = _PINT.get(column["unit"])
    return f"{column['name']} ({unit})" if unit else str(column["name"])


def _parameter(one: Mapping[str, Any]) -> Parameter:
    """Return the parameter of PyMeasure; what may be empty, and a list, is text as on the command line."""
    label, default = re.sub("_", " ", one["name"]).capitalize(), one["default"]
    bounds = {name: one[bound] for name, bound in (("minimum", "low"), ("maximum", "high")) if one[bound] is not None}
    if one["kind"] == "bool":
        return BooleanParameter(label, default=default)
    if one["kind"] == "choice" and not one["optional"]:
        return ListParameter(label, choices=one["choices"], default=default)
    if one["kind"] == "integer" and not one["optional"]:
        return IntegerParameter(label, default=default, units=one["unit"] or None, **bounds)
    if one["kind"] == "number" and not one["optional"]:
        return FloatParameter(label, default=default, units=one["unit"] or None, decimals=12, **bounds)
    shown = "" if default is None else str(default)
    if isinstance(default, list | tuple):
        shown = ", ".join(map(str, default))
    unit = f" ({one['unit']})" if one["unit"] else ""
    return Parameter(f"{label}{unit}", default=shown)


def managed_window(procedure: type[ProtocolProcedure], x: str = "", y: str = "", inputs: tuple[str, ...] = ()) -> Any:
    """Return a ``ManagedWindow`` for a procedure; there must be a ``QApplication``.

    Parameters
    ----------
    procedure : type
    x, y : str
        Headings of the columns that are drawn; "" for voltage (else the first column) and current (else the last one).
    inputs : tuple of str
        Parameters that are shown, all where it is empty.
    """
    from pymeasure.display.windows import ManagedWindow

    columns = procedure.DATA_COLUMNS
    shown = list(inputs) or list(procedure.attributes.values())
    return ManagedWindow(
        procedure_class=procedure, inputs=shown, displays=shown[:4], inputs_in_scrollarea=True,
        x_axis=x or next((one for one in columns if one.startswith("voltage")), columns[0]),
        y_axis=y or next((one for one in columns if one.startswith("current")), columns[-1]))
