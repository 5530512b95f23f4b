"""The first validation error of pydantic in one line: the key, the value, the problem, the nearest known key."""

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tsbench.errors import nearest

_LONGEST_VALUE, _LONGEST_LINE = 60, 400  #: characters


def first_problem(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Return the first problem of a validation as one line that can be printed.

    Parameters
    ----------
    error : as pydantic raised it
    model : what was validated; then an unknown key comes with the nearest one that the table has
    """
    problems = error.errors(include_url=False)
    # a misspelt key also makes its right spelling "missing": the misspelling is what helps
    first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
    return _in_words(first, model)


Told = Callable[[str, float, float], tuple[str, str]]  #: (key, value, bound) -> both as text
#: what a bound of pydantic demands, by the type of its problem: name of the bound in its context, and in words
_BOUNDS = {"greater_than": ("gt", "above"), "greater_than_equal": ("ge", "at least"),
           "less_than": ("lt", "below"), "less_than_equal": ("le", "at most")}


def all_problems(
    error: ValidationError, missing: bool = True, told: Told | None = None,
) -> list[str]:
    """Return one line for each key that has a problem; without ``missing``, not for those that are missing.

    ``told`` writes a value of a key and its bound with their unit.
    """
    found: dict[int | str, str] = {}
    for problem in error.errors(include_url=False):
        if missing or problem["type"] != "missing":
            found.setdefault(problem["loc"][0] if problem["loc"] else "",
                             (_out_of_bounds(problem, told) if told else "") or _in_words(problem, None))
    return list(found.values())


def _out_of_bounds(problem: Mapping[str, Any], told: Told) -> str:
    """Return "step = 0 V must be above 0 V"; "" for a problem of another kind."""
    value, where = problem["input"], problem["loc"]
    name, words = _BOUNDS.get(problem["type"], ("", ""))
    if not name or not where or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        given, limit = told(str(where[0]), float(value), float(problem["ctx"][name]))
    except OverflowError:   # a whole number beyond all floats
        return ""
    return one_line(f"{where[0]} = {given} must be {words} {limit}")


def _in_words(problem: Mapping[str, Any], model: type[BaseModel] | None) -> str:
    location = problem["loc"]
    where = _path(location)
    if problem["type"] == "extra_forbidden":
        table = _path(location[:-1])
        inside = f" in [{table}]" if table else ""
        known = known_keys(model, location[:-1]) if model is not None else []
        return one_line(f"unknown key '{location[-1]}'{inside}{nearest(str(location[-1]), known)}")
    if problem["type"] == "missing":
        return one_line(f"{where} is missing. Add it")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] != "value_error" and isinstance(problem["input"], str | int | float):
        message = f"{shortened(problem['input'])} {message.removeprefix('Input ')}"
    return one_line(f"{where}: {message}" if where else message)


def known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at ``location`` of a model may have."""
    tables: list[type[BaseModel]] = [model]
    entries = False   # whether the next part is the name of an entry, whatever the table behind it has
    for part in location:
        if entries:
            entries = False
            continue
        fields = [table.model_fields[str(part)] for table in tables if str(part) in table.model_fields]
        if fields:
            tables = [table for field in fields for table in _tables_in(field.annotation)]
            entries = any(get_origin(field.annotation) is dict for field in fields)
        else:   # the name of an entry, the number of one, or which of several kinds it is
            tables = [table for table in tables if _kind_of(table) in (None, part) or isinstance(part, int)]
    return list(dict.fromkeys(name for table in tables for name in table.model_fields))


def shortened(value: str | int | float) -> str:
    """Return a value as messages quote it: not by the thousand digits."""
    try:
        text = repr(value)
    except ValueError:  # an integer too long for Python to write
        return "an integer with thousands of digits"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def one_line(text: str) -> str:
    """Return a message as one line that can be printed."""
    text = " ".join(text.replace("\0", "\N{SYMBOL FOR NULL}").split())
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _path(location: tuple[int | str, ...]) -> str:
    """Return keys joined by dots, without the names that pydantic gives to its own validators."""
    return ".".join(str(part) for part in location if "[" not in str(part))


def _tables_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the tables that an annotation speaks of: ``X | None``, ``dict[str, X]``, ``tuple[X, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for argument in get_args(annotation) for table in _tables_in(argument)]


def _kind_of(table: type[BaseModel]) -> str | None:
    field = table.model_fields.get("kind")
    kinds = get_args(field.annotation) if field else ()
    return str(kinds[0]) if len(kinds) == 1 else None
