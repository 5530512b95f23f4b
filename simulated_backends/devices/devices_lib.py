"""Write the device catalogue as an ngspice subcircuit file, so that a netlist runs unchanged in both simulators."""

import dataclasses
from pathlib import Path

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel, check_temperature
from tsbench.simulated_backends.devices.subcircuit import subcircuit_of


def devices_lib(temperature: float | None = None) -> str:
    """Return the text of ``devices.lib``: one subcircuit for each device of the catalogue.

    Parameters
    ----------
    temperature : float, optional
        Of the surroundings [K], in place of each device's own. ngspice's ``.temp`` does not reach a subcircuit's
        parameters, so the file is written for one temperature; a ``t0=`` on an element goes before it.

    Raises
    ------
    ConfigurationError
        The temperature is not positive.
    """
    parts = ["* Devices of the tsbench catalogue for ngspice; generated, do not edit"]
    if temperature is not None:
        check_temperature(temperature)
        parts.append(f"* ambient temperature {temperature:g} K, in all devices with the parameter t0")
    for name, entry in catalogue().items():
        parts.append(f"*\n* {name}: {entry.title}\n* {entry.description}")
        parts += [f"* {p.name} = {p.value:g} {p.unit} [{p.mark}] {p.source}" for p in entry.parameters]
        model = entry.model()
        if temperature is not None and model.feels_temperature:
            try:
                model = model.at_temperature(temperature)
            except ConfigurationError as error:
                parts.append(f"* (no subcircuit at {temperature:g} K, because of this error: {error})")
                continue
        parts.append("* (no subcircuit, because the model is "
                     "stochastic)" if model.stochastic else _subcircuit(name, model))
    return "\n".join(parts) + "\n"


def write_devices_lib(path: Path, temperature: float | None = None) -> None:
    """Write :func:`devices_lib` to ``path``."""
    path.write_text(devices_lib(temperature), encoding="utf-8")


def _subcircuit(name: str, model: DeviceModel) -> str:
    lines = subcircuit_of(model)
    if lines is None:
        return f"* (no subcircuit, because the mechanism {model.mechanism} cannot be written for ngspice)"
    parameters = [f"+ {field.name}={getattr(model, field.name)!r}" for field in dataclasses.fields(model)]
    return "\n".join([f".subckt {name} {' '.join(model.terminals)}", *parameters, *lines, ".ends"])


if __name__ == "__main__":
    import sys

    write_devices_lib(Path(sys.argv[1] if len(sys.argv) > 1 else "devices.lib"))
