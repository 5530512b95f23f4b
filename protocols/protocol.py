"""What every protocol is: parameters that can plan and run a measurement, and read the stored run again.

One declaration serves the form, the command line, the lists of protocols and the run file.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from tsbench.errors import ConfigurationError, TsbenchError, nearest, sentences
from tsbench.instruments import Plan, Station
from tsbench.plugins import in_words
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import told_apart
from tsbench.records import Column, Recorder, Result, Run, Step
from tsbench.validation import all_problems


class Protocol(Parameters, ABC):
    """Base of all protocols. A subclass inherits extraction and figures, so it may change parameters alone."""

    name: ClassVar[str]  #: as on the command line: "iv_sweep"
    title: ClassVar[str]  #: as in the window: "I-V sweep"
    roles: ClassVar[tuple[str, ...]]  #: roles the bench must have
    columns: ClassVar[tuple[Column, ...]]  #: of the point table

    @abstractmethod
    def plan(self, station: Station) -> Plan:
        """Predict steps, duration, worst case at the device and bytes, without sending anything."""

    @abstractmethod
    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Acquire. The runner may stop at each yielded step. It pauses only at a step with ``idle=True``."""

    @classmethod
    @abstractmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return the numbers of a stored run, an aborted or recovered one too, as far as it goes.

        A run in which nothing happened gives results without a value and the flag NO_EVENT.
        """

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return the figures of a stored run: what each is called after the run, and what draws it."""
        return ()

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return how the device did not behave as a threshold switch in a stored run; "" where it did."""
        from tsbench.protocols.extracting.device_condition import remark_on_device

        return remark_on_device(run)

    @classmethod
    def parse(cls, values: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Build from names and values: text with prefix and unit, or numbers in SI units.

        ``IVSweep.parse(stop="1.2 V", step="4 mV")``. The constructor takes the same; type checkers accept only
        numbers there.

        Parameters
        ----------
        values : mapping
            Name to value, for names that are data.
        **more
            The same as keywords.

        Raises
        ------
        ConfigurationError
            One line: each parameter, its value and what is wrong with it, or the fault of a validator.
        """
        values = {**(values or {}), **more}
        try:
            values = cls.by_names_of_now(values)
        except ValueError as error:
            raise ConfigurationError(f"{cls.name}: {error}") from None
        def told(name: str, value: float, bound: float) -> tuple[str, str]:
            by_drive = getattr(cls, "units_by_drive", {}).get(name, {})
            unit = by_drive.get(str(values.get("drive", "voltage")), "") if by_drive else ""
            return told_apart(value, bound, unit or (cls.unit_of(name) if name in cls.model_fields else ""))

        unknown = [f"unknown parameter '{name}'{nearest(name, cls.model_fields)}"
                   for name in values if name not in cls.model_fields]
        try:
            parsed = cls.model_validate({name: value for name, value in values.items() if name in cls.model_fields})
        except ValidationError as error:
            # a misspelt name also makes its right spelling "missing": the misspelling is what helps
            problems = [*unknown, *all_problems(error, not unknown, told)]
            raise ConfigurationError(f"{cls.name}: {sentences(*problems)}") from None
        except (TsbenchError, KeyboardInterrupt):
            raise
        except BaseException as error:  # another author's validator may raise anything, also by sys.exit
            raise ConfigurationError(
                f"{cls.name}: the check of the parameters failed ({in_words(error)}). Correct the validators of the "
                "protocol") from error
        if unknown:
            raise ConfigurationError(f"{cls.name}: {sentences(*unknown)}")
        return parsed

    def table(self) -> tuple[Column, ...]:
        """Return the columns of the point table with the units that they have under these parameters."""
        return self.columns
