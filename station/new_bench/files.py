"""The text of the first files of a bench."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tsbench.quantities import format_quantity, parse_quantity
from tsbench.records import Identity
from tsbench.station.new_bench.answers import Answers
from tsbench.station.new_bench.found import FoundInstrument

BENCH, LIST = "bench.toml", "first.list.toml"
_OUTPUT = 50.0  #: [Ohm] of a pulse generator
#: kind of an instrument without a role -> what to write, so that it is used
_TABLES: Mapping[str, str] = {
    "temperature controller": "write it into [temperature]", "prober": "write it into [positioner]",
    "switch matrix": "write it and the crosspoints of each device into [positioner]",
}
#: quantity of a decade box -> table of what sets it
_BOXES: Mapping[str, str] = {"resistance": "load_resistance", "capacitance": "parallel_capacitance"}
_OF_THE_LIMIT = 0.75  #: share of the highest voltage to which the first measurements go: far from a refusal
_BELOW = 0.99  #: of the highest pulse, so that its rounding to three digits does not lead above it
REHEARSAL_BENCH, REHEARSAL_WORLD, WORLD = "rehearsal.bench.toml", "rehearsal.world.toml", "world.toml"


@dataclass(frozen=True)
class NewFiles:
    """Files to write, and what the user must know."""

    texts: Mapping[str, str]  #: file name -> text
    remarks: tuple[str, ...]


def new_files(
    instruments: Sequence[FoundInstrument], answers: Answers, library: str, twin: Callable[[Identity], str | None],
    real: bool,
) -> NewFiles:
    """Return the files of a new bench.

    Parameters
    ----------
    instruments : that were found
    answers : of the user
    library : VISA library that reaches the instruments
    twin : returns the name of the virtual instrument of a model, None if there is none
    real : whether the instruments are real; then the rehearsal has files of its own
    """
    wiring = _Wiring(instruments, answers)
    remarks = list(wiring.remarks)
    texts = {LIST: text} if (text := _list(answers, wiring)) else {}
    twins = {one.name: twin(one.identity) for one in instruments}
    without = [one for one in instruments if twins[one.name] is None]
    if real:
        texts[BENCH] = _bench(instruments, answers, library, wiring)
    if without:
        remarks += [f"tsbench has no virtual instrument for {one.identity.model}, so there is no rehearsal"
                    for one in without]
    else:
        world = REHEARSAL_WORLD if real else WORLD
        texts[REHEARSAL_BENCH if real else BENCH] = _bench(instruments, answers, f"{world}@tsbench", wiring)
        texts[world] = _world(instruments, answers, {name: str(model) for name, model in twins.items()}, wiring)
    return NewFiles(texts, tuple(remarks))


class _Wiring:
    """Which terminal has which role, and where it is connected.

    Parameters
    ----------
    instruments : that were found
    answers : of the user
    """

    def __init__(self, instruments: Sequence[FoundInstrument], answers: Answers) -> None:
        meters = [terminal for one in instruments for terminal in one.terminals("source meter")]
        pulsers = [terminal for one in instruments for terminal in one.terminals("pulse generator")]
        scopes = [one.name for one in instruments if "oscilloscope" in one.kinds]
        self.roles: dict[str, str] = {}
        self.remarks: list[str] = []
        for role, terminals, number in (("drive", meters, 0), ("pulser", pulsers, 0), ("bias", pulsers, 1),
                                        ("scope", scopes, 0)):
            if len(terminals) > number:
                self.roles[role] = terminals[number]
            else:
                remark = f"no instrument can have the role {role}. Protocols that need it will be refused"
                if role == "bias" and meters:
                    remark = (f"no {'second ' if pulsers else ''}output of a generator is left for the role bias. "
                              "Protocols that need it will be refused. A source meter behind a load resistor can have "
                              "it too, but not for neuron and stimulus: write both into [roles] and [fixture]")
                self.remarks.append(remark)
        self._answers = answers
        pulser = self.roles.get("pulser", "").partition(".")[0]
        self._pulses = next((one.pulses for one in instruments if one.name == pulser), None)
        self.unused = [f"{one.name} ({one.identity.model}) is not used yet: {_how_to_use(one)}" for one in instruments
                       if one.name not in {terminal.partition(".")[0] for terminal in self.roles.values()}]
        self.remarks += [*self.unused, *self._of_the_shunt(), *self._of_measuring(), *self._of_small_pulses()]
        self.remarks += self._pulses_refused() if self.by_pulses else []

    @property
    def by_pulses(self) -> bool:
        """Whether a generator and a scope measure the device."""
        return {"pulser", "scope"} <= set(self.roles)

    def _of_the_shunt(self) -> list[str]:
        if "scope" in self.roles:
            return []
        return ["the netlist has no resistor under the device, because no oscilloscope measures there. If your "
                "fixture has such a resistor, add it to the netlist. Otherwise its voltage counts as a part of the "
                "device voltage"]

    def _of_measuring(self) -> list[str]:
        if "drive" in self.roles or self.by_pulses:
            return []
        return [f"these instruments cannot measure a device, so there is no {LIST}. Add a source meter, or a pulse "
                "generator and an oscilloscope"]

    @property
    def _path(self) -> float:
        """Resistance from the generator to ground beside that of its output and of the device [Ohm]."""
        keys = ("pulser_resistance", *(("shunt_resistance",) if "scope" in self.roles else ()))
        return sum(parse_quantity(self._answers[key], "Ohm") for key in keys)

    def highest_pulse(self) -> float:
        """Return the highest pulse [V] that drives no more current through the device than it may see."""
        return parse_quantity(self._answers["max_current"], "A") * (self._path + _OUTPUT)

    def first_pulse(self) -> float:
        """Return the amplitude [V] of the first pulses; 0: the generator makes none that the device may see."""
        most = min(_OF_THE_LIMIT * parse_quantity(self._answers["max_voltage"], "V"), _BELOW * self.highest_pulse())
        if self._pulses is not None:
            most = min(most, self._pulses.level_into_open.high, self._pulses.amplitude_into_open.high)
        amplitude = float(f"{most:.3g}")
        return 0.0 if self._pulses is not None and amplitude < self._pulses.amplitude_into_open.low else amplitude

    def _of_small_pulses(self) -> list[str]:
        """Return a line where the generator makes no pulses as small as those that the device may see."""
        if "drive" in self.roles or not self.by_pulses or self._pulses is None or self.first_pulse():
            return []
        least, volts = self._pulses.amplitude_into_open.low, self._answers["max_voltage"]
        said = (f"{self.roles['pulser']} makes pulses of at least {format_quantity(least, 'V', 3)}, but "
                f"{{}}, so there is no {LIST}. ")
        if _OF_THE_LIMIT * parse_quantity(volts, "V") < least:
            most = format_quantity(_OF_THE_LIMIT * parse_quantity(volts, "V"), "V", 3)
            first = f"the first pulses are at most {_OF_THE_LIMIT:.0%} of max_voltage ({most})"
            return [f"{said.format(first)}Use another generator"]
        needed = least / (_BELOW * parse_quantity(self._answers["max_current"], "A"))
        more = needed - self._path - _OUTPUT + parse_quantity(self._answers["pulser_resistance"], "Ohm")
        step = 10.0 ** (math.floor(math.log10(more)) - 1)   # rounded up, so that it is enough
        return [said.format(f"they could drive more than max_current, {self._answers['max_current']}")
                + f"Put {format_quantity(math.ceil(more / step) * step, 'Ohm', 3)} or more between generator and "
                "device, and state it by --set pulser_resistance=VALUE"]

    def _pulses_refused(self) -> list[str]:
        """Return a line where pulses below the voltage limit could drive more current than a device may see."""
        if (highest := self.highest_pulse()) >= parse_quantity(self._answers["max_voltage"], "V"):
            return []
        return [f"pulses above {format_quantity(highest, 'V', 2)} will be refused: with "
                f"{format_quantity(self._path, 'Ohm', 3)} and the {_OUTPUT:g} Ohm of the generator in the path they "
                f"could drive more than max_current, {self._answers['max_current']}. For higher pulses, put a larger "
                "resistor between generator and device, and state it by --set pulser_resistance=VALUE"]

    def branches(self) -> Iterator[tuple[str, str, str]]:
        """Yield role, node and resistance of each branch from a source to the device."""
        for role, node, resistance in (("drive", "smu", "1"), ("pulser", "gen1", self._ohms("pulser_resistance")),
                                       ("bias", "gen2", self._ohms("load_resistance"))):
            if role in self.roles:
                yield role, node, resistance

    def netlist(self, capacitance: float) -> str:
        """Return the netlist with a capacitance [F] at the device."""
        lines = [f"R_{role} {node} dut {value}" for role, node, value in self.branches()]
        lines.append(f"C_cable dut 0 {capacitance:.6g}")
        if "scope" in self.roles:   # else nothing measures at a shunt, and nothing subtracts its voltage
            lines += [f"R_shunt low 0 {self._ohms('shunt_resistance')}", "XDUT dut low device"]
        else:
            lines.append("XDUT dut 0 device")
        return "\n".join(lines)

    def terminals(self) -> list[str]:
        """Return the lines of ``[fixture.terminals]``."""
        lines = [f"{json.dumps(self.roles[role])} = {json.dumps(node)}" for role, node, _ in self.branches()]
        if "scope" in self.roles:
            lines += [f'"{self.roles["scope"]}.1" = "dut"', f'"{self.roles["scope"]}.2" = "low"']
        return lines

    def _ohms(self, key: str) -> str:
        return f"{parse_quantity(self._answers[key], 'Ohm'):.6g}"


def _bench(instruments: Sequence[FoundInstrument], answers: Answers, library: str, wiring: _Wiring) -> str:
    lines = ["# The instruments, wiring and devices of this bench. docs/bench.md describes every key.",
             f"name = {json.dumps(answers['name'])}"]
    lines += [f"visa_library = {json.dumps(library)}"] if library else []
    for one in instruments:
        lines += ["", f"[instruments.{one.name}]   # {one.identity.manufacturer} {one.identity.model}",
                  f"driver = {json.dumps(one.driver)}", f"resource = {json.dumps(one.resource)}"]
    lines += [f"# {line} (docs/bench.md)" for line in wiring.unused]
    lines += ["", "[roles]", *(f"{role} = {json.dumps(terminal)}" for role, terminal in wiring.roles.items())]
    lines += ["", "# XDUT is the place of the device. Change the values to those of your fixture.", "[fixture]",
              'netlist = """', wiring.netlist(parse_quantity(answers["cable_capacitance"], "F")), '"""',
              "[fixture.terminals]", *wiring.terminals()]
    if "scope" in wiring.roles:
        scope = wiring.roles["scope"]
        lines += ["[fixture.sensing]", f'voltage_high = "{scope}.1"', f'voltage_low = "{scope}.2"',
                  f'current = "{scope}.2"', f"current_resistance = {json.dumps(answers['shunt_resistance'])}"]
    lines += ["", f"[devices.{answers['device']}]", f"material = {json.dumps(answers['material'])}", "",
              "# With these, 'tsbench check --fixture' measures the fixture.",
              "[devices.SHORT]", 'standard = "short"', "[devices.OPEN]", 'standard = "open"',
              "[devices.RESISTOR]", 'standard = "resistor"', f"resistance = {json.dumps(answers['known_resistor'])}",
              "", "# No device ever sees more than this.", "[device.limits]",
              f"max_voltage = {json.dumps(answers['max_voltage'])}",
              f"max_current = {json.dumps(answers['max_current'])}"]
    return "\n".join(lines) + "\n"


def _world(
    instruments: Sequence[FoundInstrument], answers: Answers, twins: Mapping[str, str], wiring: _Wiring,
) -> str:
    # the twin of the scope brings its own: of an InfiniiVision, others have 12 to 18 pF
    scope_input = 14e-12 if "scope" in wiring.roles else 0.0
    capacitance = max(parse_quantity(answers["cable_capacitance"], "F") - scope_input, 1e-13)
    lines = ["# The simulated reality of the rehearsal: nothing of this is seen by what measures. docs/world.md",
             "seed = 1", "", "[witness]", 'file = "witness.jsonl"']
    for one in instruments:
        lines += ["", f"[instruments.{one.name}]", f"model = {json.dumps(twins[one.name])}",
                  f"resource = {json.dumps(one.resource)}",
                  *([] if one.identity.serial.startswith("SIM") else [f'serial = "SIM-{one.name.upper()}"'])]
    lines += ["", "[fixture]", 'netlist = """', wiring.netlist(capacitance), '"""', "[fixture.terminals]",
              *wiring.terminals(), "", f"[devices.{answers['device']}]", f"model = {json.dumps(answers['model'])}",
              "[devices.SHORT]", 'model = "resistor"', "parameters = { r = 0.01 }",
              "[devices.OPEN]", 'model = "resistor"', "parameters = { r = 1e13 }",
              "[devices.RESISTOR]", 'model = "resistor"',
              f"parameters = {{ r = {parse_quantity(answers['known_resistor'], 'Ohm'):.6g} }}"]
    return "\n".join(lines) + "\n"


def _how_to_use(one: FoundInstrument) -> str:
    if "oscilloscope" in one.kinds:
        return "a bench measures with one oscilloscope"
    if "decade box" in one.kinds:
        return f"write it into [fixture.control.{_BOXES.get(one.quantity, 'load_resistance')}]"
    kind = next((kind for kind in one.kinds if kind in _TABLES), "")
    return _TABLES.get(kind, "give it a role in [roles]")


def _list(answers: Answers, wiring: _Wiring) -> str:
    """Return the list of the first measurements; "" where no instrument measures."""
    limit, volts = parse_quantity(answers["max_current"], "A"), parse_quantity(answers["max_voltage"], "V")
    lines = [f"# tsbench run {LIST} --out runs        (--dry-run plans and checks only)", f'bench = "{BENCH}"',
             f"device = {json.dumps(answers['device'])}"]
    if "drive" in wiring.roles:
        lines += ["", "[[protocol]]", 'name = "first_contact"', "", "[[protocol]]", 'name = "iv_sweep"',
                  f'stop = "{_OF_THE_LIMIT * volts:.6g} V"', f'compliance = "{limit:.6g} A"']
    elif wiring.by_pulses and (amplitude := wiring.first_pulse()):
        lines += ["", "[[protocol]]", 'name = "pulse_train"', f'amplitude = "{amplitude:.3g} V"']
    else:
        return ""
    return "\n".join(lines) + "\n"
