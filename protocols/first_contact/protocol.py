"""First contact: a few readings at voltages that harm no device, to learn what is connected."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from tsbench.instruments import Plan, Station
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.first_contact.acquisition import acquire
from tsbench.protocols.first_contact.parameters import ContactParameters
from tsbench.protocols.first_contact.plan import plan_contact
from tsbench.protocols.protocol import Protocol
from tsbench.records import DEVICE_VOLTAGE, Column, Recorder, Result, Run, Step


class FirstContact(ContactParameters, Protocol):
    """Read the current at small voltages of both polarities: open, short, ohmic or not, before anything is risked.

    The levels rise from zero, both polarities in turn, under a small compliance. The run ends early where the
    readings stay in compliance.
    """

    name: ClassVar[str] = "first_contact"
    title: ClassVar[str] = "First contact"
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the reading, from 0"),
        Column("time", "s", "time of the reading, on the bench's clock"),
        Column("set_point", "V", "level of the source"),
        Column("voltage", "V", "voltage at the source meter's terminals"),
        Column("current", "A", "current through the source meter"),
        DEVICE_VOLTAGE,
    )

    def plan(self, station: Station) -> Plan:
        """Predict readings, duration and the worst case at the device; refuse what a limit forbids."""
        return plan_contact(self, station)

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Read the current at each level; the source ends at zero with its output off."""
        yield from acquire(self, station, recorder)

    @classmethod
    def extract(cls, run: Run, options: ExtractionOptions) -> Iterable[Result]:
        """Return resistance and non-linearity."""
        from tsbench.protocols.first_contact.extraction import first_contact

        return first_contact(run, options)

    @classmethod
    def figures(cls, run: Run, options: ExtractionOptions) -> Iterable[NamedFigure]:
        """Return current over voltage."""
        from tsbench.protocols.first_contact.figure import contact_figures

        return contact_figures(run, options)

    @classmethod
    def device_remark(cls, run: Run) -> str:
        """Return what seems to be connected."""
        from tsbench.protocols.first_contact.extraction import contact_remark

        return contact_remark(run)
