"""Running a netlist: what it refuses, what it notes, what it saves, and how a run is cut into shares."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.netlist import Transient, parse_netlist
from tsbench.simulated_backends.studies.simulate import simulate as module
from tsbench.simulated_backends.studies.simulate.simulate import netlist_text, simulate

RC = "* rc\nV1 in 0 1\nR1 in out 1k\nC1 out 0 1n\n.tran 10n 2u{start}{uic}\n.save {saved}\n.end\n"


def rc(saved: str = "v(out)", start: str = "", uic: str = " uic") -> str:
    return RC.format(saved=saved, start=start, uic=uic)


def test_a_capacitor_is_charged_and_the_table_has_the_grid() -> None:
    told: list[float] = []
    found = simulate(rc("v(out) i(v1) v(in,out)"), progress=told.append, seed=5)
    assert list(found.columns) == ["v(out)", "i(v1)", "v(in,out)"] and found.seed == 5 and found.rtol == 1e-6
    expected = 1 - np.exp(-found.times / 1e-6)
    assert found.columns["v(out)"] == pytest.approx(expected, abs=1e-5)
    assert found.columns["v(in,out)"] == pytest.approx(1 - expected, abs=1e-5)
    assert np.isin(np.round(np.arange(201) * 1e-8, 12), np.round(found.times, 12)).all()
    assert (found.times[0], found.times[-1]) == (0.0, pytest.approx(2e-6)) and told[-1] == 1.0
    assert 0 < found.steps <= found.times.size and found.messages == ()
    timing = found.timing
    assert min(timing.code, timing.integration, timing.evaluation) >= 0 and timing.integration < 10


def test_without_uic_it_begins_at_rest_and_with_a_start_the_table_is_shorter() -> None:
    assert simulate(rc(uic="")).columns["v(out)"] == pytest.approx(1.0, abs=1e-6)
    late = simulate(rc(start=" 1u", uic=" uic"))
    assert late.times[0] == pytest.approx(1e-6) and late.columns["v(out)"][0] == pytest.approx(1 - np.exp(-1), abs=1e-5)


def test_a_largest_step_is_kept() -> None:
    free, bound = (simulate(rc(start=f" 0{largest}")) for largest in ("", " 5n"))
    assert bound.steps >= 400 > free.steps


@pytest.mark.parametrize("rtol", [1e-10, 1e-2])
def test_tolerances_at_their_bounds(rtol: float) -> None:
    assert simulate(rc(), rtol=rtol).rtol == rtol
    beyond = rtol * (0.99 if rtol < 1e-6 else 1.01)
    with pytest.raises(ConfigurationError, match=r"must be between 1e-10 and 0\.01"):
        simulate(rc(), rtol=beyond)


def test_a_seed_is_drawn_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module.secrets, "randbits", lambda bits: asked.append(bits) or 77)
    assert simulate(rc()).seed == 77 and asked == [32]
    assert simulate(rc(), seed=0).seed == 0
    with pytest.raises(ConfigurationError, match="seed = -1 must not be negative"):
        simulate(rc(), seed=-1)


def test_a_failure_says_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise TsbenchError("no step is small enough")

    monkeypatch.setattr(module, "_run", fail)
    with pytest.raises(TsbenchError, match=r"no step is small enough \(seed 9\)$"):
        simulate(rc(), seed=9)


def test_other_models_are_for_devices() -> None:
    text = "* x\nV1 in 0 1\nR1 in out 1k\nX1 out 0 nbo2\n.tran 10n 1u uic\n.save v(out)\n.end\n"
    assert simulate(text, {"X1": "resistor"}).columns["v(out)"][-1] == pytest.approx(10 / 11, rel=1e-6)
    with pytest.raises(ConfigurationError, match="'R1' is not a device"):
        simulate(text, {"R1": "resistor"})


@pytest.mark.parametrize(("card", "given", "notes"), [
    ("", None, []), ("", 300.0, ["the model of X1 does not depend on temperature"]),
    (".temp 27\n", None, ["the model of X1 does not depend on temperature"]),
    (".temp 27\n", 300.15, ["the model of X1 does not depend on temperature"]),
    (".temp 27\n", 350.0, ["the temperature 300.15 K of the netlist is not used. The simulation uses 350 K",
                           "the model of X1 does not depend on temperature"]),
])
def test_notes_about_the_temperature(card: str, given: float | None, notes: list[str]) -> None:
    text = f"* x\nV1 in 0 1\nR1 in out 1k\nX1 out 0 resistor\n{card}.tran 10n 100n uic\n.end\n"
    assert list(simulate(text, temperature=given).messages) == notes
    feels = text.replace("resistor", "nbo2")
    assert [note for note in simulate(feels, temperature=given).messages if "does not depend" in note] == []


# ------------------------------------------------------------------------------------------- what is saved


@pytest.mark.parametrize(("saved", "names"), [
    ("all", ["v(out)", "v(in)"]), ("v(in) all", ["v(in)", "v(out)"]), ("v(out) v(out)", ["v(out)"]),
    ("v(in,0)", ["v(in,0)"]), ("i(r1) i(c1)", ["i(r1)", "i(c1)"]),
])
def test_what_is_saved(saved: str, names: list[str]) -> None:
    assert list(simulate(rc(saved)).columns) == names


def test_all_nodes_are_saved_where_nothing_is_named() -> None:
    assert list(simulate(rc().replace(".save v(out)\n", "")).columns) == ["v(out)", "v(in)"]


@pytest.mark.parametrize(("saved", "said"), [
    ("v(oot)", "no node 'oot'. Did you mean 'out'"), ("v(in,oot)", "no node 'oot'"), ("i(r2)", "no element 'r2'"),
    ("i(out)", "no element 'out'"), ("v(r1)", "no node 'r1'"),
])
def test_what_cannot_be_saved(saved: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("(", r"\(")):
        simulate(rc(saved))


@pytest.mark.parametrize(("tran", "columns", "refused"), [
    (Transient(1e-9, 0.05), 2, ""), (Transient(1e-9, 0.0501), 2, "5.01e+07 rows of 2 numbers"),
    (Transient(1e-9, 0.1, 0.05), 2, ""), (Transient(1e-9, 0.1, 0.04), 2, "Use a step of at least 1.2e-09 s"),
    (Transient(1e-6, 1.0, 0.0, 2e-8), 2, ""), (Transient(1e-6, 1.0, 0.0, 1.9e-8), 2, "5.26e+07 rows of 2 numbers"),
])
def test_a_table_of_more_than_a_hundred_million_numbers_is_refused(tran: Transient, columns: int, refused: str) -> None:
    if refused:
        with pytest.raises(ConfigurationError, match=refused.replace("+", r"\+")):
            module._check_size(tran, columns)
    else:
        module._check_size(tran, columns)


# ------------------------------------------------------------------------------------------ text and files


def test_text_is_text_and_one_line_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.cir"
    path.write_text(rc(), "utf-8")
    assert netlist_text(rc()) == netlist_text(path) == netlist_text(str(path)) == rc()
    with pytest.raises(ConfigurationError, match="does not exist"):
        netlist_text(str(tmp_path / "b.cir"))
    with pytest.raises(ConfigurationError):
        netlist_text("a\0b")


def test_included_files_are_there_but_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "a.cir"
    path.write_text(rc().replace(".end", '.include "sub\\DEVICES.LIB"\n.include models.lib\n.end'), "utf-8")
    with pytest.raises(ConfigurationError, match=r"includes 'models.lib', but there is no such file in .*sub\."):
        simulate(path)
    (tmp_path / "sub" / "models.lib").write_text("", "utf-8")
    assert list(simulate(path).messages) == ["the included file 'models.lib' is not read"]
    (tmp_path / "sub" / "models.lib").rename(tmp_path / "models.lib")   # where the program runs is good, too
    assert list(simulate(path).messages) == ["the included file 'models.lib' is not read"]
    assert list(simulate(path.read_text("utf-8")).messages) == ["the included file 'models.lib' is not read"]


def test_cards_that_are_not_used_are_named() -> None:
    found = simulate(rc().replace(".end", ".options reltol=1e-3\n.end"))
    assert len(found.messages) == 1 and found.messages[0].startswith("the card '.options")
    with pytest.raises(ConfigurationError, match=r"has no \.tran card"):
        simulate(rc().replace(".tran 10n 2u uic\n", ""))


# ---------------------------------------------------------------------------------------- shares of a run


class Counted:
    """A circuit that takes steps at rates [steps per unit of time] which change at given times."""

    def __init__(self, *rates: tuple[float, float]) -> None:
        self.rates, self.time, self.steps = rates, 0.0, 0
        self.to: list[float] = []
        self.loaded: list[bool] = []

    def load_code(self, specialised: bool = False) -> None:
        self.loaded.append(specialised)

    def advance(self, time: float, skip: bool) -> None:
        assert skip is False
        rate = next(rate for until, rate in self.rates if self.time < until)
        self.steps += round(rate * (time - self.time))
        self.time = time
        self.to.append(time)


SHARES = [0.005, 0.01, *(k / 20 for k in range(1, 21))]
WORTH_COMPILING = module.WORTH_COMPILING   #: as it is in use: while tests run, another one keeps them from compiling


@pytest.fixture
def rule(long_runs_get_no_code_of_their_own: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile as in use; the circuits here are stand-ins."""
    monkeypatch.setattr(module, "WORTH_COMPILING", WORTH_COMPILING)


@pytest.mark.usefixtures("rule")
def test_a_quick_run_is_in_generic_code_to_its_end() -> None:
    for rate in (9000.0, 10_000.0):   # 9,900 steps to come when two shares are done
        quick = Counted((9.0, rate))
        module._run(quick, 1.0)  # type: ignore[arg-type]
        assert quick.loaded == [False] and quick.to == pytest.approx(SHARES)


@pytest.mark.usefixtures("rule")
@pytest.mark.parametrize(("rate", "shares"), [
    (10_200.0, [0.005, 0.01, 1.0]), (20_000.0, [0.005, 0.01, 1.0]),
    (2_100_000.0, [0.005, 0.01, *(k / 20 for k in range(1, 12)), 1.0])])
def test_a_long_run_has_code_of_its_own_and_ends_in_one_when_a_million_steps_are_left(
    rate: float, shares: list[float]
) -> None:
    """The rate of two shares says how many steps are to come: 10,000 are worth compiling."""
    long = Counted((9.0, rate))
    module._run(long, 1.0)  # type: ignore[arg-type]
    assert long.loaded == [False, True] and long.to == pytest.approx(shares)


@pytest.mark.usefixtures("rule")
def test_a_busy_start_alone_is_not_worth_compiling() -> None:
    start = Counted((0.004, 9_000_000.0), (9.0, 100.0))
    module._run(start, 1.0)  # type: ignore[arg-type]
    assert start.loaded == [False]


@pytest.mark.usefixtures("rule")
def test_times_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, busy=0.0)

    class Timed(Counted):
        def load_code(self, specialised: bool = False) -> None:
            super().load_code(specialised)
            clock.now += 5.0 if specialised else 3.0

        def advance(self, time: float, skip: bool) -> None:
            super().advance(time, skip)
            clock.now += 2.0
            clock.busy += 1.0

    monkeypatch.setattr(module, "time", SimpleNamespace(
        perf_counter=lambda: clock.now, process_time=lambda: clock.busy))
    assert module._run(Timed((9.0, 20_000.0)), 1.0) == (8.0, 6.0, 3.0)  # type: ignore[arg-type]


def test_a_parsed_temperature_is_in_kelvin() -> None:
    assert parse_netlist(rc().replace(".end", ".temp 27\n.end")).temperature == pytest.approx(300.15)
