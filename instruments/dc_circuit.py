"""The netlist of a fixture at DC: voltages across its nodes, from an EMF, a current or a charged capacitor.

Sources, coils and shorts join nodes; capacitors and devices are open.
"""

import numpy as np

from tsbench.netlist import GROUND, Netlist
from tsbench.records import FloatArray

SHORT = 1e-6  #: [Ohm] for what is shorted: far below any contact, far above rounding
LEAK = 1e-15  #: [S] to ground, so that a node on nothing but open ends has a voltage


def _joined(netlist: Netlist) -> dict[str, str]:
    """Return for each node the name of its group: coils, sources and shorts join nodes. Ground's group is "0"."""
    found = {node: node for node in (*netlist.nodes, GROUND)}
    for element in netlist.elements:
        if element.kind in "LV" or (element.kind == "R" and element.value <= SHORT):
            kept, gone = sorted((found[node] for node in element.nodes), key=lambda node: node != GROUND)
            found = {node: kept if stands == gone else stands for node, stands in found.items()}
    return found


class DcCircuit:
    """The netlist's conductances, driven at one node through a source resistance (0: held at the EMF).

    What is shorted is one node: a conductance for it would hide a leak of 1e-15 S in rounding.
    """

    def __init__(self, netlist: Netlist, driven: str, source: float) -> None:
        joined = _joined(netlist)
        kept = dict.fromkeys(joined[node] for node in netlist.nodes if joined[node] != GROUND)
        numbers = {name: k for k, name in enumerate(kept)}
        self.index = {node: numbers[joined[node]] for node in netlist.nodes if joined[node] != GROUND}
        self.matrix: FloatArray = np.eye(len(numbers)) * LEAK
        for element in netlist.of_kind("R"):
            if element.value > SHORT:
                self._stamp(element.nodes, 1.0 / element.value)
        self.driven = self.index.get(driven)   # None: it is shorted to ground
        self.source = source
        if source > 0:
            self._stamp((driven, GROUND), 1.0 / source)
        elif self.driven is not None:
            self.matrix[self.driven] = 0.0
            self.matrix[self.driven, self.driven] = 1.0

    def _stamp(self, nodes: tuple[str, ...], conductance: float) -> None:
        places = [self.index.get(node) for node in nodes]
        for here, there in (places, places[::-1]):
            if here is not None and here != there:
                self.matrix[here, here] += conductance
                if there is not None:
                    self.matrix[here, there] -= conductance

    def voltage(
        self, across: tuple[str, ...], emf: float = 0.0, injected: tuple[str, ...] | None = None,
    ) -> float:
        """Return the voltage [V] across two nodes, with an EMF [V] and 1 A injected between two nodes."""
        right: FloatArray = np.zeros(len(self.matrix))
        for node, current in zip(injected or (), (1.0, -1.0), strict=False):
            if node in self.index and not (self.source <= 0 and self.index[node] == self.driven):
                right[self.index[node]] += current
        if self.driven is not None:
            right[self.driven] += emf / self.source if self.source > 0 else emf
        solution = np.asarray(np.linalg.solve(self.matrix, right), dtype=np.float64)
        return self._across(solution, across)

    def voltage_of_charge(self, across: tuple[str, ...], charged: tuple[str, ...]) -> float:
        """Return the voltage [V] across two nodes, with 1 V held between two others, and an EMF of 0 V."""
        size, (plus, minus) = len(self.matrix), (self.index.get(node) for node in charged)
        if plus == minus or (self.source <= 0 and {plus, minus} == {None, self.driven}):
            return 0.0   # something shorts it, or an ideal source holds it
        matrix: FloatArray = np.zeros((size + 1, size + 1))   # the last unknown is the current of the capacitor
        matrix[:size, :size] = self.matrix
        for place, sign in ((plus, 1.0), (minus, -1.0)):
            if place is not None:
                matrix[size, place] = sign
                if self.source > 0 or place != self.driven:
                    matrix[place, size] = sign
        right: FloatArray = np.zeros(size + 1)
        right[size] = 1.0
        solution = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
        return self._across(solution, across)

    def _across(self, solution: FloatArray, nodes: tuple[str, ...]) -> float:
        values = [float(solution[self.index[node]]) if node in self.index else 0.0 for node in nodes]
        return values[0] - values[1]
