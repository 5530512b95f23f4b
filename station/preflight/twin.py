"""A simulated twin of a bench file: the same wiring and models of instruments, and devices of the catalogue.

The device of a plan is simulated on it before the real one is touched. Text only; nothing is opened here.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tsbench.errors import ConfigurationError
from tsbench.instruments.registry import entry
from tsbench.simulated_backends.devices.catalogue import CatalogueEntry
from tsbench.simulated_backends.virtual_instruments.registry import virtual_instrument_of
from tsbench.station.bench.bench_file import BenchFile

CORNER = 2.0  #: standard deviations of the parameters of a corner from those of the catalogue
FULL = 3  #: parameters whose corners are all simulated. Of one more, the sign is the product of the others
LEAST_DEVICES = 5  #: that are simulated: what corners do not make up is drawn
MORE_PATHS = 4  #: drawn devices more of a model that moves at random: each has a path of its own
SEED = 20_000  #: of the drawn devices and of the twin
STEPS_PER_MESSAGE = 1_000_000  #: circuit steps that are simulated for one message; the rest is left out, and said
RTOL = 1e-4  #: relative tolerance of the integrator: far below the margin of the prediction, and faster than the usual
_LEFT_OUT = {"switch matrix", "prober", "decade box", "temperature controller"}  #: they do not touch the circuit


@dataclass(frozen=True)
class TwinFiles:
    """The texts of a bench file and a world file, and the names of the devices that are simulated."""

    bench: str
    world: str
    devices: tuple[str, ...]


def virtual_models(models: Mapping[str, str]) -> dict[str, str]:
    """Return the virtual instrument of each instrument: name -> name in a world file.

    Parameters
    ----------
    models : name of the instrument -> its model, as it answers to ``*IDN?``

    Raises
    ------
    ConfigurationError
        There is none of a model.
    """
    found = {}
    for name, model in models.items():
        twin = virtual_instrument_of(model)
        if twin is None:
            raise ConfigurationError(f"there is no virtual instrument of {name} ({model})")
        found[name] = twin
    return found


def simulated_parameters(device: CatalogueEntry) -> list[dict[str, float] | None]:
    """Return the parameters of each device to simulate: the corners of the catalogue's variation, then None: drawn.

    A corner has all parameters at :data:`CORNER` standard deviations. With a fourth parameter and more, half of the
    corners are left out and so on: their signs are products of those of the first three (a fractional factorial design,
    Box and Hunter, Technometrics 3, 311 (1961)).
    """
    nominal = {one.name: one.value for one in device.parameters}
    varied = sorted(device.variability.items(), key=lambda item: -item[1])
    corners: list[dict[str, float] | None] = []
    for first in itertools.product((-1, 1), repeat=min(len(varied), FULL)) if varied else ():
        known = len(first)
        more = [math.prod(first), *(first[k % known] * first[(k + 1) % known] for k in range(len(varied)))]
        signs = [*first, *more][:len(varied)]
        corner = {name: nominal[name] * math.exp(sign * CORNER * sigma)
                  for (name, sigma), sign in zip(varied, signs, strict=True)}
        try:
            device.model().with_parameters(corner)
        except ConfigurationError:   # no device has these together
            continue
        corners.append(corner)
    drawn = max(LEAST_DEVICES - len(corners), 1) + (MORE_PATHS if device.model().stochastic else 0)
    return [*corners, *[None] * drawn]


def netlist_with(bench: BenchFile, values: Mapping[str, float]) -> str:
    """Return the text of the netlist with values [Ohm or F] that decade boxes or the operator set.

    Raises
    ------
    ConfigurationError
        The element is not on a line of its own with its nodes and its value.
    """
    lines = bench.table.fixture.netlist.splitlines()
    elements = {str(quantity): control.element.lower() for quantity, control in bench.table.fixture.control.items()}
    for quantity, value in values.items():
        element = elements[quantity]
        places = [number for number, line in enumerate(lines) if line.split()[:1] and
                  line.split()[0].lower() == element and len(line.split()) == 4]
        if len(places) != 1:
            raise ConfigurationError(f"the netlist has no line '{element} NODE NODE VALUE'")
        lines[places[0]] = " ".join([*lines[places[0]].split()[:3], repr(value)])
    return "\n".join(lines) + "\n"


def twin_files(
    bench: BenchFile, models: Mapping[str, str], netlist: str, device: CatalogueEntry, temperature: float | None = None,
) -> TwinFiles:
    """Return the files of a twin.

    Parameters
    ----------
    bench : the bench file
    models : name of the instrument -> its model, as it answers to ``*IDN?``
    netlist : of the fixture, with the values that are set
    device : of the catalogue, that stands for the device
    temperature : [K] of the device; None: that of the catalogue

    Raises
    ------
    ConfigurationError
        The twin of such a bench cannot be made; the message says why.
    """
    table = bench.table
    if any(control.gate for control in table.fixture.control.values()):
        raise ConfigurationError("the load resistance is set by a gate, which is not simulated")
    if table.fixture.sensing.amplifier is not None:
        raise ConfigurationError("the current is sensed by an amplifier, which is not simulated")
    names = [name for name, one in table.instruments.items() if not _LEFT_OUT & {
        entry(one.driver).kind, *entry(one.driver).kinds}]
    twins = virtual_models({name: models[name] for name in names if name in models})
    if absent := [name for name in names if name not in twins]:
        raise ConfigurationError(f"the model of {absent[0]} is not known")
    terminals = {terminal: node for terminal, node in table.fixture.terminals.items()
                 if terminal.partition(".")[0] in names}
    parameters = simulated_parameters(device)
    devices = tuple(f"T{number}" for number in range(len(parameters)))
    return TwinFiles(_bench(bench, names, netlist, terminals, devices),
                     _world(bench, twins, netlist, terminals, device, parameters, temperature), devices)


def _bench(bench: BenchFile, names: Sequence[str], netlist: str, terminals: Mapping[str, str],
           devices: Sequence[str]) -> str:
    table, lines = bench.table, ['visa_library = "twin.world.toml@tsbench"']
    for name in names:
        one = table.instruments[name]
        lines += [f"[instruments.{json.dumps(name)}]", f"driver = {json.dumps(one.driver)}",
                  f"resource = {json.dumps(one.resource)}", f"options = {_inline(one.options)}"]
    sensing = table.fixture.sensing.model_dump(exclude_none=True, exclude={"amplifier"}, exclude_defaults=True)
    roles = {role: terminal for role, terminal in table.roles.items() if terminal.partition(".")[0] in names}
    lines += ["[roles]", *_table(roles), "[fixture]", f"netlist = {json.dumps(netlist)}"]
    if table.fixture.bias_tee:
        lines += [f"bias_tee = {json.dumps(table.fixture.bias_tee)}"]
    if table.fixture.high_voltage is not None:
        lines += [f"high_voltage = {_inline(table.fixture.high_voltage.model_dump())}"]
    lines += ["[fixture.terminals]", *_table(terminals), "[fixture.sensing]", *_table(sensing)]
    probes = {terminal: probe for terminal, probe in table.fixture.probes.items()
              if bench.instrument_of(terminal) in names}
    for terminal, probe in probes.items():
        lines += [f"[fixture.probes.{json.dumps(terminal)}]", *_table(probe.model_dump(exclude_none=True))]
    lines += [f"[devices.{name}]" for name in devices]
    return "\n".join(lines) + "\n"


def _world(
    bench: BenchFile, twins: Mapping[str, str], netlist: str, terminals: Mapping[str, str], device: CatalogueEntry,
    parameters: Sequence[Mapping[str, float] | None], temperature: float | None,
) -> str:
    lines = [f"seed = {SEED}", f"rtol = {RTOL}", f"steps_per_message = {STEPS_PER_MESSAGE}"]
    for name, model in twins.items():
        lines += [f"[instruments.{json.dumps(name)}]", f"model = {json.dumps(model)}",
                  f"resource = {json.dumps(bench.table.instruments[name].resource)}",
                  f'serial = {json.dumps(f"SIM-{name.upper()}")}']
        probes = {terminal.partition(".")[2]: probe.attenuation for terminal, probe in
                  bench.table.fixture.probes.items() if bench.instrument_of(terminal) == name}
        lines += [f"options = {{ probes = {_inline(probes)} }}"] if probes else []
    lines += ["[fixture]", f"netlist = {json.dumps(netlist)}", "[fixture.terminals]", *_table(terminals)]
    kinds = {name: {entry(bench.table.instruments[name].driver).kind,
                    *entry(bench.table.instruments[name].driver).kinds} for name in twins}
    generator = next((name for name, of in kinds.items() if "pulse generator" in of and not of & {"source meter"}), "")
    scopes = [name for name, of in kinds.items() if "oscilloscope" in of]
    if generator and scopes:
        lines += ["[wires]", *(f'{json.dumps(f"{scope}.external")} = {json.dumps(f"{generator}.sync")}'
                               for scope in scopes)]
    if temperature is not None:
        lines += ["[chuck]", f"temperature = {temperature!r}"]
    for number, one in enumerate(parameters):
        lines += [f"[devices.T{number}]", f"model = {json.dumps(device.name)}"]
        lines += [f"seed = {SEED + number}"] if one is None else [f"parameters = {_inline(one)}"] if one else []
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, object]) -> list[str]:
    return [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()]


def _inline(values: Mapping[str, object]) -> str:
    return f"{{ {', '.join(_table(values))} }}" if values else "{}"


