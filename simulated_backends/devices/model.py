"""What every device model is: a frozen set of parameters, its equations, its states, and its traits.

Every device is described by an algebraic equation for its current and equations for its states s:

    0 = g(v, w, i, s),    s' = f(v, w, i, s)      v: terminal voltage, i: current into the first terminal,
                                                  w: control voltage of a device that senses one

so that Kirchhoff's laws stay linear and the current is known as precisely as the voltages. ``equations`` is a plain
function of numbers, told apart by their names: ``v``, ``i``, ``w``, the names of ``states``, the names of ``noises``
(the slopes of the device's own random paths), and any names of :meth:`DeviceModel.columns`.

It returns g and then the rate f of each state; or, which is faster, all derivatives as well: g, dg/dv, dg/di,
dg/ds_1..S, then for each state f, df/dv, df/di, df/ds_1..S, and last, of a device with a control voltage, dg/dw, df/dw
of each state. Without them they are derived from the source text (:mod:`.derivatives`).
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Element
from tsbench.records import FloatArray


def check_temperature(temperature: float) -> None:
    """Refuse a temperature [K] of the surroundings that is not positive, by ConfigurationError."""
    if not (np.isfinite(temperature) and temperature > 0):
        raise ConfigurationError(f"temperature = {temperature:g} K must be positive")


@dataclasses.dataclass(frozen=True)
class DeviceModel:
    """Base of the device models. A subclass adds its parameters as float fields, in SI units."""

    mechanism: ClassVar[str]  #: name of the equations, one for all devices that have them
    equations: ClassVar[Callable[..., Any]]  #: see above; a static method
    #: over which time [s] the noise may be taken as a straight piece of its path: a static method that takes the same
    #: names, but for ``noises``; of devices with noise of their own
    noise_interval: ClassVar[Callable[..., Any]]
    states: ClassVar[tuple[str, ...]] = ()
    terminals: ClassVar[tuple[str, ...]] = ("a", "b")  #: in the order of a netlist's line
    carries: ClassVar[tuple[str, str]] = ("a", "b")  #: where the current enters, and where it leaves
    senses: ClassVar[tuple[str, str] | None] = None  #: between which the control voltage is, if there is one
    stochastic: ClassVar[bool] = False  #: no two periods of such a device are the same
    noises: ClassVar[tuple[str, ...]] = ()  #: its own: independent Brownian paths by which it moves, by its ``seed``
    counters: ClassVar[tuple[str, ...]] = ()  #: states that only count cycles, from which each cycle's draws follow
    #: devices of the catalogue with this model, by name, as ``catalogue.toml`` in its package would have them
    catalogue: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def columns(self) -> Mapping[str, float]:
        """Return the numbers that ``equations`` take by name: the parameters, unless a model prepares others."""
        return self.parameters()

    def rest(self) -> tuple[float, ...]:
        """Return the states of a device left alone."""
        return ()

    def state_tolerances(self) -> tuple[float, ...]:
        """Return a typical size of each state, in the unit of the state.

        These sizes are not the tolerances themselves. The absolute tolerance of a state is rtol times its size.
        """
        return ()

    def seeded(self, *keys: int | str) -> Self:
        """Return the device with the random numbers that belong to ``keys``; itself if it is not random."""
        return self

    def on_own_path(self, *keys: int | str) -> Self:
        """Return :meth:`seeded`, or the device itself if its ``seed`` is not 0."""
        return self if getattr(self, "seed", 0.0) else self.seeded(*keys)

    def conductance(self, states: FloatArray) -> FloatArray | None:
        """Return the conductance at the terminals [S] from states of shape (states, n).

        None where it depends on the voltage as well.
        """
        return None

    def switching_conductances(self) -> tuple[float, float, float, float] | None:
        """Return conductances [S]: surely off, counts as switched on, counts as switched off, surely on.

        None: they follow from the static curve, or the device does not switch.
        """
        return None

    def settled(self, current: float) -> tuple[float, float]:
        """Return settled terminal voltage [V] and temperature [K] at a current [A] of 0 or more.

        Raises
        ------
        TypeError
            The mechanism has no static curve.
        """
        raise TypeError(f"device model {self.mechanism}: this model has no static curve")

    @classmethod
    def subcircuit(cls) -> tuple[str, ...] | None:
        """Return the elements of an ngspice subcircuit between its ``terminals``.

        None: it is made from the equations where that is possible (:mod:`.subcircuit`). Parameters have their names in
        it, as ``{re}``, so that a netlist can replace them in both simulators.
        """
        return None

    def at_temperature(self, temperature: float) -> Self:
        """Return the device at this temperature [K] of the surroundings (a chuck); itself if its model has no ``t0``.

        Raises
        ------
        ConfigurationError
            The temperature is not positive, or the model does not hold there.
        """
        check_temperature(temperature)
        return self.with_parameters({"t0": temperature}) if self.feels_temperature else self

    @property
    def inner_resistance(self) -> float:
        """Return the series resistance [Ohm] that makes the device's thermal noise; 0: the conductance i/v makes it."""
        return 0.0

    @property
    def feels_temperature(self) -> bool:
        """Return whether the temperature of the surroundings is a parameter, ``t0``."""
        return any(f.name == "t0" for f in dataclasses.fields(self))

    def parameters(self) -> dict[str, float]:
        """Return the value of each parameter by its name."""
        return {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def placed(cls, element: Element) -> Element:
        """Return a netlist's device element with the nodes of its current and, apart, the nodes that it senses.

        Raises
        ------
        ConfigurationError
            The number of nodes in the netlist is wrong, or the current would flow from a node to itself.
        """
        if len(element.nodes) != len(cls.terminals):
            raise ConfigurationError(
                f"netlist line {element.line}: {element.name}: {element.model} needs {len(cls.terminals)} nodes "
                f"({' '.join(cls.terminals)}), got {len(element.nodes)} ({' '.join(element.nodes)})")
        at = dict(zip(cls.terminals, element.nodes, strict=True))
        nodes, controls = (tuple(at[name] for name in names) for names in (cls.carries, cls.senses or ()))
        if nodes[0] == nodes[1]:
            raise ConfigurationError(
                f"netlist line {element.line}: {element.name}: {' and '.join(cls.carries)} are both on node "
                f"'{nodes[0]}'. Connect them to different nodes")
        return dataclasses.replace(element, nodes=nodes, controls=controls)

    def with_parameters(self, parameters: Mapping[str, float]) -> Self:
        """Return a copy with some parameters replaced (any case).

        Raises
        ------
        ConfigurationError
            A name is not a parameter of this mechanism, or the value cannot be used.
        """
        known = {f.name.lower(): f.name for f in dataclasses.fields(self)}
        changes = {}
        for name, value in parameters.items():
            if name.lower() not in known:
                raise ConfigurationError(
                    f"mechanism {self.mechanism} has no parameter '{name}'{nearest(name.lower(), known)}")
            changes[known[name.lower()]] = float(value)
        return dataclasses.replace(self, **changes)

    def require_positive(self, *names: str) -> None:
        """Refuse parameters that are not positive and finite, by ConfigurationError."""
        for name in names:
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must be positive and "
                                         "finite")
