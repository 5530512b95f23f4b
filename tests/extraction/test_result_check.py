"""What another author's extraction returns is checked before it is stored: one line each, the good ones are kept."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.fixtures.made_runs import run, sweep
from tsbench.analysis.threshold.switching_rule import Above
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction import device_line, draw_figures, extract
from tsbench.extraction.result_check import checked_results
from tsbench.extraction.runs import other_package
from tsbench.plugins import Offer
from tsbench.protocols import PROTOCOLS, ExtractionOptions, IVSweep
from tsbench.records import Flag, Result
from tsbench.storage import read_run

GOOD = Result("resistance", "Ohm", 100.0, 90.0, 110.0, "slope")


def returning(found: Callable[[], Any]) -> type[IVSweep]:
    """A protocol of another author, whose extraction returns or raises this."""
    class Lab(IVSweep):
        name: ClassVar[str] = "lab"

        @classmethod
        def extract(cls, run, options):
            return found()

    return Lab


@pytest.mark.parametrize(("bad", "said"), [
    (replace(GOOD, value=float("nan")), "result 'resistance': value = nan Ohm is not a finite number. Give value"),
    (replace(GOOD, value=float("inf")), "result 'resistance': value = inf Ohm is not a finite number"),
    (replace(GOOD, low=120.0), "result 'resistance': low = 120 Ohm is above high = 110 Ohm (value = 100 Ohm)"),
    (replace(GOOD, value=None, low=np.inf), "'resistance': low = inf Ohm is above high = 110 Ohm (value = None)"),
    (replace(GOOD, value="100"), "result 'resistance': value = '100' is of type str, not a number or None"),
    (replace(GOOD, value=True), "result 'resistance': value = True is of type bool, not a number or None"),
    (replace(GOOD, high=np.zeros(2)), "'resistance': high = array([0., 0.]) is of type ndarray, not a number or None"),
    (replace(GOOD, random_uncertainty=-1.0), "random_uncertainty = -1 Ohm is not a finite number of 0 or more"),
    (replace(GOOD, systematic_uncertainty=np.inf), "systematic_uncertainty = inf Ohm is not a finite number of"),
    (replace(GOOD, quantity=None), "result 2 (None): quantity is None, not text"),
    (replace(GOOD, method=3), "result 2 ('resistance'): method is of type int, not text"),
    (replace(GOOD, quantity=" "), "result 2 has no quantity. Give it a name"),
    (replace(GOOD, quantity="a\nb"), "result 2 ('a\\nb'): quantity = 'a\\nb' must be one line of characters that can"),
    (replace(GOOD, unit="O\x1b[31m"), "result 2 ('resistance'): unit = 'O\\x1b[31m' must be one line"),
    (replace(GOOD, flags=1 << 40), "result 'resistance': flags = 1099511627776 is not a tsbench.records.Flag"),
    (replace(GOOD, conditions=None), "result 'resistance': conditions is None, not a mapping of name to value"),
    (replace(GOOD, conditions={"bias": [1.0]}), "condition 'bias' = [1.0] is of type list, not a number or text"),
    ({"quantity": "resistance"}, "result 2 is of type dict, not a Result"),
    (100.0, "result 2 is of type float, not a Result"),
])
def test_one_that_cannot_be_stored_is_one_line_and_the_others_stay(bad: Any, said: str) -> None:
    lines: list[str] = []
    assert checked_results(iter([GOOD, bad, GOOD]), lines.append) == (GOOD, GOOD)
    assert len(lines) == 1 and "\n" not in lines[0] and said in lines[0]
    protocol = returning(lambda: [GOOD, bad])
    with pytest.raises(TsbenchError, match=r"^run r1: the extraction of protocol 'lab' returned a result that cannot "
                                           r"be stored \("):
        extract(run("lab", ("index",)), protocol=protocol)


def test_many_of_a_kind_are_one_line() -> None:
    lines: list[str] = []
    checked_results([replace(GOOD, value=float("nan"))] * 300, lines.append)
    assert len(lines) == 1 and lines[0].endswith("(and 299 more of this kind)")


def test_numbers_of_numpy_and_missing_bounds_become_plain() -> None:
    given = Result("resistance", "Ohm", np.float32(0.5), np.int64(0), float("nan"), "slope", {"bias": np.float64(1.0)})
    (found,) = checked_results([given], pytest.fail)
    assert (found.value, found.low, found.high) == (0.5, 0.0, None)
    assert {type(found.value), type(found.low), type(found.conditions["bias"])} == {float}


@pytest.mark.parametrize(("found", "said"), [
    (lambda: None, "TypeError: the extraction returned a value that is None, not a sequence of Result"),
    (lambda: GOOD, "TypeError: the extraction returned a value that is of type Result, not a sequence of Result"),
    (lambda: "done", "TypeError: the extraction returned a value that is of type str, not a sequence of Result"),
    (lambda: 7, "TypeError: 'int' object is not iterable"),
    (lambda: sys.exit(3), "SystemExit: 3 (test_result_check.py, line "),
    (lambda: (sys.exit(3) for _ in "a"), "SystemExit: 3 (test_result_check.py, line "),
])
def test_an_extraction_that_returns_no_results_is_one_line(found: Callable[[], Any], said: str) -> None:
    with pytest.raises(TsbenchError) as caught:
        extract(run("lab", ("index",)), protocol=returning(found))
    line = re.sub(r"line \d+\)", "line ", str(caught.value))
    assert line == f"run r1: the extraction of protocol 'lab' failed ({said})"


def test_the_path_of_a_run_file_stands_for_the_run() -> None:
    path = next((Path(__file__).parents[1] / "corpus").rglob("sweep.nxs"))
    found = extract(read_run(path))
    assert found and extract(path) == extract(str(path)) == found
    with pytest.raises(TypeError, match=r"^extract takes a run or the path of a run file, but was given 3$"):
        extract(3)  # type: ignore[arg-type]


def test_figures_and_remark_that_fail_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lab(IVSweep):
        @classmethod
        def figures(cls, run, options):
            yield from super().figures(run, options)
            raise SystemExit(3)

        @classmethod
        def device_remark(cls, run):
            return None

    monkeypatch.setitem(vars(PROTOCOLS.offers()["iv_sweep"]), "thing", Lab)
    lines: list[str] = []
    (figure,) = draw_figures(sweep(), tmp_path, problem=lines.append)
    line = Lab.figures.__func__.__code__.co_firstlineno + 3  # type: ignore[attr-defined]
    assert figure.exists() and lines == [
        f"figures of protocol 'iv_sweep' failed (SystemExit: 3 (test_result_check.py, line {line}))"]
    with pytest.raises(TsbenchError, match=r"^device_remark of protocol 'iv_sweep' failed \(TypeError: "):
        device_line(sweep())


def test_results_and_figures_are_made_with_the_options_given_or_the_usual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[ExtractionOptions] = []

    class Lab(IVSweep):
        @classmethod
        def extract(cls, run, options):
            seen.append(options)
            return super().extract(run, options)

        @classmethod
        def figures(cls, run, options):
            seen.append(options)
            return ()

    monkeypatch.setitem(vars(PROTOCOLS.offers()["iv_sweep"]), "thing", Lab)
    given = ExtractionOptions(rule=Above(10e-6), path_tolerance=0.5)
    by_level, usual = extract(sweep(), given), extract(sweep())
    assert by_level[0].method.endswith("rule above=10uA") and usual[0].method.endswith("rule jump")
    draw_figures(sweep(), tmp_path, given)
    draw_figures(sweep(), tmp_path)
    assert seen == [given, ExtractionOptions(), given, ExtractionOptions()]


def test_a_figure_stays_in_the_folder_and_overwrites_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lab(IVSweep):
        @classmethod
        def figures(cls, run, options):
            (_, draw), *_ = super().figures(run, options)
            yield from ((name, draw) for name in ("a", "A", "../../evil", "b c", "", 3, "b-1"))

    monkeypatch.setitem(vars(PROTOCOLS.offers()["iv_sweep"]), "thing", Lab)
    lines: list[str] = []
    figures = draw_figures(sweep(), tmp_path / "an", problem=lines.append)
    assert [path.name.rpartition("_")[2] for path in figures] == ["a.png", "b-1.png"]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(figures)
    repeated, *wrong = lines
    assert repeated == "figure 'A' of protocol 'iv_sweep' is not drawn, because an earlier figure has this name"
    assert wrong == [
        f"figure {name!r} of protocol 'iv_sweep' is not drawn, because its name must consist of letters of the "
        "English alphabet, digits, _ and -" for name in ("../../evil", "b c", "", 3)]


def test_a_plot_that_returns_none_is_not_an_empty_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lab(IVSweep):
        @classmethod
        def figures(cls, run, options):
            return [("curve", lambda: None)]

    monkeypatch.setitem(vars(PROTOCOLS.offers()["iv_sweep"]), "thing", Lab)
    lines: list[str] = []
    assert draw_figures(sweep(), tmp_path / "an", problem=lines.append) == []
    assert lines == [
        "figure r1_curve.png could not be drawn (TypeError: the figure is None, not a Figure of Matplotlib)"]


def test_a_protocol_of_another_package_is_named(tmp_path: Path) -> None:
    """The columns may mean something else there."""
    measured = sweep()
    header = replace(measured.header, protocol="iv_sweep", provenance={"packages": ["my-lab 2.0", "tsbench-lab 1"]})
    assert other_package(replace(measured, header=header)).startswith(
        "the run was measured with packages my-lab 2.0, tsbench-lab 1, but its numbers are extracted by the protocol "
        "'iv_sweep' of tsbench ")
    for packages in (["my-lab 2.0", "tsbench 0.1"], "tsbench 0.1", [], None):   # also of another version
        same = replace(header, provenance={"packages": packages})
        assert other_package(replace(measured, header=same)) == ""


def test_another_version_of_the_package_of_a_protocol_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its extraction may have changed."""
    monkeypatch.setitem(PROTOCOLS.offers(), "lab", Offer(IVSweep, "my-lab 2.0"))
    measured = sweep()
    for packages, said in (
        (["my-lab 1.0", "tsbench 0.1"], "the run was measured with my-lab 1.0, but its numbers are extracted by my-lab "
         "2.0. Check whether the extraction of the protocol 'lab' has changed"),
        (["my-lab 2.0", "tsbench 0.1"], ""), (["my-lab 1.0", "my-lab 2.0"], ""),
    ):
        header = replace(measured.header, protocol="lab", provenance={"packages": packages})
        assert other_package(replace(measured, header=header)) == said


@pytest.mark.parametrize(("packages", "said"), [
    (["my-lab 1.0", "tsbench 0.1"], "Install the package with this protocol. The run was measured with the packages "
     "my-lab 1.0"),
    (["tsbench 0.1"], "Install the package with this protocol"), ([], "Install the package with this protocol"),
])
def test_a_protocol_that_is_not_installed_names_the_packages_of_the_run(packages: list[str], said: str) -> None:
    header = replace(sweep().header, protocol="lab", provenance={"packages": packages})
    with pytest.raises(ConfigurationError) as caught:
        extract(replace(sweep(), header=header))
    assert str(caught.value) == (
        f"run r1: protocol 'lab' is not installed, so no numbers can be extracted. {said}")


def test_flags_are_kept() -> None:
    assert checked_results([replace(GOOD, flags=Flag.CENSORED)], pytest.fail)[0].flags is Flag.CENSORED


def test_a_check_of_the_current_that_fails_loses_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: object) -> str:
        raise IndexError("planted")

    monkeypatch.setattr("tsbench.extraction.runs.contradiction_of", fails)
    measured, lines = run("lab", ("index",)), list[str]()
    protocol = returning(lambda: [GOOD])
    (found,) = extract(measured, protocol=protocol, problem=lines.append)
    assert found.quantity == "resistance" and len(lines) == 1
    said = f"run {measured.header.run_id}: the check of the current of the oscilloscope failed (IndexError: planted"
    assert lines[0].startswith(said)
    with pytest.raises(TsbenchError, match="the check of the current of the oscilloscope failed"):
        extract(measured, protocol=protocol)
    assert extract(measured, protocol=protocol, contradiction="")[0].quantity == "resistance"   # as it was judged
