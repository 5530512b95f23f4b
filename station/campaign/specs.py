"""What a campaign file says, as data: its steps with their sweeps and conditions, its devices, its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.protocols import Protocol
from tsbench.records import Flag
from tsbench.station.campaign.expression import Expression
from tsbench.station.campaign.formulas import Formula
from tsbench.station.campaign.names import Vocabulary
from tsbench.station.campaign.selection import WaferMap


@dataclass(frozen=True)
class Axis:
    """Quantities of a sweep that go together (one, or several of ``zip``), and their points."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]  #: numbers, texts or :class:`Formula`


@dataclass(frozen=True)
class StepSpec:
    """One step: a protocol with its parameters, its sweep and its conditions."""

    name: str
    protocol: type[Protocol]
    bench: Path
    devices: tuple[str, ...] = ()  #: patterns; none: all devices of the campaign
    settings: Mapping[str, object] = field(default_factory=dict)  #: plain values, as the protocol parses them
    formulas: Mapping[str, tuple[Formula, ...]] = field(default_factory=dict)
    axes: tuple[Axis, ...] = ()
    fixture: Mapping[str, float] = field(default_factory=dict)  #: quantity -> [Ohm or F]
    when: Expression | None = None  #: what must hold before a run of it
    until: Expression | None = None  #: a run is tried again while this does not hold, at most ``retry`` times
    stop_series: Expression | None = None  #: once it holds, the runs that are left of the step are left out
    retry: int = 0
    repeat: int = 1
    check: bool = False  #: a low-voltage read before and after it must agree
    note: str = ""
    place: str = ""  #: how messages call it
    bench_name: str = ""  #: of the bench file, as the campaign has it


@dataclass(frozen=True)
class CheckSpec:
    """A read before and after a step: both must agree."""

    step: StepSpec
    quantity: str
    agree: float  #: relative


@dataclass(frozen=True)
class CampaignFile:
    """What a campaign file says."""

    path: Path
    text: str
    name: str
    steps: tuple[StepSpec, ...]
    devices: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    map: WaferMap | None = None
    order: str = "device"  #: "device": all steps of a device, then the next; "step": a step on all devices
    leave_out: Flag = Flag.SHORT  #: devices that look so get no further steps, except by a condition on the contact
    on_interrupted: str = "continue"  #: or "ask"
    notify: str = ""
    note: str = ""
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    check: CheckSpec | None = None
    problems: tuple[str, ...] = ()  #: all that is wrong, one line each; with one of them nothing can be planned
    is_list: bool = False  #: a plain list of protocols
