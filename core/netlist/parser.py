"""From SPICE text to a netlist."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist.cards import WITHOUT_EFFECT, unsupported
from tsbench.netlist.connections import check_connections
from tsbench.netlist.elements import GROUND, Element, Netlist, Transient
from tsbench.netlist.sources import parse_waveform
from tsbench.netlist.values import parse_value

_KINDS = "RCLVI"
_ZERO_CELSIUS = 273.15  #: [K]


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
        line = re.split(r"[;]|\$\s|\$$", raw)[0].strip()
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
    return not re.match(r"[-+.{\d]|[ad]c$|pulse|pwl|sin|exp|sffm|am\(|trnoise", tokens[3], re.IGNORECASE)


class _Parser:
    """Reads one netlist, line by line."""

    def __init__(self) -> None:
        self.elements: dict[str, Element] = {}
        self.parameters: dict[str, float] = {}
        self.initial: dict[str, float] = {}
        self.initial_lines: dict[str, int] = {}
        self.saved: list[str] = []
        self.includes: list[str] = []
        self.ignored: list[str] = []
        self.doubts: list[str] = []
        self.transient: Transient | None = None
        self.temperature: tuple[int, float] | None = None  #: line, [K]
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
            tuple(self.includes), self.temperature and self.temperature[1], tuple(self.doubts),
            tuple(self.ignored),
        )
        if not netlist.elements:
            raise ConfigurationError("the netlist has no elements. Write lines such as 'R1 in out 5k'")
        self._check_initial(netlist)
        if check:
            check_connections(netlist, terminals)
        return netlist

    def _check_initial(self, netlist: Netlist) -> None:
        for node, line in self.initial_lines.items():
            self.line = line
            if node == GROUND:
                self.fail(".ic sets node '0', which is ground and always at 0 V. Remove this entry")
            if node not in netlist.nodes:
                self.fail(f".ic sets node '{node}', which is not in the netlist{nearest(node, netlist.nodes)}")

    def fail(self, what: str) -> NoReturn:
        raise ConfigurationError(f"netlist line {self.line}: {what}")

    def _number(self, text: str, owner: str) -> float:
        if re.fullmatch(r"\{\s*\w+\s*\}", text):
            name = text[1:-1].strip().lower()
            if name not in self.parameters:
                self.fail(f"{owner}: parameter '{name}' is not set{nearest(name, self.parameters)}")
            return self.parameters[name]
        if text[:1] in ("{", "'", '"'):
            self.fail(f"{owner}: {text} is an expression. Braces may hold only the name of a parameter, such as "
                      f"{{r}}. Compute the number, or set another .param")
        if text.lower() in self.parameters:
            self.fail(f"{owner}: '{text}' is not a number. To use the parameter of this name, write {{{text}}}")
        try:
            return parse_value(text)
        except ValueError as error:
            self.fail(f"{owner}: {error}. Write for example 5k, 80p or 2.2meg")

    # ---------------------------------------------------------------- cards

    def _assignments(self, text: str, owner: str) -> Iterator[tuple[str, float]]:
        spaced = re.sub(r"\s*=\s*", "=", _closed_up(text))
        for item in spaced.split():
            name, equals, value = item.partition("=")
            if not equals or not name or not value:
                self.fail(f"{owner}: '{item}' must have the form name=value")
            yield name.lower(), self._number(value, f"{owner} {name}")

    def _param(self, line: str) -> None:
        for name, value in self._assignments(line.split(None, 1)[1] if " " in line else "", ".param"):
            self.parameters[name] = value

    def _card(self, word: str, line: str) -> None:
        rest = line[len(word):].strip()
        handlers: dict[str, Callable[[str], None]] = {
            ".param": lambda _: None, ".tran": self._tran, ".ic": self._ic, ".save": self._save,
            ".print": self._save, ".include": self._include, ".inc": self._include, ".lib": self._include,
            ".temp": self._temp, ".option": self._options, ".options": self._options,
        }
        if word in handlers:
            handlers[word](rest)
        elif word in WITHOUT_EFFECT:
            self.ignored.append(line)
        else:
            self.fail(unsupported(word))

    def _tran(self, rest: str) -> None:
        if self.transient is not None:
            self.fail("this is the second .tran card, but a netlist may have only one. Remove one of the two")
        words = rest.lower().split()
        uic = "uic" in words
        numbers = [self._number(w, ".tran") for w in words if w != "uic"]
        if not 2 <= len(numbers) <= 4:
            self.fail(".tran needs 'step stop [start [max]] [uic]'")
        step, stop = numbers[:2]
        start = numbers[2] if len(numbers) > 2 else 0.0
        maximum = numbers[3] if len(numbers) > 3 else None
        if step <= 0 or stop <= start or start < 0 or (maximum is not None and maximum <= 0):
            largest = "" if maximum is None else f", and the largest step is {maximum:g} s"
            self.fail(f".tran has step={step:g} s, stop={stop:g} s and start={start:g} s{largest}. The step must be "
                      "positive, the start must not be negative, the stop must be above the start, and the largest "
                      "step must be positive")
        self.transient = Transient(step, stop, start, maximum, uic)

    def _ic(self, rest: str) -> None:
        for target, value in self._assignments(re.sub(r"\s*\)", ")", re.sub(r"\(\s*", "(", rest)), ".ic"):
            match = re.fullmatch(r"v\(([^,()]+)\)", target)
            if match is None:
                self.fail(f".ic: '{target}' is not a node voltage. Write for example v(out)=0")
            self.initial[_node(match[1])] = value
            self.initial_lines[_node(match[1])] = self.line

    def _save(self, rest: str) -> None:
        text = re.sub(r"\s*([(,])\s*|\s+(?=\))", r"\1", rest.lower())
        for word in text.split():
            current = re.fullmatch(r"@(\w+)\[i\]", word)
            name = f"i({current[1]})" if current else word
            if re.fullmatch(r"[vi]\([^,()]+\)|v\([^,()]+,[^,()]+\)|all", name):
                self.saved.append(name)
            elif word != "tran":
                self.fail(f"'{word}' cannot be saved. Write v(node), v(node,node), i(element) or all")

    def _temp(self, rest: str) -> None:
        if len(rest.split()) != 1:
            self.fail(f".temp needs one number of degrees Celsius, not '{rest}'. For several temperatures, run the "
                      "netlist once for each")
        self._surroundings(rest, ".temp")

    def _options(self, rest: str) -> None:
        others = []
        for item in re.sub(r"\s*=\s*", "=", rest).split():
            name, _, value = item.partition("=")
            if name.lower() == "temp":
                self._surroundings(value, ".options temp")
            else:
                others.append(item)
        if others:
            self.ignored.append(f".options {' '.join(others)}")

    def _surroundings(self, text: str, owner: str) -> None:
        if not re.fullmatch(r"\{\s*\w+\s*\}|[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", text, re.IGNORECASE):
            self.fail(f"{owner}: '{text}' must be a number of degrees Celsius without a unit, such as 85")
        celsius = self._number(text, owner)
        kelvin = celsius + _ZERO_CELSIUS
        if not (math.isfinite(kelvin) and kelvin > 0):
            self.fail(f"{owner}: the temperature must be above absolute zero (-273.15 degrees Celsius), not "
                      f"{celsius:g} degrees Celsius")
        if self.temperature is not None and self.temperature[1] != kelvin:
            self.fail(f"{owner} sets {celsius:g} degrees Celsius, but line {self.temperature[0]} sets "
                      f"{self.temperature[1] - _ZERO_CELSIUS:g} degrees Celsius. Remove one of the two")
        self.temperature = (self.line, kelvin)

    def _include(self, rest: str) -> None:
        if not rest:
            self.fail(".include needs a file name")
        quoted = re.match(r"\"([^\"]*)\"|'([^']*)'|(\S+)", rest)
        name = next((part for part in quoted.groups() if part), "") if quoted else ""
        if not name:
            self.fail(f"the file name of .include is empty ('{rest}')")
        self.includes.append(name)   # behind it .lib may name a section

    # ---------------------------------------------------------------- elements

    def _element(self, line: str) -> None:
        spaced = re.sub(r"\s*=\s*", "=", line)
        tokens = _closed_up(spaced).split()
        name, kind = tokens[0], tokens[0][0].upper()
        if kind not in _KINDS and kind != "X":
            self.fail(f"unknown element '{name}'. The name must begin with R, C, L, V or I, or with X for a device")
        if name.lower() in self.elements:
            self.fail(f"the name '{name}' is already used in line {self.elements[name.lower()].line}. Choose another "
                      "name")
        words = tokens[1:]
        element = self._device(name, words) if kind == "X" else self._two_terminal(kind, name, words)
        if len(set(element.nodes)) == 1:
            ends = "both" if len(element.nodes) == 2 else "all"
            self.fail(f"{name}: {ends} ends are on node '{element.nodes[0]}'. Connect them to different nodes")
        self.elements[name.lower()] = element

    def _device(self, name: str, words: list[str]) -> Element:
        plain = [w for w in words if "=" not in w and w.lower() != "params:"]
        if len(plain) < 3:
            self.fail(f"{name}: write 'node node [node ...] model' after the name, not '{' '.join(plain)}'")
        parameters = dict(self._assignments(" ".join(w for w in words if "=" in w), name))
        nodes = tuple(_node(word) for word in plain[:-1])
        return Element("X", name, nodes, self.line, model=plain[-1].lower(), parameters=parameters)

    def _two_terminal(self, kind: str, name: str, words: list[str]) -> Element:
        if len(words) < 3:
            self.fail(f"{name}: write 'node node value' after the name, not '{' '.join(words)}'")
        nodes = (_node(words[0]), _node(words[1]))
        if kind in "VI":
            waveform, unused = parse_waveform(name, " ".join(words[2:]), self._number, self.fail)
            if unused:
                self.ignored.append(f"{name}: {unused}")
            return Element(kind, name, nodes, self.line, waveform=waveform)
        if "=" in words[2]:
            self.fail(f"{name}: '{words[2]}' must be a single value, such as 5k")
        value = self._number(words[2], name)
        if value <= 0:
            unit = {"R": "Ohm", "C": "F", "L": "H"}[kind]
            join = "" if kind == "C" else " and give both of its nodes the same name"
            self.fail(f"{name}: value {value:g} {unit} must be positive. For 0 {unit}, remove {name}{join}")
        if kind == "R" and value < 1 and re.search(r"[\d.]M(?![Ee][Gg])", words[2]):
            self.doubts.append(
                f"netlist line {self.line}: {name} has {value * 1e3:g} mOhm, because SPICE reads M as milli in "
                f"'{words[2]}'. For megohms, write meg")
        initial = None
        for key, number in self._assignments(" ".join(words[3:]), name):
            if key != "ic" or kind == "R":
                allowed = "A resistor has no parameters" if kind == "R" else "The only parameter here is 'ic'"
                self.fail(f"{name}: unknown parameter '{key}'. {allowed}")
            initial = number
        return Element(kind, name, nodes, self.line, value=value, initial=initial)


def _closed_up(text: str) -> str:
    """Return text without spaces inside braces."""
    return re.sub(r"\{[^{}]*\}", lambda braces: "".join(braces[0].split()), text)


def _node(name: str) -> str:
    lower = name.lower()
    return GROUND if lower == "gnd" else lower
