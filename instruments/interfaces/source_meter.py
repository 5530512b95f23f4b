"""Source meter: sources one quantity under compliance, and measures the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, Self, runtime_checkable

from tsbench.errors import ConfigurationError
from tsbench.instruments.interfaces.common import Accuracy, InstrumentBase, Range
from tsbench.records import Flag, FloatArray

_SLACK = 1e-9  #: relative, for the rounding of decimal numbers


@dataclass(frozen=True)
class SourceSettings:
    """What a source meter sources, and its compliance: the most of the other quantity that it allows.

    Parameters
    ----------
    function : the sourced quantity
    compliance_current : [A], needed and only possible where voltage is sourced
    compliance_voltage : [V], needed and only possible where current is sourced
    range : [V or A] of the sourced quantity; None: automatic
    high_capacitance : whether the output is stable with a large capacitance, where the instrument can do that

    Raises
    ------
    ConfigurationError
        The compliance is missing, or is that of the other function.
    """

    function: Literal["voltage", "current"]
    compliance_current: float | None = field(default=None, kw_only=True)
    compliance_voltage: float | None = field(default=None, kw_only=True)
    range: float | None = field(default=None, kw_only=True)
    high_capacitance: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        right, wrong = "compliance_current", "compliance_voltage"
        if self.function == "current":
            right, wrong = wrong, right
        if getattr(self, right) is None or getattr(self, wrong) is not None:
            raise ConfigurationError(
                f"SourceSettings: a source meter that sources {self.function} needs {right} and has no {wrong}. Write "
                f"{right}")

    @classmethod
    def of(
        cls, function: Literal["voltage", "current"], compliance: float, *, range: float | None = None,
        high_capacitance: bool = False,
    ) -> Self:
        """Return the settings of a function that is a variable, with its compliance [A sourcing voltage, else V]."""
        if function == "current":
            return cls(function, compliance_voltage=compliance, range=range, high_capacitance=high_capacitance)
        return cls(function, compliance_current=compliance, range=range, high_capacitance=high_capacitance)

    @cached_property  # asked at every reading
    def compliance(self) -> float:
        """Return the compliance: [A] where voltage is sourced, [V] where current is sourced."""
        found = self.compliance_voltage if self.function == "current" else self.compliance_current
        assert found is not None  # __post_init__ has checked it
        return found

    def read_back(self, compliance: float, range: float | None) -> Self:
        """Return these settings with the compliance and the source range that the instrument has."""
        return self.of(self.function, compliance, range=range, high_capacitance=self.high_capacitance)


@dataclass(frozen=True)
class MeasureSettings:
    """Measured function (current when sourcing voltage), fixed ``range`` or None = auto, aperture in NPLC."""

    function: Literal["voltage", "current"]
    range: float | None = None
    nplc: float = 1.0
    auto_zero: bool = True


@dataclass(frozen=True)
class Reading:
    """One reading; ``voltage`` and ``current`` are NaN only together with Flag.OVERFLOW."""

    time: float  #: [s] since the source meter's own reference
    source: float  #: set-point [V or A]
    voltage: float  #: [V] at the instrument's sense terminals (read back, or the programmed level)
    current: float  #: [A]
    flags: Flag = Flag.NONE


@dataclass(frozen=True)
class SourcePulses:
    """Pulses of a source meter: from ``base`` to each of ``levels`` and back; one reading at the top of each."""

    base: float  #: [V or A]
    levels: FloatArray  #: [V or A], shape (n,)
    width: float  #: [s]
    period: float  #: [s]


@dataclass(frozen=True)
class PulseLimits:
    """What the pulses of a source meter can be."""

    width: Range  #: [s]
    period: Range  #: [s]
    maximum_pulses: int  #: of one ``start_pulses``
    nplc: Range  #: apertures that fit into a pulse


@dataclass(frozen=True)
class SamplingLimits:
    """What sampling at a constant level can be."""

    interval: Range  #: [s] between two samples
    maximum_samples: int  #: of one ``start_sampling``


@dataclass(frozen=True)
class SourceMeterCapabilities:
    """Limits and accuracies as data, so that a plan can be refused before it starts."""

    source_voltage: Range
    source_current: Range
    compliance_current: Range
    compliance_voltage: Range
    nplc: Range
    maximum_sweep_points: int  #: of one ``start_sweep``; 1: the source meter has no sweeps
    minimum_dwell: float  #: [s]
    current_accuracy: tuple[Accuracy, ...]  #: measuring, by range, ascending
    voltage_accuracy: tuple[Accuracy, ...]
    source_voltage_accuracy: tuple[Accuracy, ...]
    source_current_accuracy: tuple[Accuracy, ...]
    line_frequency: float  #: [Hz]
    four_wire: bool = False  #: whether it can sense the voltage at the device, by leads of its own
    pulses: PulseLimits | None = None  #: None: it does not offer :class:`SourceMeterPulses`
    sampling: SamplingLimits | None = None  #: None: it does not offer :class:`SourceMeterSampling`
    off_isolates: bool = False  #: whether a relay opens whenever the output is off
    interlock_above: float | None = None  #: [V] beyond which its interlock must be closed; None: it has none
    #: a compliance must be above this part of a fixed measuring range, or the instrument raises it
    least_of_range: float = 0.0
    overrange: float = 1.05  #: highest reading of a range, as a multiple of its full scale
    #: sourced function -> (highest level, highest compliance beside it) [V and A, or A and V], lowest level first
    boundaries: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def highest_compliance(self, function: Literal["voltage", "current"], level: float) -> float:
        """Return the highest compliance beside a level: [A] of a voltage source, [V] of a current source."""
        highest = self.compliance_current.high if function == "voltage" else self.compliance_voltage.high
        for top, compliance in self.boundaries.get(function, ()):
            highest = min(highest, compliance)
            if abs(level) <= top * (1 + _SLACK):
                break
        return highest

    def gap_of_compliances(
        self, function: Literal["voltage", "current"], compliance: float,
    ) -> tuple[float, float, float] | None:
        """Return where a compliance lies between two measuring ranges: too high for one, too low for the next.

        Parameters
        ----------
        function : that is sourced
        compliance : [A] where voltage is sourced, [V] where current is sourced

        Returns
        -------
        tuple of float, optional
            [A or V] the highest compliance of the range below (0 where there is none); the one above which a compliance
            must be for the next range; the full scale of that range. None: a measuring range suits this compliance.
        """
        rows = self.current_accuracy if function == "voltage" else self.voltage_accuracy
        below = 0.0
        for row in rows:
            top = row.full_scale * self.overrange
            if compliance <= top * (1 + _SLACK):
                least = self.least_of_range * row.full_scale
                return None if compliance > least * (1 + _SLACK) else (below, least, row.full_scale)
            below = top
        return None


@runtime_checkable
class OutputOffSelectable(Protocol):
    """An output whose off state can be selected."""

    def set_output_off(self, state: Literal["high_impedance", "normal", "zero", "guard"]) -> str:
        """Set what the terminals are while the output is off, and return it as read back.

        ``high_impedance``: a relay opens. ``normal``, ``zero``, ``guard``: as the manual of the instrument describes.
        """


@dataclass(frozen=True)
class LimitQuestions:
    """How a source meter is asked for the compliance that it has now.

    Parameters
    ----------
    ask : takes one of ``questions``, asks it in the language of the instrument, and returns the number in the reply
    questions : sourced function ("voltage", "current") -> a query, or the expression that a language such as TSP prints
    """

    ask: Callable[[str], float]
    questions: Mapping[str, str]

    def now(self, function: str) -> float:
        """Return the compliance: [A] where ``function`` is "voltage", [V] where it is "current"."""
        return self.ask(self.questions[function])


@runtime_checkable
class LimitReadable(Protocol):
    """A source meter that tells its compliance at any time, also while its output is off."""

    limit_questions: LimitQuestions


@runtime_checkable
class SourceMeter(InstrumentBase, Protocol):
    """Source one quantity under compliance, measure the other."""

    capabilities: SourceMeterCapabilities

    @property
    def source(self) -> SourceSettings | None:
        """Return the source as it was last *read* to be set (None before it is configured).

        Read again after every setting that may move its limit: it may differ from what ``configure_source`` returned.
        """

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range and compliance, read them back, and return them as the instrument has them.

        A change of the function sets the level to 0 V or 0 A. The output may stay on or go off with it.

        Raises
        ------
        InstrumentError
            The instrument has set something else.
        """

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set what is measured, its range and its aperture, read them back, and return them."""

    def set_level(self, level: float) -> None:
        """Set the source level [V or A]; settles before the next reading."""

    def set_output(self, enabled: bool) -> None:
        """Switch the output. The level stays as it is; off must also work while a sweep runs."""

    def measure(self) -> Reading:
        """Take one reading at the present level, and wait for it."""

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Start a sweep of ``levels`` [V or A], shape (n,), with ``dwell`` [s] at each before reading.

        It may switch the output on by itself. It returns before the sweep is over.
        """

    def poll_sweep(self) -> int:
        """Return how many points the running sweep has measured; never blocks longer than 100 ms."""

    def sweep_running(self) -> bool:
        """Whether the sweep is still running; never blocks longer than 100 ms."""

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` (0-based) up to but not including ``last``."""

    def abort(self) -> None:
        """Stop a sweep; nothing happens where none runs. The output stays as it is."""


@runtime_checkable
class SourceMeterPulses(SourceMeter, Protocol):
    """A source meter that also pulses. A train of pulses is polled, fetched and aborted like a sweep."""

    def start_pulses(self, pulses: SourcePulses) -> SourcePulses:
        """Start the pulses, and return them as the instrument plays them; it returns before they are over.

        Raises
        ------
        LimitError
            ``capabilities.pulses`` does not allow them.
        """


@runtime_checkable
class SourceMeterSampling(SourceMeter, Protocol):
    """A source meter that also reads in even steps of time. Sampling is polled, fetched and aborted like a sweep."""

    def start_sampling(self, level: float, interval: float, count: int) -> float:
        """Start ``count`` readings at ``level`` [V or A], one each ``interval`` [s]; returns the accepted interval [s].

        An instrument may leave out readings that would be late: ``poll_sweep`` tells how many there are at the end.

        Raises
        ------
        LimitError
            ``capabilities.sampling`` does not allow it.
        """


@runtime_checkable
class Interlocked(Protocol):
    """A source meter whose high voltage depends on an interlock."""

    def interlock_closed(self) -> bool:
        """Ask the instrument whether its interlock is closed."""
