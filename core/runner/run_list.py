"""A plain list of protocols from a TOML file, one after the other.

::

    bench = "nbo2.bench.toml"     # for all; relative to this file
    device = "D1"

    [[protocol]]
    name = "iv_sweep"
    stop = "1.2 V"

    [[protocol]]
    name = "oscillation"
    device = "D2"                 # or bench, for this one
    bias = [2.0, 2.5, 3.0]
"""

import itertools
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, StorageError, nearest
from tsbench.instruments import Plan
from tsbench.protocols import Protocol, protocol_named
from tsbench.quantities import format_quantity
from tsbench.records import RunEvent
from tsbench.runner.control import Control
from tsbench.runner.events import Listener
from tsbench.runner.outcome import RunOutcome
from tsbench.runner.process import checked_plan, run_on
from tsbench.storage.codec import to_json

_LARGEST = 2**20  #: [bytes] of a list
_TOP = ("bench", "device", "protocol")


@dataclass(frozen=True)
class Entry:
    """One line of the list: a protocol on a device of a bench."""

    bench: Path
    device: str
    protocol: Protocol

    def key(self) -> tuple[str, str, str]:
        """What makes two entries the same measurement."""
        return self.protocol.name, self.device, to_json(self.protocol.parameters())


def read_list(path: Path | str) -> tuple[Entry, ...]:
    """Read a list and check every entry of it.

    Raises
    ------
    ConfigurationError
        One line: file, entry and what is wrong with it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{path}: larger than {_LARGEST} bytes; that is no list of protocols")
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None
    for name in content:
        if name not in _TOP:
            raise ConfigurationError(f"{path}: unknown key '{name}'{nearest(name, _TOP)}")
    entries = content.get("protocol")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(f"{path}: no [[protocol]]; give at least one with its name")
    return tuple(_entry(path, number, item, content) for number, item in enumerate(entries, start=1))


def _entry(path: Path, number: int, item: Any, defaults: Mapping[str, Any]) -> Entry:
    where = f"{path}: protocol {number}"
    if not isinstance(item, Mapping):
        raise ConfigurationError(f"{where}: not a table; write [[protocol]]")
    settings = dict(item)
    words = {}
    for key in ("name", "device", "bench"):
        word = settings.pop(key, defaults.get(key))
        if not isinstance(word, str) or not word:
            raise ConfigurationError(f'{where}: no {key}; give {key} = "…"')
        words[key] = word
    try:
        protocol = protocol_named(words["name"]).parse(settings)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    return Entry((path.parent / words["bench"]).resolve(), words["device"], protocol)


def run_list(
    path: Path | str,
    out: Path | str,
    *,
    events: Listener | None = None,
    control: Control | None = None,
    dry_run: bool = False,
    resume: bool = False,
    watchdog: bool = True,
) -> list[RunOutcome]:
    """Run a list of protocols; entries in a row on the same device keep the bench open.

    A run that fails and ends safe does not end the list; a stop or an output that is not off does.

    Parameters
    ----------
    path : Path
        The list; see :mod:`tsbench.runner.run_list`.
    out : Path
        Directory of the run files.
    dry_run : bool
        Only plan: each plan is told as a "log" event, nothing is switched on.
    resume : bool
        Leave out what ``out`` holds already with status success.
    watchdog : bool
        As for ``run_protocol``.

    Raises
    ------
    ConfigurationError, LimitError
        An entry is wrong or refused; nothing of its group was sent.
    """
    entries = list(read_list(path))
    control = control or Control()
    tell = events or (lambda _: None)
    if resume:
        entries = _not_done(entries, Path(out), tell)
    outcomes: list[RunOutcome] = []
    for (bench_path, device), members in itertools.groupby(entries, key=lambda e: (e.bench, e.device)):
        group = list(members)
        if not _run_group(bench_path, device, group, Path(out), tell, control, dry_run, watchdog, outcomes):
            break
    return outcomes


def _run_group(
    bench_path: Path,
    device: str,
    entries: Sequence[Entry],
    out: Path,
    tell: Listener,
    control: Control,
    dry_run: bool,
    watchdog: bool,
    outcomes: list[RunOutcome],
) -> bool:
    """Run what is for one device of one bench; returns whether the list may go on."""
    from tsbench.bench import Bench  # opens VISA: late

    bench = Bench.open(bench_path, device)
    try:
        for entry in entries:
            plan = checked_plan(bench, entry.protocol)
            if dry_run:
                tell(
                    RunEvent("log", _plan_line(entry, plan), bench.clock.now(), {"plan": entry.protocol.name})
                )
        if dry_run:
            return True
        for entry in entries:
            outcome = run_on(bench, entry.protocol, out, events=tell, control=control, watchdog=watchdog)
            outcomes.append(outcome)
            if outcome.status == "abort" or not outcome.safe:
                return False
    finally:
        bench.close()
    return True


def _plan_line(entry: Entry, plan: Plan) -> str:
    worst = ", ".join(f"{i.quantity} {format_quantity(i.value, i.unit)}" for i in plan.worst_case)
    return (
        f"{entry.protocol.name} on {entry.device}: {plan.points} points, about "
        f"{format_quantity(plan.duration, 's', 2)}, {plan.bytes / 1e6:.1f} MB; at worst {worst or 'nothing'}"
    )


def _not_done(entries: Sequence[Entry], out: Path, tell: Listener) -> list[Entry]:
    """Return the entries without a successful run in ``out``; of equal entries as many as are missing."""
    from tsbench.storage import read_run

    done: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(out.glob("*.nxs")):
        try:
            run = read_run(path)
        except StorageError as error:
            tell(RunEvent("warning", f"not counted as done: {error}", 0.0))
            continue
        if run.status == "success":
            header = run.header
            done[header.protocol, header.device.identifier, to_json(header.parameters)] += 1
    missing = []
    for entry in entries:
        if done[entry.key()] > 0:
            done[entry.key()] -= 1
            tell(RunEvent("log", f"{entry.protocol.name} on {entry.device}: done already", 0.0))
        else:
            missing.append(entry)
    return missing
