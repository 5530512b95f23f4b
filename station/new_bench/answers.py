"""The questions that ``tsbench init`` asks, their defaults, and how an answer is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tsbench.errors import ConfigurationError, nearest
from tsbench.quantities import parse_quantity, short_quantity


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    key : of the answer, as ``--set`` takes it
    text : of the question
    default : the answer if nothing is given; "" where the command finds one
    unit : SI unit of a quantity; None: the answer is a text
    low, high : [unit] bounds of a quantity
    """

    key: str
    text: str
    default: str
    unit: str | None = None
    low: float = 0.0
    high: float = 0.0

    def read(self, answer: str) -> str:
        """Return an answer as a bench file takes it; an empty one is the default.

        Raises
        ------
        ConfigurationError
            It is not a quantity of this unit, is outside the bounds, or is no name.
        """
        given = answer.strip() or self.default
        if self.unit is None:
            if not given.isprintable() or '"' in given or "\\" in given:
                raise ConfigurationError(f"{self.key}: '{given[:40]}' must not contain quotes or control characters")
            return given
        value = parse_quantity(given, self.unit)
        if not self.low <= value <= self.high:
            raise ConfigurationError(
                f"{self.key}: {short_quantity(value, self.unit)} is outside {short_quantity(self.low, self.unit)} to "
                f"{short_quantity(self.high, self.unit)}")
        return short_quantity(value, self.unit)


QUESTIONS = (
    Question("name", "Name of the bench", "my bench"),
    Question("device", "Identifier of the first device", "D1"),
    Question("material", "Switching material", "NbO2"),
    Question("max_voltage", "Highest voltage that a device may see", "2 V", "V", 1e-3, 42.0),
    Question("max_current", "Highest current that a device may see", "1 mA", "A", 1e-9, 1.0),
    Question("load_resistance", "Load resistor between the bias and the device", "5 kOhm", "Ohm", 1.0, 1e9),
    Question("pulser_resistance", "Resistor between the pulse generator and the device (a direct line: 1 Ohm)", "1 Ohm",
             "Ohm", 0.1, 1e9),
    Question("shunt_resistance", "Resistor under the device, at which the scope sees the current", "50 Ohm", "Ohm",
             0.1, 1e7),
    Question("cable_capacitance", "Capacitance of cables and needles at the device", "80 pF", "F", 1e-13, 1e-6),
    Question("known_resistor", "Known resistor with which the fixture is checked", "10 kOhm", "Ohm", 100.0, 1e9),
    Question("model", "Catalogue model for the rehearsal ('tsbench devices' lists them)", ""),
)
#: defaults of a simulated bench: with this resistor the pulses of the default protocols keep within the limits
_SIMULATED = {"pulser_resistance": "1.4 kOhm"}


def questions(simulated: bool = False) -> tuple[Question, ...]:
    """Return the questions with the defaults of a real or of a simulated bench."""
    if not simulated:
        return QUESTIONS
    return tuple(replace(one, default=_SIMULATED.get(one.key, one.default)) for one in QUESTIONS)


@dataclass(frozen=True)
class Answers:
    """The answers by key, as a bench file takes them."""

    values: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    @classmethod
    def read(cls, given: Mapping[str, str], simulated: bool = False) -> "Answers":
        """Read answers; the defaults, of a ``simulated`` bench or a real one, stand for those that are not given.

        Raises
        ------
        ConfigurationError
            There is no such question, or an answer cannot be read.
        """
        asked = questions(simulated)
        keys = [question.key for question in asked]
        for key in given:
            if key not in keys:
                raise ConfigurationError(f"there is no question '{key}'{nearest(key, keys)}")
        return cls({question.key: question.read(given.get(question.key, "")) for question in asked})
