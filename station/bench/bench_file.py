"""The bench file: read and validated; the same for real and simulated instruments."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments import LowImpedanceInput
from tsbench.instruments.fixture import DEVICE, has_place, with_resistor_to_ground
from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE
from tsbench.instruments.registry import entry
from tsbench.netlist import Netlist, parse_netlist, require_no_title
from tsbench.records import CurrentAmplifier, DeviceDescription, DeviceLimits, Sensing
from tsbench.station.bench.bench_tables import BenchTable, LimitsTable
from tsbench.station.bench.netlist_rules import (
    control_problems,
    gate_problems,
    place_problems,
    probe_problems,
    require_no_source,
    require_sensing,
    unused_problems,
)
from tsbench.station.bench.routing_rules import crosspoint_problems, role_problems
from tsbench.station.bench.terminal_names import (
    ROLE_KINDS,
    channel_of_instrument,
    first_channels,
    require_terminal,
    roles_without_node,
    with_article,
    with_one_name,
)
from tsbench.storage.run_id import file_part
from tsbench.text_files import parse_toml, read_text
from tsbench.validation import first_problem


class BenchFile:
    """A validated bench file."""

    def __init__(self, path: Path, table: BenchTable, text: str = "") -> None:
        self.path = path
        self.text = text  #: as it was read
        self.table = table
        self.name = table.name or path.stem
        self.netlist: Netlist | None = None
        self._check()

    @classmethod
    def load(cls, path: str | Path) -> "BenchFile":
        """Read and validate a bench file.

        Raises
        ------
        ConfigurationError
            One line: the file, the key, what is wrong, and the nearest known name.
        """
        file = Path(path)
        text = read_text(file, "bench file")
        raw = parse_toml(text, file, "bench file")
        devices = raw.get("devices")
        if isinstance(devices, dict) and set(devices.get("limits") or ()) & set(LimitsTable.model_fields):
            raise ConfigurationError(
                f"{file}: [devices.limits] would describe a device with the name 'limits'. Write [device.limits] for "
                "the limits of all devices, or [devices.ID.limits] for those of one device")
        try:
            return cls(file, BenchTable.model_validate(raw), text)
        except ValidationError as error:
            raise ConfigurationError(f"{file}: {first_problem(error, BenchTable)}") from None

    def _fail(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path}: {' '.join(what.split())}")  # a key may hold line breaks

    def _check(self) -> None:
        table = self.table
        if not table.instruments:
            raise self._fail("the file has no instruments. For each instrument, add a table [instruments.NAME] "
                             "with driver and resource")
        for name, instrument in table.instruments.items():
            if "." in name:
                raise self._fail(f"instrument name '{name}' must not contain a dot, because a dot separates the name "
                                 "from the channel")
            try:
                entry(instrument.driver)
            except ConfigurationError as error:
                raise self._fail(f"instruments.{name}: {error}") from None
        for device in table.devices:   # a run's identifier has it
            with self.naming_the_file("devices: "):
                file_part(device)
        for role, terminal in table.roles.items():
            self._require_instrument(f"role '{role}'", terminal)
        for terminal in table.fixture.terminals:
            self._require_instrument("fixture.terminals", terminal)
        for terminal in table.fixture.withstands:
            self._require_instrument("fixture.withstands", terminal)
        self.name_terminals(first_channels(table))
        table = self.table
        self._check_fixture()
        self._check_surroundings()
        self._check_routing()
        rules = (place_problems(self.table, self.netlist),
                 gate_problems(self.table, self.netlist), crosspoint_problems(self.table), role_problems(self.table),
                 control_problems(self.table, self.netlist, self.sense_node()), unused_problems(self.table),
                 probe_problems(self.table, self.sensing()))
        if problem := next(itertools.chain(*rules), ""):
            raise self._fail(problem)
        self._require_nodes(first_channels(table))
        if table.connected is not None:
            self.device(table.connected)

    @contextlib.contextmanager
    def naming_the_file(self, table: str = "") -> Iterator[None]:
        """Name the file, and the table, in whatever is refused meanwhile."""
        try:
            yield
        except ConfigurationError as error:
            raise self._fail(f"{table}{error}") from None

    def name_terminals(self, first: Mapping[str, str]) -> None:
        """Take one name for each terminal: that of an instrument alone also means its first channel.

        Parameters
        ----------
        first : instrument -> its first channel
        """
        with self.naming_the_file():
            self.table = with_one_name(self.table, first)

    def take_outputs(self, first: Mapping[str, str]) -> None:
        """Take the first channels of all instruments once they are open, and check what needs them."""
        self.name_terminals(first)
        self._require_nodes(first)

    def named_terminals(self) -> Iterator[tuple[str, str]]:
        """Yield every table of terminals with each terminal that it names, by the name of the instrument."""
        fixture = self.table.fixture
        for key in ("voltage_high", "voltage_low", "current"):
            if channel := getattr(fixture.sensing, key):
                yield f"fixture.sensing.{key}", channel_of_instrument(self.table, channel)
        yield from (("fixture.probes", channel_of_instrument(self.table, channel)) for channel in fixture.probes)
        yield from (("fixture.terminals", terminal) for terminal in fixture.terminals)
        yield from (("fixture.withstands", terminal) for terminal in fixture.withstands)
        yield from ((f"role '{role}'", terminal) for role, terminal in self.table.roles.items())

    def _require_nodes(self, first: Mapping[str, str]) -> None:
        """Refuse a role without a node where the name of its terminal seems to be wrong."""
        boxes = {name for name, one in self.table.instruments.items() if entry(one.driver).terminals}
        if self.netlist is not None and (
                problem := next(roles_without_node(self.table, self.gates(), boxes - set(first)), "")):
            raise self._fail(problem)

    def _require_instrument(self, where: str, terminal: str) -> None:
        name = terminal.partition(".")[0]
        if name not in self.table.instruments:
            raise self._fail(
                f"{where} refers to instrument '{name}', which is not in the bench file"
                f"{nearest(name, self.table.instruments)}"
            )
        with self.naming_the_file():
            require_terminal(entry(self.table.instruments[name].driver), where, terminal)

    def _check_surroundings(self) -> None:
        """Check positioner, temperature controller and decade boxes."""
        table, positioner = self.table, self.table.positioner
        if positioner is not None and positioner.kind != "operator":
            self._require_kind("positioner.instrument", positioner.instrument,
                               "switch matrix" if positioner.kind == "matrix" else "prober")
            there: dict[tuple[str, ...], str] = {}
            for device, place in positioner.devices.items():
                self.device(device)
                if not place:
                    raise self._fail(f"positioner.devices.{device} names no place. Write its crosspoints or its site")
                written = [str(part).upper() for part in place]
                key = tuple(sorted(written) if positioner.kind == "matrix" else [*written, "0"][:3])
                if (other := there.setdefault(key, device)) != device:
                    raise self._fail(f"positioner.devices: {other} and {device} have the same place {list(place)}. "
                                     "Correct one of the two")
                numbers = len(place) in (2, 3) and all(isinstance(number, int) for number in place)
                if positioner.kind == "prober" and not numbers:
                    raise self._fail(f"positioner.devices.{device} must be column, row and subsite, such as [3, -4, 0]")
        if table.temperature is not None:
            self._require_kind("temperature.instrument", table.temperature.instrument, "temperature controller")
        for quantity, control in table.fixture.control.items():
            where = f"fixture.control.{quantity}"
            if control.instrument:
                self._require_kind(f"{where}.instrument", control.instrument, "decade box")
            if control.gate:
                self._require_gate(where, quantity, control.gate)
            word = "resistor" if quantity == "load_resistance" else "capacitor"
            elements = {e.name.lower(): e.name for e in self.netlist.of_kind(word[0].upper())} if (
                self.netlist is not None) else {}
            if control.element.lower() not in elements:
                raise self._fail(
                    f"{where}.element: the netlist has no {word} '{control.element}'"
                    f"{nearest(control.element.lower(), elements)}")
            measured = table.fixture.measured
            stated = {"path_resistance": bool(measured.path_resistance), "parallel_capacitance": (
                measured.parallel_capacitance is not None and quantity == "parallel_capacitance")}
            for wrong in [name for name, there in stated.items() if there]:
                raise self._fail(
                    f"{where}: [fixture.measured] holds for one value of the fixture only. Remove its {wrong}")

    def _require_gate(self, where: str, quantity: str, gate: str) -> None:
        if quantity != "load_resistance":
            raise self._fail(f"{where}.gate: gate is only for load_resistance. Move it to "
                             "[fixture.control.load_resistance]")
        if gate not in self.table.roles:
            raise self._fail(f"{where}.gate: no instrument has the role '{gate}'{nearest(gate, self.table.roles)}")
        if gate in ROLE_KINDS:
            raise self._fail(f"{where}.gate: the protocols use the role '{gate}' for an instrument at the device. Give "
                             "the source meter at the gate a role with another name, for example 'gate'")
        name, _, channel = self.table.roles[gate].partition(".")
        kinds = entry(self.table.instruments[name].driver).kinds_of(channel)
        if "source meter" not in kinds:
            raise self._fail(f"{where}.gate: role '{gate}' must be a source meter, but '{self.table.roles[gate]}' is "
                             f"{' and '.join(map(with_article, kinds))}. Give the role to a source meter")

    def gates(self) -> set[str]:
        """Return the terminals at gates: they do not reach the device, and stay on while relays move."""
        return {self.table.roles[control.gate] for control in self.table.fixture.control.values() if control.gate}

    def _check_routing(self) -> None:
        """Check the states of the routing, and the bias tee."""
        fixture = self.table.fixture
        if fixture.bias_tee:
            capacitors = {one.name.lower() for one in self.netlist.of_kind("C")} if self.netlist is not None else set()
            if fixture.bias_tee.lower() not in capacitors:
                raise self._fail(
                    f"fixture.bias_tee: the netlist has no capacitor '{fixture.bias_tee}'"
                    f"{nearest(fixture.bias_tee.lower(), capacitors)}")
        if (routing := fixture.routing) is None:
            return
        if routing.kind == "matrix":
            self._require_kind("fixture.routing.instrument", routing.instrument, "switch matrix")
        if routing.state is not None and routing.state not in routing.states:
            raise self._fail(f"fixture.routing.state: there is no state '{routing.state}'"
                             f"{nearest(routing.state, routing.states)}")
        for name, state in routing.states.items():
            where = f"fixture.routing.states.{name}"
            for role in state.roles:
                if role not in self.table.roles:
                    raise self._fail(f"{where}: no instrument has the role '{role}'{nearest(role, self.table.roles)}")
            if routing.kind == "matrix" and not state.crosspoints:
                raise self._fail(f"{where}: kind is 'matrix', so this state needs crosspoints. Add them")
            if routing.kind != "matrix" and state.crosspoints:
                raise self._fail(f"{where}: kind is '{routing.kind}', so this state has no crosspoints. Remove them")

    def _require_kind(self, where: str, instrument: str, kind: str) -> None:
        self._require_instrument(where, instrument)
        kinds = entry(self.table.instruments[instrument].driver).kinds
        if kind not in kinds:
            raise self._fail(f"{where}: '{instrument}' must be {with_article(kind)}, but it is "
                             f"{' and '.join(map(with_article, kinds))}. Name another instrument")

    def _require_channel(self, where: str, terminal: str) -> None:
        """Refuse what is no channel of an oscilloscope; its number is compared when the bench is open."""
        name, _, channel = terminal.partition(".")
        if name not in self.table.roles:
            self._require_instrument(where, terminal)
        instrument = self.instrument_of(terminal)
        if "oscilloscope" not in entry(self.table.instruments[instrument].driver).kinds or (
                not channel.isdigit() or channel.startswith("0")):
            raise self._fail(
                f"{where}: '{terminal}' is not the channel of an oscilloscope. Write for example 'scope.1'")

    def _check_fixture(self) -> None:
        fixture = self.table.fixture
        sensing = fixture.sensing
        for key in ("voltage_high", "voltage_low", "current"):
            terminal = getattr(sensing, key)
            if terminal is not None:
                self._require_channel(f"fixture.sensing.{key}", terminal)
        for terminal in fixture.probes:
            self._require_channel("fixture.probes", terminal)
        if sensing.current_sensor == "shunt" and sensing.current is not None and sensing.current_resistance is None:
            raise self._fail(
                "fixture.sensing.current also needs current_resistance, the resistance of the resistor that senses "
                "the current"
            )
        if not fixture.netlist.strip():
            return
        with self.naming_the_file("fixture: "):
            nodes = parse_netlist(fixture.netlist, check=False).nodes
            for terminal, node in fixture.terminals.items():
                if node.lower() not in nodes and node != "0":
                    raise ConfigurationError(
                        f"terminal '{terminal}' is at node '{node}', which is not in the netlist{nearest(node, nodes)}"
                    )
            amplified = [] if fixture.sensing.amplifier is None else [self.sense_node()]
            netlist = parse_netlist(fixture.netlist, [*fixture.terminals.values(), *amplified])
            require_no_title(netlist)
            require_no_source(netlist)
            if netlist.temperature is not None:   # nothing would use it, and a run would seem to have been warm
                raise ConfigurationError(
                    "a bench file must not have a temperature card (.temp, .options temp=). Remove it and set the "
                    "temperature at the chuck")
            if has_place(netlist) and len(netlist.find(DEVICE).nodes) != 2:
                raise ConfigurationError(
                    f"{DEVICE} has {len(netlist.find(DEVICE).nodes)} nodes. It must have two nodes")
            require_sensing(self.table, netlist, self.sense_node())
            self.netlist = self._with_sensor(netlist)

    def _with_sensor(self, netlist: Netlist) -> Netlist:
        """Return the netlist with the resistance of a sensor that is not a resistor of the netlist."""
        if (sensing := self.table.fixture.sensing).current_sensor == "shunt":
            return netlist
        if not (node := self.sense_node()):
            raise ConfigurationError(
                f"the input of '{sensing.current}' senses the current, but [fixture.terminals] has no node for it. "
                "Add its node")
        return with_resistor_to_ground(netlist, "Rcurrent_sensor", node, self.sensing().burden)

    def sense_node(self) -> str:
        """Return the node where the current enters its sensor; "" where the file does not tell."""
        sensing = self.table.fixture.sensing
        if sensing.amplifier is not None:
            return sensing.amplifier.input
        if sensing.current is None:
            return ""
        return self.table.fixture.terminals.get(channel_of_instrument(self.table, sensing.current), "")

    def instrument_of(self, terminal: str) -> str:
        """Return the instrument of a terminal that is named by the instrument or by its role; "" where it is not."""
        return channel_of_instrument(self.table, terminal).partition(".")[0]

    def device(self, identifier: str) -> DeviceDescription:
        """Return a device with its limits; ConfigurationError if it is not on the bench."""
        devices = self.table.devices
        if identifier not in devices:
            raise self._fail(f"device '{identifier}' is not on the bench{nearest(identifier, devices)}")
        found = devices[identifier]
        common = self.table.device.limits.model_dump()
        own = {name: value for name, value in found.limits.model_dump().items() if value is not None}
        return DeviceDescription(
            identifier,
            found.material,
            found.stack,
            found.area,
            found.notes,
            DeviceLimits(**{**common, **own}),
            found.least_resistance,
        )

    @property
    def rating(self) -> float:
        """Return the voltage [V] that fixture and cable are made for, as far as the file says it."""
        stated = self.table.fixture.high_voltage
        return SAFE_VOLTAGE if stated is None else stated.rating

    def sensing(self) -> Sensing:
        """Return how scope channels see the device, as far as the file tells it."""
        table = self.table.fixture.sensing
        found = table.model_dump(exclude={"amplifier", "current_resistance"})
        if table.amplifier is None:
            own = table.current_sensor == "scope_input"
            return Sensing(
                **found, current_resistance=LowImpedanceInput.resistance if own else table.current_resistance,
                current_impedance="50" if own else "1M", current_node=self.sense_node())
        amplifier = CurrentAmplifier(**table.amplifier.model_dump(exclude={"input", "termination"}))
        return Sensing(
            **found, amplifier=amplifier, maximum_current=amplifier.maximum_current,
            current_impedance=table.amplifier.termination, current_node=self.sense_node())

    def library(self, instrument: str | None = None) -> str:
        """Return the VISA library of an instrument (None: of the bench). A relative path is relative to this file."""
        spec = self.table.visa_library
        if instrument is not None and self.table.instruments[instrument].visa_library is not None:
            spec = str(self.table.instruments[instrument].visa_library)
        return resolve_library(spec, self.path.parent)

    def channels_of(self, instrument: str) -> dict[str, str]:
        """Return the channel of an instrument in each of its roles; "" stands for the instrument or its first one."""
        parts = {role: terminal.partition(".") for role, terminal in self.table.roles.items()}
        return {role: channel for role, (name, _, channel) in parts.items() if name == instrument}


def resolve_library(spec: str, folder: Path) -> str:
    """Return a VISA library such as ``world.toml@tsbench``. A relative file counts from ``folder``."""
    file, at, backend = spec.rpartition("@")
    if not at:
        file, backend = backend, ""
    if file and not Path(file).is_absolute() and (at or (folder / file).exists()):
        file = str((folder / file).resolve())
    return f"{file}{at}{backend}"
