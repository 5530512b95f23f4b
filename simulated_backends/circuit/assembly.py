"""Modified nodal analysis: from elements to the matrices that the compiled integrator works with.

The voltages of nodes held by voltage sources are known; nodes without capacitance are eliminated (their voltages
are linear in everything else); what remains are the unknowns described in :mod:`.kernel.equations`. A group of nodes
that capacitors join only to each other keeps its voltage differences as states and one common voltage, which is
eliminated like a node without capacitance.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.netlist import GROUND, Element
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.system import Row, StageElement, System
from tsbench.simulated_backends.devices.model import DeviceModel

SERIES_RESISTANCE = 1e-3  #: [Ohm] given to a voltage source that closes a loop or floats


def assemble(
    elements: Sequence[Element], stages: Sequence[StageElement], devices: Mapping[str, DeviceModel]
) -> System:
    """Assemble a circuit.

    Parameters
    ----------
    elements : sequence of Element
        Elements of kinds R, C, L, V, I, X; connections already checked.
    stages : sequence of StageElement
        Source meters' output stages.
    devices : mapping
        Model of each X element, by its name in lower case.

    Raises
    ------
    ConfigurationError
        A node's voltage is not determined, naming the node and what is connected to it.
    """
    return _Assembly(elements, stages, devices).run()


class _Assembly:
    def __init__(
        self, elements: Sequence[Element], stages: Sequence[StageElement], devices: Mapping[str, DeviceModel]
    ) -> None:
        self.stages, self.devices = stages, devices
        self.by_kind: dict[str, list[Element]] = {k: [e for e in elements if e.kind == k] for k in "RCLVIX"}
        self.sources = [e for e in elements if e.kind in "VI"]
        self.source_index = {e.name.lower(): k for k, e in enumerate(self.sources)}
        self.elements = elements
        self.messages: list[str] = []

    def run(self) -> System:
        self._known_voltages()
        self._unknown_nodes()
        self._stamp()
        self._reduce()
        return self._system()

    # ------------------------------------------------------------------------------ nodes

    def _known_voltages(self) -> None:
        """Find nodes whose voltage is a sum of sources; other voltage sources get a series resistance."""
        nu = len(self.sources)
        self.known: dict[str, FloatArray] = {GROUND: np.zeros(nu)}
        self.holders: list[tuple[Element, str, float]] = []   # source, node it holds, sign of its first terminal
        waiting = list(self.by_kind["V"])
        while True:
            for element in waiting:
                a, b = element.nodes
                if (a in self.known) != (b in self.known):
                    unit = np.zeros(nu)
                    unit[self.source_index[element.name.lower()]] = 1.0
                    held, value = (a, self.known[b] + unit) if b in self.known else (b, self.known[a] - unit)
                    self.known[held] = value
                    self.holders.append((element, held, 1.0 if held == a else -1.0))
                    waiting.remove(element)
                    break
            else:
                break
        self.soft_sources = waiting
        for element in waiting:
            self.messages.append(
                f"{element.name} floats or closes a loop of voltage sources. A resistance of {SERIES_RESISTANCE:g} "
                "Ohm was added in series with it")

    def _unknown_nodes(self) -> None:
        nodes = dict.fromkeys(n for e in self.elements for n in e.nodes)
        nodes.update(dict.fromkeys(s.node for s in self.stages))
        self.nodes = tuple(n for n in nodes if n not in self.known)
        self.index = {n: k for k, n in enumerate(self.nodes)}
        group = {n: n for n in self.nodes} | dict.fromkeys(self.known, GROUND)

        def root(node: str) -> str:
            while group[node] != node:
                node = group[node]
            return node

        for element in self.by_kind["C"]:
            a, b = (root(n) for n in element.nodes)
            if a != b:
                if a == GROUND:
                    a, b = b, a
                group[a] = b
        count = len(self.nodes)
        self.P = np.zeros((count, count))   # v = P z
        self.dynamic, self.static = [], []   # columns of z that capacitance holds, and others
        reference: dict[str, int] = {}
        for k, node in enumerate(self.nodes):
            self.P[k, k] = 1.0
            top = root(node)
            if top == GROUND:
                self.dynamic.append(k)
            elif top not in reference:
                reference[top] = k
                self.static.append(k)
            else:
                self.P[k, reference[top]] = 1.0
                self.dynamic.append(k)

    # ------------------------------------------------------------------------------ equations

    def _stamp(self) -> None:
        """Write Kirchhoff's current law: C v' + Cu u' + G v + H x + Hu u = 0 (currents leaving the node)."""
        n, nu = len(self.nodes), len(self.sources)
        self.C, self.Cu = np.zeros((n, n)), np.zeros((n, nu))
        self.G, self.Hu = np.zeros((n, n)), np.zeros((n, nu))
        extra = [e.name.lower() for e in self.by_kind["L"]] + [s.name.lower() for s in self.stages]
        extra += [e.name.lower() for e in self.by_kind["X"]]
        self.extra = {name: k for k, name in enumerate(extra)}   # x: inductor currents, v_s, device currents
        self.H = np.zeros((n, len(extra)))
        for element in self.by_kind["R"]:
            self._stamp_pair(element.nodes, 1.0 / element.value, self.G, self.Hu)
        noisy = (*self.by_kind["R"], *self.by_kind["X"])
        self.Hr = np.zeros((n, len(noisy)))   # a current beside each: its noise
        for k, element in enumerate(noisy):
            self._stamp_current(element.nodes, self.Hr, k, 1.0)
        for element in self.by_kind["C"]:
            self._stamp_pair(element.nodes, element.value, self.C, self.Cu)
        for element in self.soft_sources:
            self._stamp_pair(element.nodes, 1.0 / SERIES_RESISTANCE, self.G, self.Hu)
            self._stamp_current(element.nodes, self.Hu, self.source_index[element.name.lower()], -1 / SERIES_RESISTANCE)
        for element in self.by_kind["I"]:
            self._stamp_current(element.nodes, self.Hu, self.source_index[element.name.lower()], 1.0)
        for element in (*self.by_kind["L"], *self.by_kind["X"]):
            self._stamp_current(element.nodes, self.H, self.extra[element.name.lower()], 1.0)
        for stage in self.stages:
            conductance = 1.0 / stage.output_resistance
            self._stamp_pair((stage.node, GROUND), conductance, self.G, self.Hu)
            self._stamp_current((stage.node, GROUND), self.H, self.extra[stage.name.lower()], -conductance)

    def _stamp_pair(self, nodes: tuple[str, ...], value: float, inner: FloatArray, outer: FloatArray) -> None:
        for here, there in (nodes, nodes[::-1]):
            if here in self.index:
                row = self.index[here]
                inner[row, row] += value
                if there in self.index:
                    inner[row, self.index[there]] -= value
                else:
                    outer[row] -= value * self.known[there]

    def _stamp_current(self, nodes: tuple[str, ...], matrix: FloatArray, column: int, value: float) -> None:
        for node, sign in zip(nodes, (1.0, -1.0), strict=True):
            if node in self.index:
                matrix[self.index[node], column] += sign * value

    def _reduce(self) -> None:
        """Eliminate the voltages without capacitance: z_static = -Gss^-1 (Gsd z_dynamic + Hs x + Hus u)."""
        self._check_determined()
        P, d, s = self.P, self.dynamic, self.static
        G, C = P.T @ self.G @ P, P.T @ self.C @ P
        H, Hu, Cu, Hr = P.T @ self.H, P.T @ self.Hu, P.T @ self.Cu, P.T @ self.Hr
        wide = np.hstack([G[np.ix_(s, d)], H[s], Hu[s], Hr[s]])
        static = -np.linalg.solve(G[np.ix_(s, s)], wide) if s else wide
        nd, nx = len(d), self.H.shape[1]
        full = np.zeros((len(self.nodes), wide.shape[1]))   # z over [z_dynamic, x, u]
        full[s] = static
        full[d, np.arange(nd)] = 1.0
        self.node_rows = P @ full   # v over [z_dynamic, x, u, noise]
        force = -np.hstack([G[np.ix_(d, d)], H[d], Hu[d], Hr[d]])
        if s:
            force -= G[np.ix_(d, s)] @ static
        capacitance = C[np.ix_(d, d)]
        try:
            self.rates = np.linalg.solve(capacitance, force) if d else force
        except np.linalg.LinAlgError:
            small, *_, large = sorted(self.by_kind["C"], key=lambda e: e.value)
            raise ConfigurationError(
                f"{small.name} = {small.value:g} F is too small for a computation in series with {large.name} = "
                f"{large.value:g} F. Remove {small.name}") from None
        self.Ez = -np.linalg.solve(capacitance, Cu[d]) if d else Cu[d]
        self.split = nd, nx

    def _check_determined(self) -> None:
        """Refuse voltages without capacitance that no resistor ties to anything."""
        tied = {self.nodes[k] for k in self.dynamic} | set(self.known) | {s.node for s in self.stages}
        grew = True
        links = [e.nodes for e in (*self.by_kind["R"], *self.soft_sources)]
        for k in self.static:   # the common voltage of a floating group: all of its nodes or none
            members = [self.nodes[m] for m in range(len(self.nodes)) if self.P[m, k]]
            tied.difference_update(members)
            if any(n in {s.node for s in self.stages} for n in members):
                tied.update(members)
            links += [(members[0], other) for other in members[1:]]
        while grew:
            grew = False
            for a, b in links:
                if (a in tied) != (b in tied):
                    tied.update((a, b))
                    grew = True
        for node in self.nodes:
            if node not in tied:
                names = ", ".join(e.name for e in self.elements if node in e.nodes)
                raise ConfigurationError(
                    f"the voltage of node '{node}' is not determined, because the elements at this node ({names}) "
                    f"set only a current. Add a resistor or capacitor from '{node}' to ground")

    # ------------------------------------------------------------------------------ result

    def _system(self) -> System:
        nz, nx = self.split
        nu = len(self.sources)
        inductors = [e.name.lower() for e in self.by_kind["L"]]
        stages = [s.name.lower() for s in self.stages]
        devices = [e.name.lower() for e in self.by_kind["X"]]
        linear = [f"voltage of node '{self.nodes[k]}'" for k in self.dynamic]
        linear += [f"current of {e.name}" for e in self.by_kind["L"]] + [f"output of {s.name}" for s in self.stages]
        nl = len(linear)
        first_state, position = {}, nl
        for name in devices:
            first_state[name] = position
            position += len(self.devices[name].states)
        current_index = {name: position + k for k, name in enumerate(devices)}
        size = position + len(devices)

        # columns of [z, x, u] in y: inductors and stages follow the capacitive states, device currents are last
        place = np.array([*range(nz + len(inductors) + len(stages)), *current_index.values()], dtype=int)

        def row(wide: FloatArray) -> Row:
            y = np.zeros(size)
            y[place] = wide[: nz + nx]
            return Row(y, wide[nz + nx: nz + nx + nu].copy(), np.zeros(size), np.zeros(nu))

        voltages = {node: row(self.node_rows[k]) for node, k in self.index.items()}
        for node, value in self.known.items():
            voltages[node] = Row(np.zeros(size), value, np.zeros(size), np.zeros(nu))
        A, B, E = np.zeros((nl, size)), np.zeros((nl, nu)), np.zeros((nl, nu))
        for k in range(nz):
            rate = row(self.rates[k])
            A[k], B[k], E[k] = rate.y, rate.u, self.Ez[k]
        for k, element in enumerate(self.by_kind["L"]):
            across = voltages[element.nodes[0]].plus(voltages[element.nodes[1]].scaled(-1.0)).scaled(1 / element.value)
            A[nz + k], B[nz + k] = across.y, across.u
        inductor_index = {name: nz + k for k, name in enumerate(inductors)}
        stage_index = {name: nz + len(inductors) + k for k, name in enumerate(stages)}
        currents = self._currents(voltages, inductor_index | stage_index | current_index, size)
        return System(
            tuple(linear), stage_index, inductor_index, first_state, current_index, size, A, B, E, voltages, currents,
            np.asarray(np.linalg.inv(self.P)[self.dynamic], float), self.nodes, tuple(self.messages), *self._noise(nl))

    def _noise(
        self, linear: int
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray], tuple[str, ...], tuple[float, ...]]:
        """Return the last fields of :class:`.system.System`: what noise currents of resistors and devices do."""
        count = self.Hr.shape[1]
        voltages = {node: np.zeros(count) for node in self.known}
        first = sum(self.split) + len(self.sources)
        voltages.update({node: self.node_rows[k, first:] for node, k in self.index.items()})
        rates = np.zeros((linear, count))
        rates[: self.split[0]] = self.rates[:, first:]
        for k, element in enumerate(self.by_kind["L"], start=self.split[0]):
            rates[k] = (voltages[element.nodes[0]] - voltages[element.nodes[1]]) / element.value
        return (np.array([e.value for e in self.by_kind["R"]]), rates, voltages, tuple(s.node for s in self.stages),
                tuple(s.output_resistance for s in self.stages))

    def _currents(self, voltages: dict[str, Row], index: dict[str, int], size: int) -> dict[str, Row]:
        nu = len(self.sources)

        def unit(where: str) -> Row:
            y = np.zeros(size)
            y[index[where]] = 1.0
            return Row(y, np.zeros(nu), np.zeros(size), np.zeros(nu))

        def source(where: str) -> Row:
            u = np.zeros(nu)
            u[self.source_index[where]] = 1.0
            return Row(np.zeros(size), u, np.zeros(size), np.zeros(nu))

        rows: dict[str, Row] = {}
        held = {element.name for element, _, _ in self.holders}
        for element in self.elements:
            name, (a, b) = element.name.lower(), element.nodes
            across = voltages[a].plus(voltages[b].scaled(-1.0))
            match element.kind:
                case "R":
                    rows[name] = across.scaled(1.0 / element.value)
                case "C":
                    rows[name] = across.rate().scaled(element.value)
                case "L" | "X":
                    rows[name] = unit(name)
                case "I":
                    rows[name] = source(name)
                case "V" if element.name not in held:
                    rows[name] = across.plus(source(name).scaled(-1.0)).scaled(1.0 / SERIES_RESISTANCE)
        for stage in self.stages:
            name = stage.name.lower()
            rows[name] = unit(name).plus(voltages[stage.node].scaled(-1.0)).scaled(1.0 / stage.output_resistance)
        for element, node, sign in reversed(self.holders):   # Kirchhoff at the node it holds, from the leaves inwards
            total = Row(np.zeros(size), np.zeros(nu), np.zeros(size), np.zeros(nu))
            for other in self.elements:
                if other is not element and node in other.nodes:
                    total = total.plus(rows[other.name.lower()].scaled(1.0 if other.nodes[0] == node else -1.0))
            for stage in self.stages:
                if stage.node == node:
                    total = total.plus(rows[stage.name.lower()].scaled(-1.0))
            rows[element.name.lower()] = total.scaled(-sign)
        return rows
