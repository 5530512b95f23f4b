"""Every run that a campaign may perform, in its order: devices, points of sweeps, repeats and further tries.

The list is fixed before the first message: at run time each item is performed or left out, never added.
"""

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.instruments.interfaces import FIXTURE_UNITS
from tsbench.protocols import Protocol
from tsbench.station.campaign.formulas import Formula
from tsbench.station.campaign.problems import Problems
from tsbench.station.campaign.selection import matching, pattern_problems
from tsbench.station.campaign.specs import CampaignFile, StepSpec
from tsbench.storage.codec import to_json

MOST_ITEMS = 500_000  #: runs of one campaign: what its plan and its state hold in memory


@dataclass(frozen=True)
class Item:
    """A run that the campaign may perform."""

    number: int  #: in the campaign, from 1
    key: str  #: its name in the state of the campaign: "W1/D3 sweep p2 r1"
    step: StepSpec
    device: str
    part: str = ""  #: "before" or "after" for the reads of [check]
    owner: str = ""  #: of such a read: the step that it belongs to
    point: int = 0  #: of the sweep, from 1; 0: the step has none
    repeat: int = 1
    attempt: int = 1
    settings: Mapping[str, object] = field(default_factory=dict)
    formulas: Mapping[str, tuple[Formula, ...]] = field(default_factory=dict)
    fixture: Mapping[str, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What makes it the same measurement as one of an earlier version of the file, however its values are written.

        The bench is the name in the file, so that a folder that was moved or copied holds the same measurements.
        """
        return self._fingerprint({})

    def _fingerprint(self, names: Mapping[str, str]) -> str:
        """Return the fingerprint, with some parameters under other names."""
        def named(found: Mapping[str, object]) -> dict[str, object]:
            return dict(sorted((names.get(name, name), value) for name, value in found.items()))

        formulas = {name: ["".join(one.text.split()) for one in found] for name, found in self.formulas.items()}
        return _digest([self.step.protocol.name, Path(self.step.bench_name).as_posix(), named(_parsed(self)),
                        named(formulas), {name: _rounded(value) for name, value in sorted(self.fixture.items())}])

    def matches(self, intent: Mapping[str, Any]) -> bool:
        """Whether a run that was begun is this measurement."""
        known = intent.get("fingerprint")
        former = {name: before for before, name in self.step.protocol.former_names.items()}
        if known in {self.fingerprint, self._fingerprint(former)}:
            return True
        formulas = {name: [one.text for one in found] for name, found in self.formulas.items()}
        return known == _digest([self.step.protocol.name, str(self.step.bench), dict(self.settings), formulas,
                                 dict(self.fixture)])   # as earlier versions wrote it

    @property
    def where(self) -> str:
        """How messages call it."""
        return self.step.place if self.step.place.startswith("protocol") else self.key

    @property
    def conditional(self) -> bool:
        """Whether a condition of the file may leave it out."""
        return self.step.when is not None or self.attempt > 1 or (self.step.stop_series is not None and self.in_series)

    @property
    def in_series(self) -> bool:
        """Whether it is a later run of a series: a further repeat, or a further point of a sweep without repeats."""
        return self.repeat > 1 if self.step.repeat > 1 else self.point > 1


def _digest(what: object) -> str:
    return hashlib.sha256(to_json(what).encode()).hexdigest()[:16]


def _parsed(item: Item) -> dict[str, object]:
    """Return settings as the protocol reads them: "50 mV" and 0.05 are the same.

    One that the protocol does not read alone stays as it is written.
    """
    protocol, found = item.step.protocol, dict[str, object]()
    try:
        whole: Protocol | None = protocol.parse(item.settings)
    except TsbenchError:   # an expression is missing among them
        whole = None
    for name, value in sorted(item.settings.items()):
        try:
            found[name] = _rounded(getattr(whole or protocol.parse({name: value}), name))
        except TsbenchError:
            found[name] = value
    return found


def _rounded(value: object) -> object:
    """Return a value without the last digits that another way of writing it changes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.12g}"
    return [_rounded(one) for one in value] if isinstance(value, tuple | list) else value


def expand(file: CampaignFile, devices_of: Mapping[Path, Sequence[str]], problems: Problems) -> list[Item]:
    """Return every run of a campaign; what is wrong with its devices goes to ``problems``.

    Parameters
    ----------
    devices_of : bench file -> names of its devices
    """
    known = dict.fromkeys(device for devices in devices_of.values() for device in devices)
    for line in pattern_problems(file.exclude, known) if known else ():
        problems.add("exclude", line)
    chosen = {step.name: _devices(file, step, devices_of[step.bench], problems) if step.bench in devices_of else []
              for step in file.steps}
    everyone = list(dict.fromkeys(device for step in file.steps for device in chosen[step.name]))
    steps = [(device, step) for device in everyone for step in file.steps if device in set(chosen[step.name])]
    if file.order == "step" or file.is_list:
        steps = [(device, step) for step in file.steps for device in chosen[step.name]]
    found: list[Item] = []
    for device, step in steps:
        for item in _items(file, step, device):
            if len(found) >= MOST_ITEMS:
                problems.add("", f"the campaign has more than {MOST_ITEMS} runs. Split it")
                return found
            found.append(_numbered(item, len(found) + 1))
    return found


def _numbered(item: Item, number: int) -> Item:
    return Item(**{**{name: getattr(item, name) for name in item.__dataclass_fields__}, "number": number})


def _devices(file: CampaignFile, step: StepSpec, known: Sequence[str], problems: Problems) -> list[str]:
    place = problems.below(step.place)
    if step.devices:
        for line in pattern_problems(step.devices, known):
            place.add("device", line)
        chosen = matching(step.devices, known)
    elif file.devices:
        for line in pattern_problems(file.devices, known):
            _once(problems, "devices", line)
        chosen = matching(file.devices, known)
    else:
        chosen = list(known) if file.map is not None else []
    if file.map is not None:
        for missing in [one for one in file.map.rows if one not in set(known)][:3]:
            _once(problems, "map", f"the device '{missing}' is not on the bench")
        chosen = [one for one in chosen if one in file.map.rows]
    excluded = set(matching(file.exclude, chosen))
    chosen = [one for one in chosen if one not in excluded]
    if not chosen and not problems.lines:
        place.add("devices", 'there is no device. Write devices = ["…"] for the campaign or for the step')
    return chosen


def _once(problems: Problems, key: str, what: str) -> None:
    if f"{problems.where}: {key}: {what}" not in problems.lines:
        problems.add(key, what)


def _items(file: CampaignFile, step: StepSpec, device: str) -> Iterator[Item]:
    checked = file.check.step if step.check and file.check is not None else None
    if checked is not None:
        yield Item(0, f"{device} {step.name} before", checked, device, "before", step.name, settings=checked.settings,
                   formulas=checked.formulas, fixture=step.fixture)
    rows = list(itertools.product(*(axis.rows for axis in step.axes)))
    names = [name for axis in step.axes for name in axis.names]
    for position, row in enumerate(rows, start=1):
        swept: dict[str, Any] = dict(zip(names, itertools.chain(*row), strict=True))
        formulas = {**step.formulas, **{name: (value,) for name, value in swept.items() if isinstance(value, Formula)}}
        fixture = {**step.fixture, **{name: float(value) for name, value in swept.items() if name in FIXTURE_UNITS}}
        settings = {**step.settings, **{name: value for name, value in swept.items()
                                        if name not in formulas and name not in FIXTURE_UNITS}}
        for repeat in range(1, step.repeat + 1):
            for attempt in range(1, step.retry + 2):
                parts = [f"p{position}" if len(rows) > 1 else "", f"r{repeat}" if step.repeat > 1 else "",
                         f"t{attempt}" if attempt > 1 else ""]
                yield Item(0, " ".join(part for part in (device, step.name, *parts) if part), step, device,
                           point=position if len(rows) > 1 else 0, repeat=repeat, attempt=attempt, settings=settings,
                           formulas=formulas, fixture=fixture)
    if checked is not None:
        yield Item(0, f"{device} {step.name} after", checked, device, "after", step.name, settings=checked.settings,
                   formulas=checked.formulas, fixture=step.fixture)
