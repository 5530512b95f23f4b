"""pytest with sabotaged instruments: ``-p benchmarks.imperfections.spoilt`` runs each test once for each sabotage.

A sabotaged test must fail. One line is printed for each that passed, and the counts are written as JSON lines to the
file that ``IMPERFECTIONS_SEEN`` names.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.imperfections.sabotages import FACTORS, SABOTAGES, NothingToSpoilError, Sabotage
from benchmarks.imperfections.sheets import SOURCE_METERS
from benchmarks.pairs.cells import GENERATOR, SCOPE, models
from tsbench.errors import InstrumentError


def _key(function: Any) -> str:
    name = str(function.__name__)
    return name + " " if name + " " in SABOTAGES and function.__module__.endswith("generators") else name


def _named(value: Any) -> str:
    """Return how the list of known cases names a model or a range."""
    return f"range {value.full_scale:g}" if hasattr(value, "full_scale") else str(value)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each sabotage of what it measures."""
    if _key(metafunc.function) in SABOTAGES:
        _, fields = SABOTAGES[_key(metafunc.function)]
        sabotages = [Sabotage(names, factor) for names in fields for factor in FACTORS]
        metafunc.parametrize("spoilt", sabotages, ids=[str(one) for one in sabotages], indirect=True)


def _first_of_families() -> tuple[set[str], set[str]]:
    """Return the names of the first model of each family, and of all models, as the tests name their cases."""
    families = [[model.name for model in family] for kind in (GENERATOR, SCOPE) for family in models(kind)]
    families += [[f"{folder} {name}" for name in sheets] for folder, sheets in SOURCE_METERS.items()]
    return {family[0] for family in families}, {name for family in families for name in family}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that have sabotages; of each family one model, unless IMPERFECTIONS_ALL is set."""
    first, every = _first_of_families()
    others = set() if os.environ.get("IMPERFECTIONS_ALL") else every - first
    keep = []
    for item in items:
        values = getattr(item, "callspec", None)
        named = {value for value in values.params.values() if isinstance(value, str)} if values else set()
        if values and "spoilt" in values.params and not named & others:
            keep.append(item)
    config.hook.pytest_deselected(items=[item for item in items if item not in keep])
    items[:] = keep


@pytest.fixture(autouse=True)
def spoilt(request: pytest.FixtureRequest) -> Iterator[None]:
    """Spoil the instruments while the test runs."""
    if not hasattr(request, "param"):
        pytest.skip("no sabotage")
    spoil, _ = SABOTAGES[_key(request.function)]
    with ExitStack() as stack:
        try:
            spoil(stack, request.module, request.param)
        except NothingToSpoilError as error:
            pytest.skip(str(error))
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note what became of a sabotaged test: seen (an assertion failed), not seen, an error, or nothing to spoil."""
    outcome: Any = yield
    report = outcome.get_result()
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if "spoilt" not in parameters or (report.when != "call" and report.passed):
        return
    error = call.excinfo.value if call.excinfo else None
    if (isinstance(error, NothingToSpoilError)) or report.skipped:
        found = "nothing to spoil"
    elif error is None:
        found = "blind"
    elif report.when == "call" and isinstance(error, (AssertionError, InstrumentError)):
        found = "seen"   # an instrument may say itself that it did not take a setting
    else:
        found = f"error {type(error).__name__}: {error}"
    others = [_named(value) for name, value in parameters.items() if name != "spoilt"]
    with Path(os.environ["IMPERFECTIONS_SEEN"]).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"test": str(item.function.__name__), "sabotage": str(parameters["spoilt"]),   # type: ignore[attr-defined]
                                 "of": item.nodeid, "on": others, "found": found}) + "\n")
