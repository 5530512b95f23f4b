"""What is left of a campaign by its state, and what a file that was changed meanwhile would measure once more."""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.quantities import short_quantity
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.state import CampaignState

_TOLD = 3  #: parameters that a line names


def left_of(
    items: Sequence[Item], state: CampaignState, again: Sequence[str] = (), wanted: Set[str] = frozenset(),
) -> list[Item]:
    """Return the runs that are still to be performed.

    Those that match ``again``, and the keys ``wanted``, are, whatever became of them.

    Raises
    ------
    ConfigurationError
        A pattern matches no run.
    """
    for pattern in again:
        if not matches_any([pattern], (item.key for item in items)):
            known = ", ".join(dict.fromkeys(item.key for item in items[:3]))
            raise ConfigurationError(f"--again: no run has a name like '{pattern}'. Names are {known} …")
    tried: dict[str, int] = {}
    begun = set()
    for key in filter(state.stressed, state.outcomes):
        tried[_place(key)] = max(tried.get(_place(key), 0), _attempt(key))
        begun.add(_step_of(key))
    return [item for item in items
            if item.key in wanted or matches_any(again, [item.key]) or not _decided(item, state, tried, begun)]


def _decided(item: Item, state: CampaignState, tried: Mapping[str, int], begun: Set[str]) -> bool:
    """Whether a run has an outcome with these parameters, or was left out.

    A run that could not be begun is not decided, unless it has no use any more: a later try, or the step that follows
    a read of [check], was made.
    """
    key = item.key
    if key in state.left_out:
        return key not in state.provisional
    if key not in state.intents:
        return False
    if state.not_begun(key):
        followed = item.part == "before" and f"{item.device} {item.owner}" in begun
        return followed or tried.get(_place(key), 0) > item.attempt
    return item.matches(state.intents[key])


def _place(key: str) -> str:
    """Return the name of a run without the number of its try."""
    return key.rpartition(" t")[0] if _attempt(key) > 1 else key


def _attempt(key: str) -> int:
    last = key.rpartition(" t")[2]
    return int(last) if last.isdecimal() and " t" in key else 1


def _step_of(key: str) -> str:
    """Return device and step of the name of a run."""
    words = key.split(" ")
    while len(words) > 2 and words[-1][:1] in "prt" and words[-1][1:].isdecimal():
        words.pop()
    return " ".join(words)


def matches_any(patterns: Sequence[str], keys: Iterable[str]) -> bool:
    """Whether one of some keys matches one of some patterns."""
    return any(fnmatch.fnmatchcase(key, pattern) for key in keys for pattern in patterns)


def repeated_stress(
    items: Sequence[Item], left: Sequence[Item], state: CampaignState, again: Sequence[str], wanted: Set[str],
) -> list[str]:
    """Return amber lines: runs that were made, and that the changed file would make once more.

    Parameters
    ----------
    items : all runs of the file
    left : those that would be performed
    again, wanted : patterns and keys of runs that the user has asked for once more
    """
    lines: dict[str, list[str]] = {}
    keys = {item.key for item in items}
    orphans: dict[str, list[str]] = {}
    for key, intent in state.intents.items():
        if key not in keys and state.stressed(key):
            orphans.setdefault(str(intent.get("device", "")), []).append(key)
    for item in left:
        if item.key in wanted or matches_any(again, [item.key]):
            continue
        if state.stressed(item.key):
            what = _difference(item, state.intents[item.key])
            lines.setdefault(f"step {item.owner or item.step.name} changed ({what})", []).append(item.key)
        elif same := next((key for key in orphans.get(item.device, ()) if item.matches(state.intents[key])), ""):
            former = same.removeprefix(f"{item.device} ")
            now = item.key.removeprefix(f"{item.device} ")
            lines.setdefault(f"the run '{former}' is not in the file any more, and '{now}' has its parameters",
                             []).append(item.key)
    return [f"{line}: {len(found)} run{'s' * (len(found) > 1)} that {'were' if len(found) > 1 else 'was'} made "
            f"before {'are' if len(found) > 1 else 'is'} made once more ({found[0]}{' …' * (len(found) > 1)})"
            for line, found in lines.items()]


def no_more(items: Sequence[Item], left: Sequence[Item], state: CampaignState) -> list[str]:
    """Return the names of the runs in a state that a changed file does not count: gone from it, or changed in it."""
    kept = {item.key for item in items} - {item.key for item in left}
    return [key for key in (*state.outcomes, *state.left_out) if key not in kept]


def _difference(item: Item, intent: Mapping[str, Any]) -> str:
    """Return how the parameters of a run differ from those with which it was made."""
    before = intent.get("parameters")
    try:
        now: Mapping[str, Any] = {} if item.formulas else item.step.protocol.parse(item.settings).parameters()
    except TsbenchError:
        now = {}
    found = []
    for name, entry in now.items():
        old = before.get(name) if isinstance(before, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(old, Mapping) and entry.get("value") != old.get("value"):
            found.append(f"{name} {_text(old)} -> {_text(entry)}")
    more = ", …" if len(found) > _TOLD else ""
    return ", ".join(found[:_TOLD]) + more or "its parameters, its bench or its fixture"


def _text(entry: Mapping[str, Any]) -> str:
    value, unit = entry.get("value"), str(entry.get("unit") or "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return short_quantity(float(value), unit, 6)
    return str(value)
