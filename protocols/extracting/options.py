"""What a user may choose about extraction; the rest follows from what was recorded."""

from dataclasses import dataclass, field

from tsbench.analysis.threshold.switching_rule import Jump, Rule, parse_rule
from tsbench.errors import ConfigurationError


@dataclass(frozen=True)
class ExtractionOptions:
    """Choices of the extraction."""

    rule: Rule = field(default_factory=Jump)  #: what counts as switching in a sweep; text is read: "above=100u"
    path_tolerance: float = 0.02  #: relative limit of the path resistance as the bench file gives it
    read_voltage: float | None = None  #: [V] of the off resistance of a sweep; None: half of the threshold voltage
    channel_skew: float = 0.2e-9  #: [s] limit of the time between two channels of a scope
    #: [F] across the sense resistor beside what the fixture's netlist has there: the scope's input (14 pF at
    #: 1 MOhm) and leads. It makes the current late.
    sense_stray: float = 20e-12
    sense_stray_limit: float = 15e-12  #: [F] limit of the error of all that is across it

    def __post_init__(self) -> None:
        if self.read_voltage is not None and not self.read_voltage > 0.0:
            raise ConfigurationError(f"read_voltage = {self.read_voltage:g} V is not above zero. It is a magnitude. "
                                     "Give for example 0.2")
        rule: object = self.rule
        if isinstance(rule, str):
            object.__setattr__(self, "rule", parse_rule(rule))
        elif not isinstance(rule, Rule):
            raise ConfigurationError(f"rule {rule!r} is not known. Give Jump(), Above(10e-9), or a text such as "
                                     "'above=10n'")
