"""4200A-SCS, system mode: channel definitions (DE) and what the sources do (SS).

Source: 4200A-SCS Reference Manual, 4200A-901-01 Rev. C, p. 9-17 to 9-25 (VR, IR, VP, IP, VL, IL: bounds, 1024 and 4096
points, values below 1 mV are zero). Not modelled: VAR1', logarithmic sweeps, voltage sources VS and voltmeters VM.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import KxciParameter, Name, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import Frame4200

DE, SS = ("DE",), ("SS",)
UNIT, NUMBER = WholeNumber(1, 8), KxciParameter()
MOST_POINTS, MOST_IN_LIST, MOST_STEPS = 1024, 4096, 32
VAR1, VAR2, CONSTANT = 1, 2, 3
_FUNCTIONS = {1: "VOLT", 2: "CURR", 3: "COMMON"}


@dataclass
class Channel:
    """What CH and the source commands say of one unit."""

    voltage_name: str
    current_name: str
    function: str  #: "VOLT", "CURR" or "COMMON"
    role: int  #: VAR1, VAR2 or CONSTANT
    levels: tuple[float, ...] = ()  #: [V or A]; of VAR1 all of a sweep, of VAR2 one for each sweep
    limit: float = 0.0


@dataclass
class Definitions:
    """The set-up of a test."""

    channels: dict[int, Channel] = field(default_factory=dict)
    hold_time: float = 0.0  #: [s] HT
    delay_time: float = 0.0  #: [s] DT
    wait_time: float = 0.0  #: [s] WT
    interval: float = 0.0  #: [s] IN
    readings: int = 1  #: NR

    def of_role(self, role: int) -> list[int]:
        """Return the numbers of the units with a role."""
        return [number for number, channel in sorted(self.channels.items()) if channel.role == role]


def staircase(start: float, stop: float, step: float) -> tuple[float, ...]:
    """Return the levels of a linear sweep.

    Raises
    ------
    KxciError
        The step is 0, or there are more than MOST_POINTS levels.
    """
    points = abs((stop - start) / step) + 1.5 if step else math.inf
    if not points < MOST_POINTS + 1:   # "not <" also refuses NaN
        raise KxciError(VALUE)
    count = int(points)
    size = abs(step) if stop >= start else -abs(step)
    return tuple(start + size * index for index in range(count))


def _volts(value: float) -> float:
    """Return a start or step voltage: below 1 mV it is zero."""
    return value if abs(value) >= 1e-3 else 0.0


class DefinitionCommands:
    """Channel definitions and source functions.

    Parameters
    ----------
    frame : Frame4200
    setup : Definitions
    """

    def __init__(self, frame: Frame4200, setup: Definitions) -> None:
        self._frame = frame
        self._setup = setup

    @kxci("CH", UNIT, Name(optional=True), Name(optional=True), WholeNumber(1, 3, optional=True),
          WholeNumber(1, 4, optional=True), pages=DE)
    def _define(self, number: int, *rest: str | int) -> None:
        self._frame.source(number)
        if not rest:
            self._setup.channels.pop(number, None)
            return
        if len(rest) != 4:
            raise KxciError(VALUE)
        voltage, current, source, role = str(rest[0]), str(rest[1]), int(rest[2]), int(rest[3])
        if role == 4:
            raise KxciError(VALUE, "VAR1' is not simulated.")
        self._setup.channels[number] = Channel(voltage, current, _FUNCTIONS[source], role)

    # -------------------------------------------------------------------------------------------- sources

    def _set(self, number: int, function: str, role: int, levels: Sequence[float], limit: float) -> None:
        channel = self._setup.channels.get(number)
        if channel is None or channel.function != function or channel.role != role:
            raise KxciError(VALUE)
        unit = self._frame.source(number)
        channel.limit = unit.check(function, 0, limit, *levels)
        channel.levels = tuple(levels)

    def _only(self, function: str, role: int, place: int = 1) -> int:
        found = [number for number in self._setup.of_role(role) if self._setup.channels[number].function == function]
        if len(found) < place:
            raise KxciError(VALUE)
        return found[place - 1]

    @kxci("VR", WholeNumber(1, 4), NUMBER, NUMBER, KxciParameter(optional=True), KxciParameter(optional=True), pages=SS)
    def _sweep_voltage(self, kind: int, start: float, stop: float, *rest: float) -> None:
        self._sweep("VOLT", kind, _volts(start), stop, *(_volts(rest[0]), *rest[1:]) if rest else ())

    @kxci("IR", WholeNumber(1, 4), NUMBER, NUMBER, KxciParameter(optional=True), KxciParameter(optional=True), pages=SS)
    def _sweep_current(self, kind: int, start: float, stop: float, *rest: float) -> None:
        self._sweep("CURR", kind, start, stop, *rest)

    def _sweep(self, function: str, kind: int, start: float, stop: float, *rest: float) -> None:
        if kind != 1:
            raise KxciError(VALUE, "Logarithmic sweeps are not simulated.")
        if len(rest) != 2:
            raise KxciError(VALUE)
        self._set(self._only(function, VAR1), function, VAR1, staircase(start, stop, rest[0]), rest[1])

    @kxci("VL", UNIT, WholeNumber(0, 1), NUMBER, KxciParameter(many=True), pages=SS)
    def _list_voltages(self, number: int, master: int, limit: float, *levels: float) -> None:
        self._list("VOLT", number, limit, levels)

    @kxci("IL", UNIT, WholeNumber(0, 1), NUMBER, KxciParameter(many=True), pages=SS)
    def _list_currents(self, number: int, master: int, limit: float, *levels: float) -> None:
        self._list("CURR", number, limit, levels)

    def _list(self, function: str, number: int, limit: float, levels: tuple[float, ...]) -> None:
        if len(levels) > MOST_IN_LIST:
            raise KxciError(VALUE)
        self._set(number, function, VAR1, levels, limit)

    @kxci("VP", NUMBER, NUMBER, WholeNumber(1, MOST_STEPS), NUMBER, WholeNumber(1, 4, optional=True), pages=SS)
    def _step_voltage(self, start: float, step: float, count: int, limit: float, place: int = 1) -> None:
        self._step("VOLT", (_volts(start), _volts(step), count), limit, place)

    @kxci("IP", NUMBER, NUMBER, WholeNumber(1, MOST_STEPS), NUMBER, WholeNumber(1, 4, optional=True), pages=SS)
    def _step_current(self, start: float, step: float, count: int, limit: float, place: int = 1) -> None:
        self._step("CURR", (start, step, count), limit, place)

    def _step(self, function: str, steps: tuple[float, float, int], limit: float, place: int) -> None:
        start, step, count = steps
        levels = [start + step * index for index in range(count)]
        self._set(self._only(function, VAR2, place), function, VAR2, levels, limit)

    @kxci("VC", UNIT, NUMBER, NUMBER, pages=SS)
    def _constant_voltage(self, number: int, level: float, limit: float) -> None:
        self._set(number, "VOLT", CONSTANT, (level,), limit)

    @kxci("IC", UNIT, NUMBER, NUMBER, pages=SS)
    def _constant_current(self, number: int, level: float, limit: float) -> None:
        self._set(number, "CURR", CONSTANT, (level,), limit)

    @kxci("ST", UNIT, WholeNumber(0, 1), pages=SS)
    def _standby(self, number: int, on: int) -> None:
        self._frame.source(number).standby = bool(on)

    # ---------------------------------------------------------------------------------------------- times

    @kxci("HT", KxciParameter(0.0, 655.3), pages=SS)
    def _hold(self, seconds: float) -> None:
        self._setup.hold_time = seconds

    @kxci("DT", KxciParameter(0.0, 6.553), pages=SS)
    def _delay(self, seconds: float) -> None:
        self._setup.delay_time = seconds

    @kxci("WT", KxciParameter(0.0, 100.0), pages=("SM",))
    def _wait(self, seconds: float) -> None:
        self._setup.wait_time = seconds

    @kxci("IN", KxciParameter(0.01, 10.0), pages=("SM",))
    def _interval(self, seconds: float) -> None:
        self._setup.interval = seconds

    @kxci("NR", WholeNumber(1, 4096), pages=("SM",))
    def _readings(self, count: int) -> None:
        self._setup.readings = count

    @kxci("DM", WholeNumber(1, 2), pages=("SM",))
    def _display(self, kind: int) -> None:
        """List or graph: what the screen shows is not simulated."""

    @kxci("LI", Name(many=True), pages=("SM",))
    def _listed(self, *names: str) -> None:
        known = {name + suffix for channel in self._setup.channels.values()
                 for name in (channel.voltage_name, channel.current_name) for suffix in ("", "T", "S")}
        if not set(names) <= known:
            raise KxciError(VALUE)
