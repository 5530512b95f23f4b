"""The cells of the table: which instruments, which protocol, which device; and the bench of each.

The instruments come from the registries of virtual instruments and of drivers, so that a new one needs no change here.
Sister models, whose drivers share their commands, count as one family: the first of them takes part in every pair, the
others in one cell each.
"""

import functools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.instruments.registry import DRIVERS
from tsbench.records import Identity
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS

SOURCE_METER, GENERATOR, SCOPE = "source meter", "pulse generator", "oscilloscope"


@dataclass(frozen=True)
class Model:
    """A virtual instrument and the driver of ours that drives it, as one kind of instrument."""

    name: str  #: of the virtual instrument
    driver: str
    kind: str
    channel: str  #: of its first terminal of this kind, "" where it has one terminal only
    family: str  #: the driver of an oscilloscope; else the class that the drivers of its sister models share


@dataclass(frozen=True)
class Part:
    """What is measured on one device by one protocol."""

    device: str  #: catalogue model
    protocol: str
    kinds: tuple[str, ...]  #: that can be the source
    parameters: Mapping[str, Any]
    netlist: str  #: SOURCE and DUT are nodes; XDUT the device
    shunt: str
    limits: Mapping[str, str]
    quantities: Mapping[str, str]  #: name of the truth -> quantity of the result
    drawn: tuple[str, ...] = ()  #: further lines of the device in the world file

    @property
    def values(self) -> int:
        """Return how many values a run gives: of each quantity one for each bias or amplitude."""
        lists = [len(value) for value in self.parameters.values() if isinstance(value, list)]
        return len(self.quantities) * math.prod(lists)


NBO2_LIMITS = {"max_voltage": "4 V", "max_current": "20 mA"}
SILVER_LIMITS = {"max_voltage": "4 V", "max_current": "100 uA"}
PARTS = (
    Part("nbo2", "iv_sweep", (SOURCE_METER,), {}, "R_s source dut 2\nC_p dut 0 {probe}p", "50", NBO2_LIMITS,
         {"threshold_voltage": "threshold_voltage", "hold_voltage": "hold_voltage"}),
    Part("nbo2", "pulse_train", (GENERATOR,), {}, "R_s source dut 2\nC_p dut 0 {probe}p", "50", NBO2_LIMITS,
         {"switching_delay": "switching_delay_mean"}),
    Part("nbo2", "oscillation", (SOURCE_METER, GENERATOR), {"bias": [1.8, 2.2, 2.6]},
         "R_s source dut 5k\nC_p dut 0 {probe}p", "50", NBO2_LIMITS, {"frequency": "frequency"}),
    Part("ag_sio2", "iv_sweep", (SOURCE_METER,), {"stop": 1.3, "compliance": 10e-6, "nplc": 0.1},
         "R_s source dut 2\nC_p dut 0 {probe}p", "10k", SILVER_LIMITS,
         {"threshold_voltage": "threshold_voltage", "hold_voltage": "hold_voltage"}),
    Part("ag_sio2", "pulse_train", (GENERATOR,), {"amplitude": [1.5], "width": 1e-3, "period": 0.5, "count": 10},
         "R_s source dut 100k\nC_p dut 0 {probe}p", "10k", SILVER_LIMITS, {"switching_delay": "switching_delay_mean"}),
    Part("ag_sio2", "oscillation", (SOURCE_METER, GENERATOR),
         {"bias": [2.0], "record_span": 2.0, "longest_period": 0.2, "settle": 0.2, "compliance": 50e-6},
         "R_s source dut 1meg\nC_l dut 0 10n\nC_p dut 0 {probe}p", "10k", SILVER_LIMITS, {"frequency": "frequency"}),
)
ROLES = {"iv_sweep": "drive", "pulse_train": "pulser", "oscillation": "bias", "relaxation": "pulser",
         "paired_pulse": "pulser"}


@dataclass(frozen=True)
class Cell:
    """One pair of instruments, one protocol, one device."""

    part: Part
    source: Model
    scope: Model | None

    @property
    def name(self) -> str:
        """Return its name: device, protocol, source, scope."""
        scope = self.scope.name if self.scope else "-"
        return f"{self.part.device} {self.part.protocol} {self.source.name} {scope}"


@functools.cache   # it loads all models and drivers, and is asked for each cell
def models(kind: str) -> tuple[tuple[Model, ...], ...]:
    """Return the virtual instruments of a kind by families, each family in the order of names."""
    found: dict[str, list[Model]] = {}
    for name, offer in sorted(VIRTUAL_INSTRUMENTS.offers().items()):
        if not offer.distribution.startswith("tsbench "):
            continue
        virtual = offer.thing.load()
        identity = Identity(virtual.manufacturer, virtual.model, "SIM1", virtual.firmware)
        for declared in DRIVERS.things().values():
            if not (declared.driver.startswith("tsbench.") and declared.drives(identity)):
                continue
            channel = next((one for one in virtual.terminals if kind in declared.kinds_of(one)), None)
            if channel is not None:
                # the drivers of oscilloscopes share how they wait and read, but each has commands of its own
                family = declared.name if kind == SCOPE else _family(declared.load())
                model = Model(name, declared.name, kind, channel, family)
                found.setdefault(model.family, []).append(model)
                break
    return tuple(map(tuple, found.values()))


def _family(driver: type) -> str:
    """Return the name of the class above a driver that is nearest to what all families share."""
    ours = [one for one in driver.__mro__ if one.__module__.startswith("tsbench.instruments.")]
    rooms = r"\.(languages|generators|oscilloscopes|source_meters)\."
    shared = (k for k, one in enumerate(ours) if re.search(rooms, one.__module__))
    return ours[next(shared, len(ours)) - 1].__name__


def cells() -> Iterator[Cell]:
    """Yield every cell: pairs of families, and one cell for each further model of a family."""
    scopes = models(SCOPE)
    for part in PARTS:
        sources = [family for kind in part.kinds for family in models(kind)]
        needs_scope = part.protocol != "iv_sweep"
        for family in sources:
            for scope in scopes if needs_scope else [None]:
                yield Cell(part, family[0], scope[0] if scope else None)
            for sister in family[1:]:
                if part is next(one for one in PARTS if sister.kind in one.kinds):
                    yield Cell(part, sister, scopes[0][0] if needs_scope else None)
    for family in scopes:
        for sister in family[1:]:
            yield Cell(PARTS[1], models(GENERATOR)[0][0], sister)


def lay(cell: Cell, folder: Path, seed: int, imperfections: bool) -> Path:
    """Write the bench and the world of a cell; returns the bench file."""
    part = cell.part
    placed = {"source": cell.source} | ({"scope": cell.scope} if cell.scope else {})
    source = f"source.{cell.source.channel}" if cell.source.channel else "source"
    terminals = {source: "source"} | ({"scope.1": "dut", "scope.2": "low"} if cell.scope else {})
    shared = ["[fixture.terminals]", *(f'"{terminal}" = "{node}"' for terminal, node in terminals.items())]
    nets = [f"XDUT dut low device\nR_shunt low 0 {part.shunt}\n"]

    def netlist(probe: str) -> str:
        return part.netlist.format(probe=probe) + "\n" + nets[0]

    world = [f"seed = {seed}", f"imperfections = {json.dumps(imperfections)}", "[witness]", 'file = "witness.jsonl"']
    bench = ['visa_library = "cell.world.toml@tsbench"']
    for number, (name, model) in enumerate(placed.items()):
        resource = f'resource = "USB0::0x0699::0x{number + 1:04X}::SIM{number + 1:05d}::INSTR"'
        world += [f"[instruments.{name}]", f'model = "{model.name}"', resource]
        bench += [f"[instruments.{name}]", f'driver = "{model.driver}"', resource]
    world += ["[fixture]", f'netlist = """\n{netlist("66")}"""', *shared, "[devices.D1]", f'model = "{part.device}"',
              *part.drawn]
    bench += ["[roles]", f'{ROLES[part.protocol]} = "{source}"', *(['scope = "scope"'] if cell.scope else []),
              "[fixture]", f'netlist = """\n{netlist("80")}"""', *shared]
    if cell.scope:
        bench += ["[fixture.sensing]", 'voltage_high = "scope.1"', 'voltage_low = "scope.2"', 'current = "scope.2"',
                  f'current_resistance = "{re.sub("k$", " k", part.shunt)}Ohm"']
    bench += ["[devices.D1]", "[device.limits]", *(f'{name} = "{value}"' for name, value in part.limits.items())]
    (folder / "cell.world.toml").write_text("\n".join(world) + "\n", "utf-8")
    path = folder / "cell.bench.toml"
    path.write_text("\n".join(bench) + "\n", "utf-8")
    return path
