"""The parts of a netlist: elements, source waveforms, cards."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.errors import ConfigurationError, nearest

GROUND = "0"


@dataclass(frozen=True)
class SpicePulse:
    """SPICE ``PULSE(v1 v2 td tr tf pw per [np])``: times in s, ``width`` is the flat top, count 0: no end."""

    initial: float
    pulsed: float
    delay: float = 0.0
    rise: float = 0.0
    fall: float = 0.0
    width: float = math.inf
    period: float = math.inf
    count: int = 0


@dataclass(frozen=True)
class Pwl:
    """SPICE ``PWL(t1 v1 t2 v2 …)``: strictly rising times [s]."""

    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Sin:
    """SPICE ``SIN(vo va freq [td])``; before ``delay`` [s] it is at its offset."""

    offset: float
    amplitude: float
    frequency: float
    delay: float = 0.0


Waveform = float | SpicePulse | Pwl | Sin


@dataclass(frozen=True)
class Element:
    """One element. ``value`` for R [Ohm], C [F], L [H]; ``waveform`` for V [V] and I [A]; ``model`` for X.

    Two nodes, but an X may have more; which of them carry its current is known to its model alone.
    """

    kind: str  #: "R", "C", "L", "V", "I" or "X"
    name: str  #: as written
    nodes: tuple[str, ...]  #: lower case, ground is "0"
    line: int = 0  #: of the netlist; 0: it is not written there
    value: float = math.nan
    waveform: Waveform = 0.0
    model: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    initial: float | None = None  #: ``ic=`` of a C [V] or L [A]
    controls: tuple[str, ...] = ()  #: once the model of an X is known: nodes that it senses, no longer in ``nodes``


@dataclass(frozen=True)
class Transient:
    """``.tran step stop [start [max]] [uic]`` [s]; ``maximum`` None: the solver's own choice."""

    step: float
    stop: float
    start: float = 0.0
    maximum: float | None = None
    use_initial_conditions: bool = False


@dataclass(frozen=True)
class Netlist:
    """A parsed netlist. Names of elements are unique without regard to case."""

    elements: tuple[Element, ...]
    title: str = ""
    transient: Transient | None = None
    initial_voltages: Mapping[str, float] = field(default_factory=dict)
    saved: tuple[str, ...] = ()  #: "v(out)", "v(a,b)", "i(v1)", lower case, in order
    includes: tuple[str, ...] = ()  #: file names of ``.include`` and ``.lib``, not followed
    temperature: float | None = None  #: of the surroundings [K], by ``.temp`` or ``.options temp=``, there in degrees C
    doubts: tuple[str, ...] = ()  #: values that may mean something else than SPICE reads, one line each
    ignored: tuple[str, ...] = ()  #: cards read and not used (``.options`` and the like)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Return all nodes but ground, in order of appearance."""
        return tuple(dict.fromkeys(n for e in self.elements for n in e.nodes if n != GROUND))

    def find(self, name: str) -> Element:
        """Return the element called ``name`` (any case), or raise ConfigurationError."""
        for element in self.elements:
            if element.name.lower() == name.lower():
                return element
        known = [e.name for e in self.elements]
        raise ConfigurationError(f"the netlist has no element '{name}'{nearest(name, known)}")

    def of_kind(self, kind: str) -> tuple[Element, ...]:
        """Return the elements of one kind (``"R"``, ``"X"``, …) in order."""
        return tuple(e for e in self.elements if e.kind == kind)
