"""What a report says, as plain data: sections of texts, tables and pictures. ``html`` and ``pdf`` write it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tsbench.extraction.group_statistics import SampleStatistics
from tsbench.records import FloatArray


@dataclass(frozen=True)
class Cell:
    """One cell of a table; every text may come from a file, and is only shown."""

    text: str
    link: str = ""  #: relative address of a file, or "#" and the name of a place in the page
    mark: str = ""  #: state of a device or run, for its colour


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    text: str
    loud: bool = False  #: a warning


@dataclass(frozen=True)
class Sheet:
    """Rows under the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Listing:
    """A file as it is, such as that of the campaign."""

    text: str


@dataclass(frozen=True)
class DiePlace:
    """A device on a wafer map."""

    device: str
    column: int
    row: int
    site: int  #: of the die, from 0
    mark: str  #: its state
    value: float | None = None
    link: str = ""


@dataclass(frozen=True)
class StateMap:
    """A wafer map coloured by the states of the devices."""

    places: tuple[DiePlace, ...]
    dies: tuple[tuple[int, int], ...] = ()  #: column and row of all dies of the bench file, measured or not


@dataclass(frozen=True)
class ValueMap:
    """A wafer map coloured by a quantity; devices without a value are crossed."""

    places: tuple[DiePlace, ...]
    quantity: str
    unit: str
    dies: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class CurveLine:
    """An I-V curve."""

    name: str
    mark: str  #: state of its device
    voltage: FloatArray  #: [V], shape (n,)
    current: FloatArray  #: [A], shape (n,)
    link: str = ""


@dataclass(frozen=True)
class IVPlot:
    """I-V curves over each other."""

    lines: tuple[CurveLine, ...]


@dataclass(frozen=True)
class DistributionPlot:
    """Cumulative distributions with their bands and a fitted distribution."""

    quantity: str
    unit: str
    groups: tuple["NamedSample", ...]


@dataclass(frozen=True)
class NamedSample:
    """A sample that has a distribution, with its name in the legend."""

    name: str
    sample: SampleStatistics


@dataclass(frozen=True)
class Picture:
    """A figure, what it shows in words, and the run files that it shows."""

    name: str  #: of the place in the page, and of the file in the PDF
    title: str
    drawn: StateMap | ValueMap | IVPlot | DistributionPlot
    caption: str
    runs: tuple[Cell, ...] = ()
    lists_runs_of: Cell | None = None  #: the picture before it that shows the same run files, and lists them


@dataclass(frozen=True)
class Folded:
    """Blocks that a page shows when they are asked for; the PDF file shows them."""

    title: str
    blocks: tuple["Block", ...]
    printed: bool = True  #: whether the PDF file has it
    place: str = ""  #: its name in the page, to which links lead


Block = Note | Sheet | Listing | Picture | Folded


@dataclass(frozen=True)
class Section:
    """A part of a report."""

    name: str  #: of its place in the page
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A whole report."""

    title: str
    subtitle: str
    simulated: bool
    headline: tuple[Cell, ...]  #: the numbers that come first: "18 of 20 devices work"
    sections: Sequence[Section] = field(default_factory=tuple)
