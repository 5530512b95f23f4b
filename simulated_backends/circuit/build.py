"""From a netlist and what is attached to it to a :class:`.circuit.Circuit`.

    circuit = build_circuit(
        parse_netlist(text, terminals=["smu", "gen2", "dut", "low"]),
        {"XDUT": device_model("nbo2")},
        stages=[("smu1", "smu", "smu1.relay", 1e15)],           # source meter behind an open relay
        sources=[("gen.2", "gen2", "gen.2.relay", 1e15)],       # generator channel behind an open relay
        loads=[("scope.1", "dut", 1e6, 14e-12)],                # scope input
    )
    circuit.set_resistance("gen.2.relay", 50.0)                 # output on: 50 Ohm
    circuit.set_source("gen.2", Constant(2.2))
    circuit.advance(1e-3)

A source is an ideal voltage source behind its series resistor; its node is called ``NAME#`` and the current of the
resistor is what it delivers. ``current(stage)`` is what a source meter delivers. Names are found in any case.
"""

import math
from collections.abc import Iterable, Mapping

from tsbench.errors import ConfigurationError
from tsbench.netlist import GROUND, Element, Netlist, check_connections
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, SourceMeterStage
from tsbench.simulated_backends.circuit.structure import check_stage
from tsbench.simulated_backends.circuit.waveforms import from_netlist
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.model import DeviceModel

ELEMENT_KINDS = "RCLVIX"
#: where a stage is until its instrument sets it: 0 V, 100 uA
IDLE_STAGE = SourceMeterStage(
    function="voltage", level=0.0, limit=1e-4, output_resistance=0.1, voltage_time_constant=2e-6,
    current_time_constant=2e-6, loop_resistance=1e3, slew_rate=1e6)

MOST_NODES = 2000  #: of one circuit: its matrices are dense


def build_circuit(
    netlist: Netlist, device_models: Mapping[str, DeviceModel] | None = None,
    stages: Iterable[tuple[str, str] | tuple[str, str, str, float]] = (),
    sources: Iterable[tuple[str, str, str, float]] = (),
    loads: Iterable[tuple[str, str, float, float]] = (),
    rtol: float = 1e-6, largest_step: float = math.inf, noise_refinement: float = 1.0,
    temperature: float | None = None, specialised: bool | None = None, seed: int | None = 0,
) -> Circuit:
    """Build a circuit at time 0, all capacitors at their initial voltages (0 V where none is given).

    Parameters
    ----------
    netlist : Netlist
        Fixture with devices (parsed with the terminals, so that nodes with one connection are accepted).
    device_models : mapping
        Model of each device, by element name ("XDUT") or by the model name in the netlist ("device"); where
        neither is given the catalogue is asked.
    stages : iterable of (name, node) or (name, node, relay name, relay resistance [Ohm])
        Source meters.
    sources : iterable of (name, node, series resistor name, resistance [Ohm])
        Generator outputs against ground.
    loads : iterable of (name, node, resistance [Ohm], capacitance [F])
        Inputs against ground: resistor NAME and, if not zero, capacitor ``NAME.c``.
    rtol, largest_step : float
        Relative tolerance of the integrator, and its largest step [s].
    noise_refinement : float
        Factor on how long the noise of a stochastic device is taken as straight; below 1 nearer to its true path.
    temperature : float, optional
        Of the surroundings (a chuck) of all devices [K]; a ``t0`` in the netlist goes before it, a ``.temp`` card
        does not. None: that of the card, or their own.
    specialised : bool, optional
        Integrate with code written for this topology: some seconds to compile the first time on a machine, then
        several times faster. None: once the circuit has taken so many steps that it pays.
    seed : int, optional
        Of everything random: each stochastic device without a ``seed`` of its own is on the path that belongs to
        (seed, name of its element), whatever else is in the circuit. None: on the path that its model has, which
        devices of one model share. Thermal noise, by which an equilibrium that has lost stability is left, follows
        from it too (None: from 0).

    Raises
    ------
    ConfigurationError
        A name is used twice, a model is unknown or has another number of nodes, a node is floating or its voltage is
        not determined.
    """
    elements = list(netlist.elements)
    placed: dict[str, tuple[str, SourceMeterStage]] = {}
    waveforms = {e.name: from_netlist(e.waveform) for e in netlist.elements if e.kind in "VI"}
    for stage in stages:
        name, node = stage[0], _node(stage[1])
        check_stage(name, IDLE_STAGE)
        if len(stage) == 4:
            elements.append(_resistor(stage[2], f"{name}#".lower(), node, stage[3]))
            node = f"{name}#".lower()
        placed[name] = (node, IDLE_STAGE)
    for name, node, resistor, resistance in sources:
        inner = f"{name}#".lower()
        elements.append(Element("V", name, (inner, GROUND)))
        elements.append(_resistor(resistor, inner, _node(node), resistance))
        waveforms[name] = Constant(0.0)
    for name, node, resistance, capacitance in loads:
        elements.append(_resistor(name, _node(node), GROUND, resistance))
        if capacitance > 0:
            elements.append(Element("C", f"{name}.c", (_node(node), GROUND), value=capacitance))
    _refuse_duplicates([*(e.name for e in elements), *placed])
    _refuse_what_cannot_be_solved(elements)
    if temperature is None:
        temperature = netlist.temperature
    models = {e.name: _model(e, device_models or {}, temperature, seed) for e in elements if e.kind == "X"}
    elements = [models[e.name].placed(e) if e.kind == "X" else e for e in elements]
    check_connections(Netlist(tuple(elements)), [node for node, _ in placed.values()])
    return Circuit(elements, placed, models, waveforms, _initial_voltages(netlist), rtol, largest_step,
                   noise_refinement, specialised, seed)


def _refuse_what_cannot_be_solved(elements: list[Element]) -> None:
    """Refuse unknown kinds of elements and circuits that are too large."""
    for element in elements:
        if element.kind not in ELEMENT_KINDS:
            raise ConfigurationError(
                f"circuit: {element.name} is of kind '{element.kind}', which is not supported. Use R, C, L, V, I, "
                "or X for a device")
    if (nodes := len({node for element in elements for node in element.nodes})) > MOST_NODES:
        raise ConfigurationError(
            f"circuit: {nodes} nodes are too many. tsbench can solve at most {MOST_NODES} nodes. Simulate a part of "
            "the circuit, or use ngspice")


def _node(name: str) -> str:
    return GROUND if name.lower() == "gnd" else name.lower()


def _resistor(name: str, first: str, second: str, value: float) -> Element:
    if not (math.isfinite(value) and value > 0):
        raise ConfigurationError(f"circuit: resistor {name} = {value:g} Ohm must be positive and finite")
    return Element("R", name, (first, second), value=value)


def _refuse_duplicates(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise ConfigurationError(f"circuit: two elements have the name '{name}'. Rename one of the two")
        seen.add(name.lower())


def _model(
    element: Element, given: Mapping[str, DeviceModel], temperature: float | None, seed: int | None
) -> DeviceModel:
    lower = {name.lower(): model for name, model in given.items()}
    model = lower.get(element.name.lower()) or lower.get(element.model) or device_model(element.model)
    if temperature is not None and "t0" not in element.parameters:
        model = model.at_temperature(temperature)
    if seed is not None and "seed" not in element.parameters:
        model = model.on_own_path(seed, element.name.lower())
    return model.with_parameters(element.parameters)


def _initial_voltages(netlist: Netlist) -> dict[str, float]:
    """Return node voltages at the beginning [V]: those of .ic cards, and what the ``ic`` of capacitors adds."""
    voltages = {GROUND: 0.0, **netlist.initial_voltages}
    waiting = [e for e in netlist.of_kind("C") if e.initial is not None]
    while waiting:
        # one with an end that is known already; else the second end of the first is where it would be without: at 0 V
        element = next((e for e in waiting if not voltages.keys().isdisjoint(e.nodes)), waiting[0])
        waiting.remove(element)
        (first, second), across = element.nodes, element.initial or 0.0
        if first in voltages and second in voltages:
            if not math.isclose(voltages[first] - voltages[second], across, rel_tol=1e-9, abs_tol=1e-12):
                raise ConfigurationError(
                    f"netlist line {element.line}: {element.name}: ic={across:g} V, but .ic and other capacitors give "
                    f"{voltages[first] - voltages[second]:g} V between '{first}' and '{second}'. "
                    f"Remove ic from {element.name}, or correct the other initial voltages")
        elif first in voltages:
            voltages[second] = voltages[first] - across
        else:
            voltages[first] = voltages.setdefault(second, 0.0) + across
    return voltages
