"""The entries [[step]] and [[protocol]] of a campaign file, read into steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.instruments.interfaces import FIXTURE_UNITS
from tsbench.protocols import Protocol, protocol_named
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.station.campaign.dimensions import dimension
from tsbench.station.campaign.evaluating import is_condition
from tsbench.station.campaign.expression import Expression, parse
from tsbench.station.campaign.formulas import Formula, Kinds, formulas_in, points_of
from tsbench.station.campaign.names import QUANTITIES, Vocabulary
from tsbench.station.campaign.problems import Problems
from tsbench.station.campaign.specs import Axis, CheckSpec, StepSpec
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown
from tsbench.station.campaign.words import constant, patterns, short_text, whole

#: keys of a step that are no parameters of its protocol
STEP_KEYS = ("name", "protocol", "bench", "device", "devices", "fixture", "sweep", "zip", "when", "until", "retry",
             "repeat", "stop_series", "check", "note")
_LIST_KEYS = ("name", "device", "bench", "fixture")
_MOST_REPEATS, _MOST_TRIES = 100_000, 100
_AGREE = 0.2  #: relative, for the reads before and after a step


@dataclass(frozen=True)
class Defaults:
    """What holds for every step that does not say it itself."""

    folder: Path
    bench: Any
    device: Any
    fixture: Any


def list_steps(entries: Sequence[Any], defaults: Defaults, problems: Problems) -> list[StepSpec]:
    """Read the entries of a plain list: name, device, bench and fixture, and the parameters of the protocol."""
    found: list[StepSpec] = []
    for position, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            problems.below(f"protocol {position}").add("", "this is not a table. Write [[protocol]]")
            continue
        item = {"device": defaults.device, "bench": defaults.bench, **entry}
        name, device = item.get("name"), item.get("device")
        on = f" on {device}" if isinstance(device, str) and device else ""
        place = problems.below(f"protocol {position} ({name}{on})" if isinstance(name, str) else f"protocol {position}")
        missing = [key for key in _LIST_KEYS[:3] if not _is_name(item.get(key))]
        for key in missing:
            place.add("", f'{key} is missing. Add {key} = "…"')
        if missing:
            continue
        settings = {key: value for key, value in entry.items() if key not in _LIST_KEYS}
        try:
            protocol = protocol_named(str(name))
            settings = protocol.by_names_of_now(settings)
            protocol.parse(settings)
            fixture = _fixture(entry.get("fixture", defaults.fixture))
        except (TsbenchError, ValueError) as error:
            place.add("", str(error))
            continue
        number = sum(one.protocol is protocol for one in found)
        found.append(StepSpec(
            f"{name}{f'_{number + 1}' if number else ''}", protocol, (defaults.folder / item["bench"]).resolve(),
            (str(device),), settings, fixture=fixture, place=f"protocol {position} ({name}{on})",
            bench_name=str(item["bench"])))
    return found


def read_steps(
    entries: Sequence[Any], check: Any, defaults: Defaults, vocabulary: Vocabulary, problems: Problems,
) -> tuple[list[StepSpec], Vocabulary, CheckSpec | None]:
    """Read the entries of a campaign, the vocabulary with the names of its steps, and its ``[check]``."""
    found: list[StepSpec] = []
    for position, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            problems.below(f"step {position}").add("", "this is not a table. Write [[step]]")
            continue
        name = entry.get("name", entry.get("protocol"))
        place = problems.below(f"step {position}{f' ({name})' if _is_name(name) else ''}")
        if name is not None and (not _is_name(name) or not str(name).isidentifier()):
            place.add("name", f"{name!r:.60} is no name of a step. Use letters, digits and '_'")
            name = None
        elif name in vocabulary.steps:
            place.add("name", "another step has this name. Choose another one")
            name = None
        # all other mistakes of the step are told too
        known = vocabulary if name is None else replace(vocabulary, steps=(*vocabulary.steps, str(name)))
        step = _step(str(name or f"step_{position}"), entry, defaults, known, place)
        vocabulary = known
        if step is not None:
            found.append(step)
    checking = _check(check, defaults, vocabulary, problems.below("[check]")) if check is not None else None
    for step in found:
        if step.check and check is None:
            problems.add("", f"step {step.name} has check = true, but there is no table [check]. Add it")
    return found, vocabulary, checking


def _step(
    name: str, entry: Mapping[str, Any], defaults: Defaults, vocabulary: Vocabulary, place: Problems,
) -> StepSpec | None:
    protocol = _protocol(entry, place)
    bench = entry.get("bench", defaults.bench)
    if not _is_name(bench):
        place.add("bench", 'the bench file is missing. Add bench = "…"')
        bench = "."
    if protocol is None:
        return None
    try:
        entry = _by_names_of_now(entry, protocol)
    except ValueError as error:
        place.add("", str(error))
    kinds = Kinds.of(protocol)
    given = {key: value for key, value in entry.items() if key not in STEP_KEYS}
    settings, formulas = _settings(given, kinds, vocabulary, protocol, place)
    axes = _axes(entry, kinds, vocabulary, protocol, place)
    swept = {one for axis in axes for one in axis.names}
    for key in swept & {*settings, *formulas}:
        place.add(key, "it is swept and given as well. Remove one of the two")
    try:
        fixture = _fixture(entry.get("fixture", defaults.fixture))
    except TsbenchError as error:
        place.add("fixture", str(error))
        fixture = {}
    device = [entry["device"]] if "device" in entry else []
    conditions = {key: _condition(entry, key, vocabulary, place) for key in ("when", "until", "stop_series")}
    retry = whole(entry, "retry", 1 if conditions["until"] is not None else 0, 0, _MOST_TRIES, place)
    if retry and conditions["until"] is None:
        place.add("retry", 'it needs until = "…", which says when a run is good')
    step = StepSpec(
        name, protocol, (defaults.folder / bench).resolve(),
        patterns(entry.get("devices", device), place.below("devices")), settings, formulas, axes, fixture,
        retry=retry, repeat=whole(entry, "repeat", 1, 1, _MOST_REPEATS, place), note=short_text(entry, "note", place),
        place=f"step {name}", bench_name=str(bench),
        check=bool(entry.get("check", False)), **conditions)
    _try_settings(step, place)
    return step


def _by_names_of_now(entry: Mapping[str, Any], protocol: type[Protocol]) -> Mapping[str, Any]:
    """Return a step whose parameters, also the swept ones, have the names that they have now."""
    swept = {key: protocol.by_names_of_now(entry[key]) for key in ("sweep", "zip")
             if isinstance(entry.get(key), Mapping)}
    return {**protocol.by_names_of_now(entry), **swept}


def _protocol(entry: Mapping[str, Any], place: Problems) -> type[Protocol] | None:
    name = entry.get("protocol")
    if not _is_name(name):
        close = get_close_matches("protocol", [key for key in entry if key not in STEP_KEYS], n=1)
        place.add("protocol", f"it is missing, but there is the unknown key '{close[0]}'. Did you mean 'protocol'?"
                  if close else 'it is missing. Add protocol = "iv_sweep". \'tsbench protocols\' lists all')
        return None
    try:
        return protocol_named(str(name))
    except TsbenchError as error:
        place.add("protocol", str(error))
        return None


def _settings(
    given: Mapping[str, Any], kinds: Kinds, vocabulary: Vocabulary, protocol: type[Protocol], place: Problems,
) -> tuple[dict[str, object], dict[str, tuple[Formula, ...]]]:
    """Return the plain values and the expressions among the parameters of a step."""
    settings: dict[str, object] = {}
    formulas: dict[str, tuple[Formula, ...]] = {}
    for key, value in given.items():
        if key not in protocol.model_fields:
            known = [*protocol.model_fields, *STEP_KEYS]
            place.add(key, f"{protocol.name} has no such parameter, and a step no such key{nearest(key, known)}")
            continue
        try:
            found = formulas_in(value, kinds.numeric(key))
            if not found:
                settings[key] = value
                continue
            formulas[key] = tuple(_checked(one, key, kinds, vocabulary) for one in found)
        except ExpressionError as error:
            place.add(f"{key} = {value!r:.80}", str(error))
    return settings, formulas


def _checked(formula: Formula, key: str, kinds: Kinds, vocabulary: Vocabulary) -> Formula:
    """Return a formula with its names checked; ExpressionError where a name, a unit or a bound is missing."""
    found = replace(formula, first=vocabulary.resolved(formula.first),
                    last=None if formula.last is None else vocabulary.resolved(formula.last))
    for name in found.names():
        if name.name in QUANTITIES and name.name not in vocabulary.expected and name.name not in vocabulary.parameters:
            raise ExpressionError(
                f"{name.name} is not measured yet when the campaign is planned. Give its bounds: "
                f'[expected] {name.name} = ["lowest", "highest"]')
    value = found.value(lambda name: _planned(name.name, vocabulary, vocabulary.kind_of(name)))
    if isinstance(value, Unknown):
        raise ExpressionError(value.reason)
    if problem := kinds.unit_problem(key, value):
        raise ExpressionError(problem)
    return found


def _planned(name: str, vocabulary: Vocabulary, kind: object) -> Quantified | str:
    """Return a name's value for a check of units: its bounds where they are stated."""
    for known in (vocabulary.parameters, vocabulary.expected):
        if name in known:
            return known[name]
    return Quantified.exact(1.0, kind) if isinstance(kind, tuple) else ""


def _axes(
    entry: Mapping[str, Any], kinds: Kinds, vocabulary: Vocabulary, protocol: type[Protocol], place: Problems,
) -> tuple[Axis, ...]:
    """Return the axes of ``sweep`` (nested, the last one fastest), and that of ``zip`` (its quantities together)."""
    axes: list[Axis] = []
    zipped: dict[str, list[Any]] = {}
    for key in ("sweep", "zip"):
        table = entry.get(key, {})
        if not isinstance(table, Mapping):
            place.add(key, f'it must be a table such as {{ amplitude = ["1 V", "2 V"] }}, not {table!r:.60}')
            continue
        for name, value in table.items():
            where = place.below(f"{key}.{name}")
            try:
                points = _points(name, value, kinds, vocabulary, protocol)
            except (ExpressionError, TsbenchError) as error:
                where.add("", str(error))
                continue
            if key == "zip":
                zipped[name] = points
            else:
                axes.append(Axis((name,), tuple((one,) for one in points)))
    if zipped:
        lengths = {name: len(points) for name, points in zipped.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            place.add("zip", f"its quantities must have the same number of points, but these have {told}")
        else:
            axes.append(Axis(tuple(zipped), tuple(zip(*zipped.values(), strict=True))))
    return tuple(axes)


def _points(
    name: str, value: Any, kinds: Kinds, vocabulary: Vocabulary, protocol: type[Protocol],
) -> list[Any]:
    """Return the points of one quantity of a sweep, each tried alone."""
    fixture = name in FIXTURE_UNITS
    if not fixture and name not in protocol.model_fields:
        raise ExpressionError(f"{protocol.name} has no parameter '{name}'"
                              f"{nearest(name, [*protocol.model_fields, *FIXTURE_UNITS])}")
    points = points_of(value)
    if not points:
        raise ExpressionError("there is no point")
    if fixture and any(isinstance(point, Formula) for point in points):
        raise ExpressionError("values of the fixture are plain numbers")
    if fixture:
        return [fixture_values({name: point})[name] for point in points]
    return [_checked(point, name, kinds, vocabulary) if isinstance(point, Formula) else point for point in points]


def _condition(entry: Mapping[str, Any], key: str, vocabulary: Vocabulary, place: Problems) -> Expression | None:
    text = entry.get(key)
    if text is None:
        return None
    try:
        if not isinstance(text, str):
            raise ExpressionError('it must be a text such as "threshold_voltage < 1.2 V"')
        found = vocabulary.resolved(parse(text))
        if not is_condition(found):
            raise ExpressionError("it is no condition. Compare numbers, for example threshold_voltage < 1.2 V")
        return found
    except ExpressionError as error:
        place.add(f"{key} = {text!r:.80}", str(error))
        return None


def _check(value: Any, defaults: Defaults, vocabulary: Vocabulary, place: Problems) -> CheckSpec | None:
    if not isinstance(value, Mapping):
        place.add("", f"it must be a table, not {value!r:.60}")
        return None
    entry = {"protocol": "first_contact", **{k: v for k, v in value.items() if k not in ("quantity", "agree")}}
    step = _step("check", entry, defaults, vocabulary, place)
    quantity = value.get("quantity", "resistance")
    if quantity not in QUANTITIES:
        place.add("quantity", f"there is no quantity {quantity!r:.60}{nearest(str(quantity)[:60], QUANTITIES)}")
    try:
        agree = constant(value.get("agree", _AGREE))
        if agree.dimension != dimension("") or not agree.value >= 0:
            raise ExpressionError("it must be a number from 0 without a unit, such as 0.2 for 20 %")
    except ExpressionError as error:
        place.add("agree", str(error))
        return None
    return None if step is None else CheckSpec(step, str(quantity), agree.value)


def _try_settings(step: StepSpec, place: Problems) -> None:
    """Let the protocol itself judge the plain values, with the first point of each axis."""
    settings = dict(step.settings)
    for axis in step.axes:
        for row in axis.rows:
            settings |= {name: value for name, value in zip(axis.names, row, strict=True)
                         if name not in FIXTURE_UNITS and not isinstance(value, Formula)}
    known = {key: value for key, value in settings.items() if key in step.protocol.model_fields}
    if step.formulas or any(isinstance(value, Formula) for axis in step.axes for row in axis.rows for value in row):
        return   # what depends on measured numbers is judged with the plan, at their bounds
    try:
        step.protocol.parse(known)
    except TsbenchError as error:
        place.add("", str(error))


def _fixture(values: Any) -> dict[str, float]:
    if not isinstance(values, Mapping):
        raise ConfigurationError(
            'fixture must be a table of values, for example fixture = { load_resistance = "4.7 kOhm" }')
    return fixture_values(values)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()
