"""A resistive circuit without time, so that the bench can be worked on before the engine is there."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsbench.netlist import Netlist
from tsbench.simulated_backends.circuit.engine import Constant, FloatArray, SourceMeterStage


class _Still:
    def __init__(self, circuit: "StandIn", start: float, end: float) -> None:
        self.start, self.end, self.times = start, end, np.array([start, end])
        self._v = {n: circuit.voltage(n) for n in ["0", *circuit.nodes]}
        self._i = {n: circuit.current(n) for n in circuit.names()}

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        return np.full(np.shape(times), self._v[node])

    def current(self, element: str, times: FloatArray) -> FloatArray:
        return np.full(np.shape(times), self._i[element])

    def integral(self, kind: str, name: str, start: float, end: float) -> float:
        return (self._v if kind == "voltage" else self._i)[name] * (end - start)


class StandIn:
    def __init__(self, netlist: Netlist, stages: Mapping[str, tuple[str, SourceMeterStage]]) -> None:
        self.time = 0.0
        self.resistors = {e.name: [e.nodes[0], e.nodes[1], e.value] for e in netlist.elements if e.kind == "R"}
        self.resistors |= {e.name: [e.nodes[0], e.nodes[1], 10e3] for e in netlist.elements if e.kind == "X"}
        self.sources: dict[str, Any] = {e.name: [e.nodes[0], 0.0] for e in netlist.elements if e.kind == "V"}
        self.stages = dict(stages)
        nodes = [n for e in netlist.elements for n in e.nodes] + [node for node, _ in stages.values()]
        self.nodes = [n for n in dict.fromkeys(nodes) if n != "0"]
        self.devices = [e.name for e in netlist.elements if e.kind == "X"]
        self.observers: list[Any] = []
        self._x: FloatArray | None = None

    def names(self) -> list[str]:
        return [*self.resistors, *self.sources, *self.stages]

    def advance(self, until: float, skip: bool = True) -> None:
        if until > self.time:
            segment = _Still(self, self.time, until)
            self.time = until
            for observer in list(self.observers):
                observer.observe(segment)

    def add_observer(self, observer: Any) -> None:
        self.observers.append(observer)

    def remove_observer(self, observer: Any) -> None:
        self.observers.remove(observer)

    def set_source(self, name: str, waveform: Any) -> None:
        self.sources[name][1] = waveform.value if isinstance(waveform, Constant) else 0.0
        self._x = None

    def set_resistance(self, name: str, value: float) -> None:
        self.resistors[name][2] = value
        self._x = None

    def set_stage(self, name: str, stage: SourceMeterStage) -> None:
        self.stages[name] = (self.stages[name][0], stage)
        self._x = None

    def _solve(self, clamp: Mapping[str, tuple[str, float]]) -> FloatArray:
        index = {n: k for k, n in enumerate(self.nodes)}
        n = len(self.nodes)
        voltages = [(node, v) for node, v in self.sources.values()]
        currents = []
        for name, (node, stage) in self.stages.items():
            kind, value = clamp.get(name, (stage.function, stage.level))
            (voltages if kind == "voltage" else currents).append((node, value))
        a, b = np.zeros((n + len(voltages),) * 2), np.zeros(n + len(voltages))
        for p, q, r in self.resistors.values():
            for x, y in ((p, q), (q, p)):
                if x != "0":
                    a[index[x], index[x]] += 1 / r
                    if y != "0":
                        a[index[x], index[y]] -= 1 / r
        for k, (node, v) in enumerate(voltages):
            a[n + k, index[node]] = a[index[node], n + k] = 1.0
            b[n + k] = v
        for node, i in currents:
            b[index[node]] += i
        a[range(n), range(n)] += 1e-15
        return np.linalg.solve(a, b)

    def _state(self) -> FloatArray:
        if self._x is None:
            self._x = self._solve({})
            clamp = {}
            for name, (node, stage) in self.stages.items():
                if stage.function == "voltage" and abs(i := self.current(name)) > stage.limit:
                    clamp[name] = ("current", float(np.copysign(stage.limit, i)))
                elif stage.function == "current" and abs(v := self.voltage(node)) > stage.limit:
                    clamp[name] = ("voltage", float(np.copysign(stage.limit, v)))
            if clamp:
                self._x = self._solve(clamp)
        return self._x

    def voltage(self, node: str) -> float:
        return 0.0 if node == "0" else float(self._state()[self.nodes.index(node)])

    def current(self, element: str) -> float:
        if element in self.resistors:
            p, q, r = self.resistors[element]
            return (self.voltage(p) - self.voltage(q)) / r
        node = self.stages[element][0] if element in self.stages else self.sources[element][0]
        return sum((self.voltage(p) - self.voltage(q)) / r * (1 if p == node else -1)
                   for p, q, r in self.resistors.values() if node in (p, q))

    def device_state(self, device: str) -> Mapping[str, float]:
        return {}

    def set_device(self, device: str, model: str, parameters: Mapping[str, float], state: Any) -> None:
        self._x = None
