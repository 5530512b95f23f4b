"""Write the device catalogue as an ngspice subcircuit file, so that a netlist runs unchanged in both simulators."""

import dataclasses
from pathlib import Path

from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel


def devices_lib() -> str:
    """Return the text of ``devices.lib``: one subcircuit with two terminals for each device of the catalogue."""
    parts = ["* Devices of the tsbench catalogue for ngspice; generated, do not edit"]
    for name, entry in catalogue().items():
        parts.append(f"*\n* {name}: {entry.title}\n* {entry.description}")
        parts += [f"* {p.name} = {p.value:g} {p.unit} [{p.mark}] {p.source}" for p in entry.parameters]
        model = entry.model()
        parts.append("* stochastic: no subcircuit" if model.stochastic else _subcircuit(name, model))
    return "\n".join(parts) + "\n"


def write_devices_lib(path: Path) -> None:
    """Write :func:`devices_lib` to ``path``."""
    path.write_text(devices_lib(), encoding="utf-8")


def _subcircuit(name: str, model: DeviceModel) -> str:
    lines = model.subcircuit()
    if lines is None:
        return f"* (no subcircuit: the mechanism {model.mechanism} cannot be written for ngspice)"
    parameters = [f"+ {field.name}={getattr(model, field.name)!r}" for field in dataclasses.fields(model)]
    return "\n".join([f".subckt {name} a b", *parameters, *lines, ".ends"])


if __name__ == "__main__":
    import sys

    write_devices_lib(Path(sys.argv[1] if len(sys.argv) > 1 else "devices.lib"))
