"""Write the device catalogue as an ngspice subcircuit file, so that a netlist runs unchanged in both simulators."""

from pathlib import Path

from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.poole_frenkel import BOLTZMANN, PooleFrenkel
from tsbench.simulated_backends.devices.resistor import Resistor


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
    if isinstance(model, Resistor):
        return f".subckt {name} a b\nR1 a b {model.r!r}\n.ends"
    if not isinstance(model, PooleFrenkel):
        return f"* (no subcircuit: the mechanism {model.mechanism} cannot be written for ngspice)"
    # The temperature rise in units of 100 K is the voltage of node t, so that it has the size of other voltages.
    lowering = model.barrier_lowering / BOLTZMANN
    scale = 100.0
    closed = "(1+(V(x)-1)*exp(min(V(x),80)))/(V(x)*V(x))"
    series = "0.5+V(x)*(1/3+V(x)*(0.125+V(x)/30))"
    return "\n".join([
        f".subckt {name} a b",
        f"Re a f {max(model.re, 1e-6)!r}",
        f"Bx x 0 V = {lowering!r}*sqrt(abs(V(f,b))/{model.d!r})/({model.t0!r}+{scale!r}*V(t))",
        f"Bf f b I = {model.as_!r}/{model.d!r}*V(f,b)*exp(-{model.ea / BOLTZMANN!r}/({model.t0!r}+{scale!r}*V(t)))"
        f"*(0.5+(V(x) < 1e-2 ? {series} : {closed}))",
        f"Bt 0 t I = V(f,b)*V(a,f)/{max(model.re, 1e-6)!r}/{scale!r}",
        f"Rt t 0 {model.rth!r}",
        f"Ct t 0 {model.cth!r} ic=0",
        ".ends",
    ])


if __name__ == "__main__":
    import sys

    write_devices_lib(Path(sys.argv[1] if len(sys.argv) > 1 else "devices.lib"))
