"""The tables that stand for a circuit in compiled code: what does not change while its elements keep their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.netlist import GROUND, Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.places import places_of
from tsbench.simulated_backends.circuit.kernel.topology import Topology, topology_of
from tsbench.simulated_backends.circuit.system import Row, System
from tsbench.simulated_backends.devices.dispatch import kind_of, require_mechanism
from tsbench.simulated_backends.devices.mechanism import mechanism_of, row_of
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.linear import IntArray


@dataclass(frozen=True)
class CircuitTables:
    """Tables of one assembled circuit; ``n`` unknowns, of which the first ``differential`` have a derivative."""

    L: FloatArray  #: see :func:`.equations.right_side`, shape (rows, n)
    R: FloatArray  #: what the sources contribute to the drive, shape (rows, sources)
    places: IntArray  #: see :mod:`.places`
    weights: FloatArray  #: absolute tolerances: rtol times the typical size of each unknown, shape (n,)
    differential: int  #: number of unknowns with a derivative
    recurring: IntArray  #: those of them that come back: all but states that count
    paths: tuple[int, ...]  #: how many random paths move each device
    controlled: bool  #: whether some device follows a control voltage
    noise_rows: FloatArray  #: what a current beside each resistor and device contributes to the drive, (rows, currents)
    topology: Topology


def tables_of(
    system: System, devices: Sequence[Element], models: Mapping[str, DeviceModel], rtol: float
) -> CircuitTables:
    """Return the tables of a circuit; arguments as of :class:`.compiled_circuit.CompiledCircuit`.

    Raises
    ------
    ConfigurationError
        A model cannot be compiled.
    """
    for element in devices:
        require_mechanism(models[element.name.lower()], element.name)
    placed = [(models[e.name.lower()], system.first_state[e.name.lower()]) for e in devices]
    rows = [_between(system, e.nodes) for e in devices]
    rows += [system.currents[name] for name in system.stage_index]
    controls = [-1] * len(devices)
    for k, element in enumerate(devices):
        if element.controls:
            controls[k] = len(system.linear) + len(rows)
            rows.append(_between(system, element.controls))
    n, nu = system.size, system.B.shape[1]
    differential = n - len(devices)
    L = np.vstack([system.A, *(r.y.reshape(1, n) for r in rows)])
    paths, first_states = tuple(len(model.noises) for model, _ in placed), [first for _, first in placed]
    counting = [first + model.states.index(counter) for model, first in placed for counter in model.counters]
    return CircuitTables(
        L=L,
        R=np.vstack([system.B, *(r.u.reshape(1, nu) for r in rows)]),
        places=places_of(len(system.linear), [kind_of(model) for model, _ in placed], first_states, differential,
                       [*system.stage_index.values()], controls, paths),
        weights=_sizes(system, placed) * rtol,
        differential=differential,
        recurring=np.setdiff1d(np.arange(differential), counting),
        paths=paths,
        controlled=any(row >= 0 for row in controls),
        noise_rows=_noise_rows(system, devices),
        topology=topology_of(
            len(system.linear), [mechanism_of(type(model)) for model, _ in placed], first_states, n, system.stage_index,
            controls, L))


def parameters_of(models: Sequence[DeviceModel]) -> FloatArray:
    """Return the table of the devices' parameters, one row each."""
    rows = [row_of(model) for model in models]
    table = np.zeros((len(rows), max((row.size for row in rows), default=0)))
    for k, row in enumerate(rows):
        table[k, : row.size] = row
    return table


def _sizes(system: System, placed: Sequence[tuple[DeviceModel, int]]) -> FloatArray:
    """Return the sizes of the unknowns, of which a share of rtol is the absolute tolerance."""
    sizes = np.full(system.size, 1e-5)   # currents [A]
    sizes[: len(system.linear)] = [1e-5 if text.startswith("current") else 0.1 for text in system.linear]
    for model, first in placed:
        state_sizes = model.state_tolerances()
        sizes[first: first + len(state_sizes)] = state_sizes
    return sizes


def _noise_rows(system: System, devices: Sequence[Element]) -> FloatArray:
    between = [system.noise_voltages[a] - system.noise_voltages[b] for a, b in (
        *(e.nodes for e in devices), *((node, GROUND) for node in system.stage_nodes),
        *(e.controls for e in devices if e.controls))]
    for k, resistance in enumerate(system.stage_resistances, start=len(devices)):
        between[k] = -between[k] / resistance
    return np.vstack([system.noise_rates, *(row.reshape(1, -1) for row in between)])


def _between(system: System, nodes: tuple[str, ...]) -> Row:
    """Return the voltage of the first node against the second."""
    return system.voltages[nodes[0]].plus(system.voltages[nodes[1]].scaled(-1.0))
