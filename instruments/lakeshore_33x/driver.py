"""Driver of the Lake Shore 335 and 336: one sensor input, one heater output (user's manuals, chapter 6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from pymeasure.adapters import Adapter

from tsbench.errors import ConfigurationError, InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import OutputState, Range, TemperatureCapabilities
from tsbench.instruments.languages.language import Language, no_error
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.languages.repeatable import COMMON, may_be_repeated
from tsbench.instruments.languages.scpi import POWER_ON, format_number
from tsbench.records import Identity

CLOSED_LOOP = 1  #: of OUTMODE
HIGH = 3  #: heater range


def _power_lost(replies: Sequence[str]) -> bool:
    return int(replies[0]) != POWER_ON


LAKE_SHORE = Language(
    name="Lake Shore", error_question="", parse_error=no_error, clearing=("*CLS",),
    resetting=(f"*ESE {POWER_ON}", "*RST"), power_questions=("*ESE?",), power_lost=_power_lost,
    may_be_repeated=may_be_repeated)


def _status(reply: str) -> int:
    """Return a reading status: three digits (manuals, RDGST?); ValueError where the reply has another form."""
    if not re.fullmatch(r"\d{3}", reply.strip()):
        raise ValueError(f"{reply!r} does not have three digits")
    return int(reply)


def _kelvins(reply: str) -> float:
    """Return a temperature [K]: sign, digits and a point among them (manuals, KRDG?); ValueError for another form."""
    if not re.fullmatch(r"[+-]\d+\.\d+", reply.strip()):
        raise ValueError(f"{reply!r} is not a temperature with a sign and digits on both sides of its point")
    return float(reply)


class LakeShore33x(MessageInstrument):
    """One control loop.

    Parameters
    ----------
    adapter, name, identity, resource, wait
        As the base class has them.
    input : str
        Letter of the sensor input.
    output : int
        Number of the heater output.
    """

    language = LAKE_SHORE
    title = "Lake Shore temperature controller"
    repeatable: ClassVar[tuple[str, ...]] = (
        *COMMON, "KRDG?", "RDGST?", "SETP?", "RAMP?", "RANGE?", "HTR?", "HTRST?", "OUTMODE?")
    #: not compared with a data sheet: the accuracy, which stands for a platinum sensor at room temperature
    capabilities = TemperatureCapabilities(Range(1.0, 800.0, "K"), Range(0.1 / 60, 100.0 / 60, "K/s"), accuracy=50e-3)

    def __init__(
        self, adapter: Adapter, name: str = "controller", identity: Identity | None = None, resource: str = "",
        wait: Callable[[float], None] = lambda seconds: None, input: str = "A", output: int = 1,
    ) -> None:
        if input not in ("A", "B", "C", "D") or output not in (1, 2):
            raise ConfigurationError(f"{name}: input must be A to D and output 1 or 2, not {input} and {output}")
        self._input, self._output = input, output
        super().__init__(adapter, name, identity, resource, wait)

    _set_point: float | None = None  #: [K]

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-point [K] that was set last."""
        return {} if self._set_point is None else {"set_point": self._set_point}

    @property
    def output_names(self) -> Sequence[str]:
        """Return the heater."""
        return (f"{self.name}.{self._output}",)

    def initialise(self) -> None:
        """Connect the loop to the sensor; the heater stays off.

        Raises
        ------
        ConfigurationError
            The controller does not have the input: a 335 has A and B, a 336 has A to D.
        """
        if self.identity.model.endswith("335") and self._input not in ("A", "B"):
            raise ConfigurationError(f"{self.label}: a 335 has the inputs A and B, not {self._input}. Correct input in "
                                     "the options of the instrument")
        number = "ABCD".index(self._input) + 1
        self.write(f"OUTMODE {self._output},{CLOSED_LOOP},{number},0")
        reply = self.ask(f"OUTMODE? {self._output}")
        if reply != f"{CLOSED_LOOP},{number},0":
            raise InstrumentError(f"{self.label}: the loop of output {self._output} could not be set to input "
                                  f"{self._input} (it says {reply}). Check the options of the driver")

    def set_temperature(self, temperature: float, ramp: float | None = None) -> float:
        """Control to ``temperature`` [K], at most ``ramp`` [K/s]; returns the set-point."""
        require_in_range(self.label, "the temperature", temperature, self.capabilities.temperature)
        if ramp is not None:
            require_in_range(self.label, "the ramp", ramp, self.capabilities.ramp)
        rate = "0,0" if ramp is None else f"1,{format_number(round(ramp * 60.0, 3))}"
        _ = self.temperature()   # a sensor that has a fault must not be controlled with
        self.write(f"RAMP {self._output},{rate}")
        self.write(f"SETP {self._output},{format_number(round(temperature, 3))}")
        if ramp is None:
            found = self.ask_number(f"SETP? {self._output}")
            self.accepted("the set-point", temperature, found, "K", relative=0.0, absolute=2e-3)   # 0.1 % are 0.3 K
        self.write(f"RANGE {self._output},{HIGH}")
        if not self.output_states()[0].enabled:
            raise InstrumentError(f"{self.label}: the heater could not be switched on. Check the heater and its cable")
        self._set_point = round(temperature, 3)
        return self._set_point

    def temperature(self) -> float:
        """Return the temperature of the sensor [K]."""
        status = self.questions.parsed(f"RDGST? {self._input}", _status)
        if status != 0:
            raise InstrumentError(f"{self.label}: input {self._input} has no valid reading (status {status}). Check "
                                  "the sensor and its cable")
        return self.questions.parsed(f"KRDG? {self._input}", _kelvins)

    def heater(self) -> float:
        """Return the heater's output as a part of its range, 0 to 1."""
        return self.ask_number(f"HTR? {self._output}") / 100.0

    def heater_off(self) -> None:
        """Switch the heater off, and read back that it is."""
        self.safe_state()
        if self.output_states()[0].enabled:
            raise InstrumentError(f"{self.label}: the heater could not be switched off. Switch it off at the panel")

    def safe_state(self) -> None:
        """Switch the heater off."""
        self.write(f"RANGE {self._output},0")

    def output_states(self) -> Sequence[OutputState]:
        """Read back whether the heater is on."""
        return [OutputState(self.output_names[0], self.ask_number(f"RANGE? {self._output}") != 0)]

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of a reading [K]."""
        return {"temperature": {"offset": self.capabilities.accuracy}}
