"""A subset of SPICE netlists as plain data, for bench files, world files and ``.cir`` files.

Elements ``R C L V I`` and ``X`` (a device: ``XDUT a b model``); ``*``, ``;`` and ``$`` comments, ``+``
continuation, case-insensitive, suffixes ``f p n u m k meg g t`` (letters behind them are ignored, as in
``50ohm``), ``.param`` with plain numbers, ``.tran .ic .save .print .include .lib .options .end``. No physics
and no numerics here.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from tsbench.errors import ConfigurationError, nearest

GROUND = "0"


@dataclass(frozen=True)
class Pulse:
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


Waveform = float | Pulse | Pwl | Sin


@dataclass(frozen=True)
class Element:
    """One element. ``value`` for R [Ohm], C [F], L [H]; ``waveform`` for V [V] and I [A]; ``model`` for X."""

    kind: str  #: "R", "C", "L", "V", "I" or "X"
    name: str  #: as written
    nodes: tuple[str, ...]  #: lower case, ground is "0"
    line: int
    value: float = math.nan
    waveform: Waveform = 0.0
    model: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    initial: float | None = None  #: ``ic=`` of a C [V] or L [A]


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
        raise ConfigurationError(f"netlist has no element '{name}'{nearest(name, known)}")

    def of_kind(self, kind: str) -> tuple[Element, ...]:
        """Return the elements of one kind (``"R"``, ``"X"``, …) in order."""
        return tuple(e for e in self.elements if e.kind == kind)


# ------------------------------------------------------------------------------------------------ values

_SCALE = {
    "t": "e12", "g": "e9", "meg": "e6", "k": "e3", "m": "e-3",
    "u": "e-6", "n": "e-9", "p": "e-12", "f": "e-15",
}
_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|[tgkmunpf])?[a-zµμΩΩ]*", re.IGNORECASE)


def parse_value(text: str) -> float:
    """Return the number of SPICE text such as ``"80p"``, ``"5k"``, ``"2.2meg"``, ``"50ohm"``, ``"10us"``.

    Raises
    ------
    ValueError
        The text is not a number.
    """
    cleaned = text.strip().replace("µ", "u").replace("μ", "u")
    match = _VALUE.fullmatch(cleaned)
    if match is None:
        raise ValueError(f"'{text}' is not a number")
    scale = Decimal("1" + _SCALE[match[2].lower()]) if match[2] else Decimal(1)   # exact: 80p is 8e-11
    value = float(Decimal(match[1]) * scale)
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is not finite")
    return value


# ------------------------------------------------------------------------------------------------ parsing

_KINDS = "RCLVI"
_SOURCE = re.compile(r"(?:dc\s+(\S+)\s*)?(?:(pulse|pwl|sine?)\s*\(?(.*?)\)?)?", re.IGNORECASE)
_WITHOUT_EFFECT = (
    ".option", ".options", ".title", ".temp", ".meas", ".measure", ".plot", ".probe", ".op", ".global",
)
_CARDS = (".param", ".tran", ".ic", ".save", ".print", ".include", ".inc", ".lib", ".end", *_WITHOUT_EFFECT)


def parse_netlist(text: str, terminals: Iterable[str] = (), check: bool = True) -> Netlist:
    """Parse SPICE text; the first line is a title unless it reads as an element or card.

    Parameters
    ----------
    text : str
        The netlist.
    terminals : iterable of str
        Nodes where instruments will be attached: they count as connected to ground.
    check : bool
        Refuse floating nodes (fewer than two connections, or no DC path to ground).

    Raises
    ------
    ConfigurationError
        With the line number, the element and the value that cannot be used.
    """
    return _Parser().parse(text, [t.lower() for t in terminals], check)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number, text) of lines with comments stripped and continuations joined."""
    number, pending = 0, ""
    for index, raw in enumerate(text.splitlines(), start=1):
        line = re.split(r"[;]|\$\s|\$$", raw, maxsplit=1)[0].strip()
        if not line or line.startswith("*"):
            continue
        if line.startswith("+"):
            pending += " " + line[1:]
            continue
        if pending:
            yield number, pending
        number, pending = index, line
    if pending:
        yield number, pending


def _looks_like_title(line: str) -> bool:
    tokens = line.split()
    letter = line[0].upper()
    if letter == "." or (letter not in _KINDS and letter != "X"):
        return letter != "."
    if re.search(r"[\d_]", tokens[0]) or len(tokens[0]) == 1:
        return False
    if letter == "X" or len(tokens) < 4:
        return len(tokens) < 4
    return not re.match(r"[-+.{\d]|dc$|pulse|pwl|sin", tokens[3], re.IGNORECASE)


class _Parser:
    """Reads one netlist, line by line."""

    def __init__(self) -> None:
        self.elements: dict[str, Element] = {}
        self.parameters: dict[str, float] = {}
        self.initial: dict[str, float] = {}
        self.saved: list[str] = []
        self.includes: list[str] = []
        self.ignored: list[str] = []
        self.transient: Transient | None = None
        self.line = 0

    def parse(self, text: str, terminals: list[str], check: bool) -> Netlist:
        lines = list(_logical_lines(text))
        title = ""
        if lines and _looks_like_title(lines[0][1]):
            title = lines.pop(0)[1]
        for number, line in lines:   # parameters may be used before the line that sets them
            if line.lower().startswith(".param"):
                self.line = number
                self._param(line)
        inside_control = False
        for self.line, line in lines:
            word = line.split()[0].lower()
            if word in (".control", ".endc"):
                inside_control = word == ".control"
                self.ignored.append(line)
            elif inside_control:
                self.ignored.append(line)
            elif word == ".end":
                break
            elif word.startswith("."):
                self._card(word, line)
            else:
                self._element(line)
        netlist = Netlist(
            tuple(self.elements.values()), title, self.transient, self.initial, tuple(self.saved),
            tuple(self.includes), tuple(self.ignored),
        )
        if not netlist.elements:
            raise ConfigurationError("netlist has no elements; give lines such as 'R1 in out 5k'")
        if check:
            check_connections(netlist, terminals)
        return netlist

    def fail(self, what: str) -> NoReturn:
        raise ConfigurationError(f"netlist line {self.line}: {what}")

    def _number(self, text: str, owner: str) -> float:
        if text.startswith("{") and text.endswith("}"):
            name = text[1:-1].strip().lower()
            if name not in self.parameters:
                self.fail(f"{owner}: parameter '{name}' is not set{nearest(name, self.parameters)}")
            return self.parameters[name]
        try:
            return parse_value(text)
        except ValueError as error:
            self.fail(f"{owner}: {error}; write for example 5k, 80p, 2.2meg")

    # ---------------------------------------------------------------- cards

    def _assignments(self, text: str, owner: str) -> Iterator[tuple[str, float]]:
        spaced = re.sub(r"\s*=\s*", "=", text)
        for item in spaced.split():
            name, equals, value = item.partition("=")
            if not equals or not name or not value:
                self.fail(f"{owner}: '{item}' is not an assignment name=value")
            yield name.lower(), self._number(value, f"{owner} {name}")

    def _param(self, line: str) -> None:
        for name, value in self._assignments(line.split(None, 1)[1] if " " in line else "", ".param"):
            self.parameters[name] = value

    def _card(self, word: str, line: str) -> None:
        rest = line[len(word):].strip()
        handlers: dict[str, Callable[[str], None]] = {
            ".param": lambda _: None, ".tran": self._tran, ".ic": self._ic, ".save": self._save,
            ".print": self._save, ".include": self._include, ".inc": self._include, ".lib": self._include,
        }
        if word in handlers:
            handlers[word](rest)
        elif word in _WITHOUT_EFFECT:
            self.ignored.append(line)
        else:
            self.fail(f"card '{word}' is not supported{nearest(word, _CARDS)}")

    def _tran(self, rest: str) -> None:
        words = rest.lower().split()
        uic = "uic" in words
        numbers = [self._number(w, ".tran") for w in words if w != "uic"]
        if not 2 <= len(numbers) <= 4:
            self.fail(".tran needs 'step stop [start [max]] [uic]'")
        step, stop = numbers[:2]
        start = numbers[2] if len(numbers) > 2 else 0.0
        maximum = numbers[3] if len(numbers) > 3 else None
        if step <= 0 or stop <= start or start < 0 or (maximum is not None and maximum <= 0):
            self.fail(f".tran: step {step:g} s must be positive, stop {stop:g} s beyond start {start:g} s")
        self.transient = Transient(step, stop, start, maximum, uic)

    def _ic(self, rest: str) -> None:
        for target, value in self._assignments(re.sub(r"\s*\)", ")", re.sub(r"\(\s*", "(", rest)), ".ic"):
            match = re.fullmatch(r"v\(([^,()]+)\)", target)
            if match is None:
                self.fail(f".ic: '{target}' must be a node voltage such as v(out)=0")
            self.initial[_node(match[1])] = value

    def _save(self, rest: str) -> None:
        text = re.sub(r"\s*([(,])\s*|\s+(?=\))", r"\1", rest.lower())
        for word in text.split():
            current = re.fullmatch(r"@(\w+)\[i\]", word)
            name = f"i({current[1]})" if current else word
            if re.fullmatch(r"[vi]\([^,()]+\)|v\([^,()]+,[^,()]+\)|all", name):
                self.saved.append(name)
            elif word != "tran":
                self.fail(f"'{word}' cannot be saved; write v(node), v(node,node), i(element) or all")

    def _include(self, rest: str) -> None:
        if not rest:
            self.fail(".include needs a file name")
        self.includes.append(rest.strip("'\""))

    # ---------------------------------------------------------------- elements

    def _element(self, line: str) -> None:
        spaced = re.sub(r"\s*=\s*", "=", line)
        tokens = re.sub(r"\{\s*(\w+)\s*\}", r"{\1}", spaced).split()
        name, kind = tokens[0], tokens[0][0].upper()
        if kind not in _KINDS and kind != "X":
            self.fail(f"unknown element '{name}'; supported are R, C, L, V, I and X (a device)")
        if name.lower() in self.elements:
            self.fail(f"duplicate name '{name}', first used in line {self.elements[name.lower()].line}")
        words = tokens[1:]
        element = self._device(name, words) if kind == "X" else self._two_terminal(kind, name, words)
        if len(set(element.nodes)) == 1:
            self.fail(f"{name}: both ends are on node '{element.nodes[0]}'")
        self.elements[name.lower()] = element

    def _device(self, name: str, words: list[str]) -> Element:
        plain = [w for w in words if "=" not in w and w.lower() != "params:"]
        if len(plain) != 3:
            self.fail(f"{name}: expected 'node node model', got {len(plain)} words ({' '.join(plain)})")
        parameters = dict(self._assignments(" ".join(w for w in words if "=" in w), name))
        nodes = (_node(plain[0]), _node(plain[1]))
        return Element("X", name, nodes, self.line, model=plain[2].lower(), parameters=parameters)

    def _two_terminal(self, kind: str, name: str, words: list[str]) -> Element:
        if len(words) < 3:
            self.fail(f"{name}: expected 'node node value', got '{' '.join(words)}'")
        nodes = (_node(words[0]), _node(words[1]))
        if kind in "VI":
            return Element(kind, name, nodes, self.line, waveform=self._waveform(name, " ".join(words[2:])))
        value = self._number(words[2], name)
        if value <= 0:
            unit = {"R": "Ohm", "C": "F", "L": "H"}[kind]
            self.fail(f"{name}: value {value:g} {unit} must be positive; else leave {name} out")
        initial = None
        for key, number in self._assignments(" ".join(words[3:]), name):
            if key != "ic" or kind == "R":
                self.fail(f"{name}: unknown parameter '{key}'")
            initial = number
        return Element(kind, name, nodes, self.line, value=value, initial=initial)

    def _waveform(self, name: str, text: str) -> Waveform:
        match = _SOURCE.fullmatch(text)
        if match is None:
            return self._number(text, name)
        if match[2] is None:
            return self._number(match[1], name)
        numbers = [self._number(w, name) for w in match[3].replace(",", " ").split()]
        shape, count = match[2].lower(), len(numbers)
        if shape == "pulse":
            if not 2 <= count <= 8:
                self.fail(f"{name}: PULSE needs 'v1 v2 [td tr tf pw per [np]]', got {count} numbers")
            shape_fields = ("initial", "pulsed", "delay", "rise", "fall", "width", "period")
            given = dict(zip(shape_fields, numbers, strict=False))
            pulse = Pulse(**given, count=int(numbers[7]) if count == 8 else 0)
            if min(pulse.delay, pulse.rise, pulse.fall, pulse.width, pulse.period) < 0 or pulse.period == 0:
                self.fail(f"{name}: times of PULSE must not be negative and the period must be positive")
            if math.isfinite(pulse.period) and pulse.rise + pulse.width + pulse.fall > pulse.period:
                self.fail(f"{name}: rise + width + fall is longer than the period {pulse.period:g} s")
            return pulse
        if shape == "pwl":
            times, values = tuple(numbers[::2]), tuple(numbers[1::2])
            if count < 2 or count % 2 or any(b <= a for a, b in itertools.pairwise(times)):
                self.fail(f"{name}: PWL needs pairs 't v' with strictly rising times")
            return Pwl(times, values)
        if not 3 <= count <= 4 or numbers[2] <= 0:
            self.fail(f"{name}: SIN needs 'offset amplitude frequency [delay]' with a positive frequency")
        return Sin(*numbers)


def _node(name: str) -> str:
    lower = name.lower()
    return GROUND if lower == "gnd" else lower


# ------------------------------------------------------------------------------------------------ connections


def check_connections(netlist: Netlist, terminals: Iterable[str] = ()) -> None:
    """Refuse nodes that hang in the air.

    Raises
    ------
    ConfigurationError
        A node has fewer than two connections, or no DC path to ground (capacitors and current sources are
        none). ``terminals`` count as connected to ground: an instrument will be there.
    """
    terminal_nodes = {t.lower() for t in terminals}
    touched: dict[str, list[Element]] = {}
    for element in netlist.elements:
        for node in element.nodes:
            touched.setdefault(node, []).append(element)
    if GROUND not in touched and not terminal_nodes & set(touched):
        raise ConfigurationError("netlist has no ground; name one node 0")
    for node, elements in touched.items():
        if node != GROUND and node not in terminal_nodes and len(elements) < 2:
            only = elements[0]
            raise ConfigurationError(
                f"netlist line {only.line}: node '{node}' is floating: only {only.name} is connected to it")
    grounded = {GROUND} | terminal_nodes
    conducting = [e for e in netlist.elements if e.kind in "RLVX"]
    grew = True
    while grew:
        grew = False
        for element in conducting:
            if not grounded.isdisjoint(element.nodes) and not grounded.issuperset(element.nodes):
                grounded.update(element.nodes)
                grew = True
    for node, elements in touched.items():
        if node not in grounded:
            names = ", ".join(e.name for e in elements)
            raise ConfigurationError(
                f"netlist line {elements[0].line}: node '{node}' is floating: no DC path to ground "
                f"(only {names}); add a large resistor to ground")
