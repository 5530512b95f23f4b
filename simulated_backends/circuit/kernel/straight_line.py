"""One step of the integrator written out for one topology: source text without loops, arrays or zeros.

The same equations as :mod:`.equations` and :mod:`.generic_step`, with the sizes as literals, only the entries of L that
are not zero, and an LU decomposition whose pivots are chosen beforehand: device currents first (their diagonal is at
least one in size), then the unknowns that fill in least. The compiler keeps all of it in registers, and in a loop over
many circuits it becomes vector code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tsbench.simulated_backends.circuit.kernel import rodas as r
from tsbench.simulated_backends.circuit.kernel.topology import PlacedDevice, Topology
from tsbench.simulated_backends.devices.mechanism import CONTROL_VOLTAGE, CURRENT, VOLTAGE, Mechanism
from tsbench.simulated_backends.devices.source_text import equations_name

_A = {2: (r.A21,), 3: (r.A31, r.A32), 4: (r.A41, r.A42, r.A43), 5: (r.A51, r.A52, r.A53, r.A54)}
_C = {2: (r.C21,), 3: (r.C31, r.C32), 4: (r.C41, r.C42, r.C43), 5: (r.C51, r.C52, r.C53, r.C54),
      6: (r.C61, r.C62, r.C63, r.C64, r.C65)}
_G = {1: r.G1, 2: r.G2, 3: r.G3, 4: r.G4, 5: 0.0, 6: 0.0}
_AHEAD = {1: 0.0, 2: r.C2, 3: r.C3, 4: r.C4, 5: 1.0, 6: 1.0}
_P = (r.D21, r.D22, r.D23, r.D24, r.D25)
_Q = (r.D31, r.D32, r.D33, r.D34, r.D35)
LARGEST_INVERSE = 4  #: unknowns up to which the inverse is written out


def numbers_from_row(mechanism: Mechanism) -> dict[str, int]:
    """Return the places in a device's row of what its equations take from there, by name."""
    given = (VOLTAGE, CURRENT, CONTROL_VOLTAGE, *mechanism.model.states)
    return {name: mechanism.place(name) for name in mechanism.arguments if name not in given}


@dataclass
class StraightLine:
    """Writes the statements of a step.

    The text reads ``y0..`` (unknowns), ``L_r_c``, ``P_k_name`` (columns of devices), ``d_r`` and ``s_r`` (drive at the
    last breakpoint and its slope), ``elapsed`` [s] since then, ``step`` [s], ``w_a`` (absolute tolerances) and
    ``rtol``; it leaves ``z0..`` (unknowns at the end), ``p0..``, ``q0..`` (dense output), ``squared`` (error) and
    ``a_r_c`` (those entries of the matrix of :mod:`.growth` that are not zero always: ``rates``). Source meters also
    need the array ``stages``.
    """

    topology: Topology
    lines: list[str] = field(default_factory=list)
    rates: dict[tuple[int, int], str] = field(default_factory=dict)   #: empty where nothing has a derivative by time

    def step(self) -> list[str]:
        """Return the statements."""
        self.lines = ["inverse = 1.0 / step", f"diagonal = inverse * {1.0 / r.GAMMA!r}"]
        t = self.topology
        self._evaluate(1, [f"y{a}" for a in range(t.size)], jacobian=True)
        self._factorise()
        for method_stage in range(1, 7):
            if method_stage > 1:
                self._trial(method_stage)
                self._evaluate(method_stage, [f"z{a}" for a in range(t.size)], jacobian=False)
            self._right_hand_side(method_stage)
            self._solve(method_stage)
        self._finish()
        return self.lines

    # ------------------------------------------------------------------------------------ equations

    def _drive(self, row: int, method_stage: int) -> str:
        ahead = _AHEAD[method_stage]
        when = "elapsed" if ahead == 0.0 else f"(elapsed + {ahead!r} * step)"
        return f"(d_{row} + s_{row} * {when})"

    def _product(self, row: int, unknowns: Sequence[str], method_stage: int) -> str:
        return " + ".join([
            self._drive(row, method_stage), *(f"L_{row}_{c} * {unknowns[c]}" for c in self.topology.occupied[row])])

    def _evaluate(self, method_stage: int, unknowns: Sequence[str], jacobian: bool) -> None:
        """Write f, and with ``jacobian`` its derivatives by time and by the unknowns."""
        t = self.topology
        self.entries: dict[tuple[int, int], str] = {} if jacobian else self.entries
        for a in range(t.linear):
            if a in t.stages:
                continue
            self._say(f"f{a} = {self._product(a, unknowns, method_stage)}")
            if jacobian:
                self._say(f"ft{a} = s_{a}")
                self.entries.update({(a, c): f"-L_{a}_{c}" for c in t.occupied[a]})
        for k, device in enumerate(t.devices):
            row = t.linear + k
            self._say(f"v_{k} = {self._product(row, unknowns, method_stage)}")
            if device.control_row >= 0:
                self._say(f"c_{k} = {self._product(device.control_row, unknowns, method_stage)}")
            self._call(k, device, unknowns)
            if jacobian:
                self._device_entries(k, row, device)
        for k, own in enumerate(t.stages):
            row = t.linear + len(t.devices) + k
            self._say(f"i_{k} = {self._product(row, unknowns, method_stage)}")
            self._say(f"f{own}, by_v, by_i = stage_rate(stages, {k}, {unknowns[own]}, i_{k})")
            if jacobian:
                self._say(f"ft{own} = by_i * s_{row}")
                for c in {*t.occupied[row], own}:
                    terms = [f"by_i * L_{row}_{c}"] if c in t.occupied[row] else []
                    self._entry(own, c, [*terms, "by_v"] if c == own else terms)

    def _names(self, k: int, device: PlacedDevice) -> list[str]:
        """Return names for what the equations of a device return."""
        names = []
        for e in range(device.states + 1):
            target = device.current if e == 0 else device.first + e - 1
            names += [f"f{target}", f"v{k}_{e}", f"i{k}_{e}", *(f"s{k}_{e}_{s}" for s in range(device.states))]
        return names + [f"w{k}_{e}" for e in range(device.states + 1) if device.control_row >= 0]

    def _call(self, k: int, device: PlacedDevice, unknowns: Sequence[str]) -> None:
        states = unknowns[device.first: device.first + device.states]
        given = {VOLTAGE: f"v_{k}", CURRENT: unknowns[device.current], CONTROL_VOLTAGE: f"c_{k}"}
        given |= dict(zip(device.mechanism.model.states, states, strict=True))
        arguments = [given.get(name, f"P_{k}_{name}") for name in device.mechanism.arguments]
        self._say(f"{', '.join(self._names(k, device))} = {equations_name(device.mechanism)}({', '.join(arguments)})")

    def _device_entries(self, k: int, row: int, device: PlacedDevice) -> None:
        across, control_row = self.topology.occupied[row], device.control_row
        sensed = self.topology.occupied[control_row] if control_row >= 0 else ()
        for e in range(device.states + 1):
            target = device.current if e == 0 else device.first + e - 1
            sensed_part = f" + w{k}_{e} * s_{control_row}" if control_row >= 0 else ""
            self._say(f"ft{target} = v{k}_{e} * s_{row}{sensed_part}")
            own = range(device.first, device.first + device.states)
            for c in sorted({*across, *sensed, device.current, *own}):
                terms = [f"v{k}_{e} * L_{row}_{c}"] if c in across else []
                terms += [f"w{k}_{e} * L_{control_row}_{c}"] if c in sensed else []
                terms += [f"i{k}_{e}"] if c == device.current else []
                terms += [f"s{k}_{e}_{c - device.first}"] if c in own else []
                self._entry(target, c, terms)

    def _entry(self, row: int, column: int, terms: Sequence[str]) -> None:
        name = f"j_{row}_{column}"
        self._say(f"{name} = -({' + '.join(terms)})")
        self.entries[row, column] = name

    # ------------------------------------------------------------------------------------ linear algebra

    def _factorise(self) -> None:
        """Write the LU factors of W = diagonal - J, in the order of ``self.order``."""
        t = self.topology
        w: dict[tuple[int, int], str] = {}
        for a in range(t.differential):
            self.entries.setdefault((a, a), "-0.0")
        for (a, c), value in self.entries.items():
            text = f"diagonal + {value}" if a == c and a < t.differential else value
            w[a, c] = self._name(f"w_{a}_{c}", text)
        self.order: list[int] = []
        self.lower: list[tuple[int, int]] = []
        self.upper: dict[int, list[int]] = {}
        waiting = set(range(t.size))
        while waiting:
            if len(waiting) == t.differential:   # what is left is diagonal - A, of :mod:`.growth`
                self.rates = {
                    (a, c): self._name(f"a_{a}_{c}", f"diagonal - {name}" if a == c else f"-{name}")
                    for (a, c), name in w.items() if a in waiting and c in waiting}
            algebraic = [a for a in sorted(waiting) if a >= t.differential]
            pivot = min(algebraic or sorted(waiting), key=self._fill(w, waiting))
            waiting.remove(pivot)
            self.order.append(pivot)
            self._say(f"r_{pivot} = 1.0 / {w[pivot, pivot]}")
            columns = [c for c in sorted(waiting) if (pivot, c) in w]
            self.upper[pivot] = columns
            for a in sorted(waiting):
                if (a, pivot) not in w:
                    continue
                self.lower.append((a, pivot))
                self._say(f"m_{a}_{pivot} = {w[a, pivot]} * r_{pivot}")
                for c in columns:
                    before = w.get((a, c), "-0.0")
                    w[a, c] = self._name(f"w_{a}_{c}", f"{before} - m_{a}_{pivot} * {w[pivot, c]}")
        self.w = w
        if t.size <= LARGEST_INVERSE:
            self._invert()

    def _invert(self) -> None:
        """Write the inverse: each u then waits for one product behind the device's residual, not for a chain."""
        self.inverse: dict[tuple[int, int], str] = {}
        for column in range(self.topology.size):
            b = {column: "1.0"}
            for a, pivot in self.lower:
                if pivot in b:
                    before = f"{b[a]} - " if a in b else "-"
                    b[a] = self._name(f"b_{a}_{column}", f"{before}m_{a}_{pivot} * {b[pivot]}")
            x: dict[int, str] = {}
            for pivot in reversed(self.order):
                terms = [f"{self.w[pivot, c]} * {x[c]}" for c in self.upper[pivot] if c in x]
                if pivot in b or terms:
                    text = f"({b.get(pivot, '-0.0')}{''.join(f' - {t}' for t in terms)}) * r_{pivot}"
                    x[pivot] = self._name(f"x_{pivot}_{column}", text)
            self.inverse.update({(a, column): name for a, name in x.items()})

    @staticmethod
    def _fill(w: dict[tuple[int, int], str], waiting: set[int]) -> Callable[[int], int]:
        def count(pivot: int) -> int:
            rows = sum((a, pivot) in w for a in waiting if a != pivot)
            return rows * sum((pivot, c) in w for c in waiting if c != pivot)
        return count

    def _solve(self, method_stage: int) -> None:
        size = self.topology.size
        u = [f"u{method_stage}_{a}" for a in range(size)]
        if size <= LARGEST_INVERSE:
            products = [" + ".join(f"{self.inverse[a, c]} * {u[c]}" for c in range(size) if (a, c) in self.inverse)
                        for a in range(size)]
            self._say(f"{', '.join(u)} = {', '.join(products)}")
            return
        for a, pivot in self.lower:
            self._say(f"{u[a]} = {u[a]} - m_{a}_{pivot} * {u[pivot]}")
        for pivot in reversed(self.order):
            terms = "".join(f" - {self.w[pivot, c]} * {u[c]}" for c in reversed(self.upper[pivot]))
            self._say(f"{u[pivot]} = ({u[pivot]}{terms}) * r_{pivot}")

    # ------------------------------------------------------------------------------------ the method

    def _trial(self, method_stage: int) -> None:
        for a in range(self.topology.size):
            if method_stage == 6:
                self._say(f"z{a} = z{a} + u5_{a}")
            else:
                terms = "".join(f" + {c!r} * u{j + 1}_{a}" for j, c in enumerate(_A[method_stage]))
                self._say(f"z{a} = y{a}{terms}")

    def _right_hand_side(self, method_stage: int) -> None:
        """Write f + d sum_j (C_ij/h) u_j + h g_i df/dt, what is known early in brackets."""
        for a in range(self.topology.size):
            early = []
            if method_stage > 1 and a < self.topology.differential:
                terms = " + ".join(f"{c!r} * u{j + 1}_{a}" for j, c in enumerate(_C[method_stage]))
                early.append(f"inverse * ({terms})")
            if _G[method_stage]:
                early.append(f"(step * {_G[method_stage]!r}) * ft{a}")
            self._say(f"u{method_stage}_{a} = f{a}" + (f" + ({' + '.join(early)})" if early else ""))

    def _finish(self) -> None:
        size = self.topology.size
        for a in range(size):
            self._say(f"z{a} = z{a} + u6_{a}")
            self._say(f"size = abs(z{a}) if abs(z{a}) > abs(y{a}) else abs(y{a})")
            self._say(f"scale{a} = u6_{a} / (w_{a} + rtol * size)")
            self._say(f"p{a} = " + " + ".join(f"{c!r} * u{j + 1}_{a}" for j, c in enumerate(_P)))
            self._say(f"q{a} = " + " + ".join(f"{c!r} * u{j + 1}_{a}" for j, c in enumerate(_Q)))
        squares = " + ".join(f"scale{a} * scale{a}" for a in range(size))
        self._say(f"squared = ({squares}) * {1.0 / size!r}")

    def _name(self, name: str, text: str) -> str:
        self._say(f"{name} = {text}")
        return name

    def _say(self, line: str) -> None:
        self.lines.append(line)
