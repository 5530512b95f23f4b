"""Two sweeps of a device tell an averaged oscillation from a negative resistance, at the command line too."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.test_averaged_oscillation import averaged, stable
from tests.fixtures.made_runs import SWEEP, run
from tsbench.analysis.threshold.averaged_oscillation import Averaged, LoadedSweep, falling_part
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.extraction.comparison import compare_sweeps
from tsbench.protocols.iv_sweep.extraction import looked_too_seldom, sweep_switching, too_seldom
from tsbench.records import Flag
from tsbench.storage import read_run
from tsbench.storage.nexus.writer import write_run


def table(path: Path, readings: LoadedSweep) -> Path:
    rows = "\n".join(f"{v:.9g},{i:.9g}" for v, i in zip(readings.voltage, readings.current, strict=True))
    path.write_text(f"voltage (V),current (A)\n{rows}\n", encoding="utf-8")
    return path


def stored(
    path: Path, readings: LoadedSweep, nplc: float, others: Sequence[np.ndarray] = (),
    flag: Flag | np.ndarray = Flag.UNCHECKED, every: int = 1,
) -> Path:
    """A run of one cycle, and one more for each of the ``others`` (voltages); ``flag`` of each reading, or of all."""
    level = np.linspace(1.0, 5.0, readings.voltage.size)
    points = [(k, 0.1 * k, cycle, 1, 1, level[k], level[k], readings.current[k], voltage[k])
              for cycle, voltage in enumerate((readings.voltage, *others), start=1) for k in range(level.size)]
    write_run(run("iv_sweep", SWEEP, points, parameters={"nplc": {"value": nplc, "unit": ""},
                                                           "check_every": {"value": every, "unit": ""}},
                  flags=np.resize(np.asarray(flag, np.uint32), len(points))), path)
    return path


def looks(readings: LoadedSweep, fall: Flag, *, step: int = 1, beside: Flag = Flag.NONE) -> np.ndarray:
    """The flags of readings: ``fall`` of every ``step``-th one at which the voltage falls, ``beside`` of the others."""
    flags, part = np.full(readings.voltage.size, int(beside), np.uint32), falling_part(
        readings.voltage, readings.current)
    flags[part.start + 1 : part.stop : step] = int(fall)
    return flags


@pytest.mark.parametrize(("made", "verdict", "flag"), [(averaged, Averaged.OSCILLATION, Flag.OSCILLATING),
                                                       (stable, Averaged.STABLE, Flag.NONE)])
def test_a_second_load_decides(tmp_path, made, verdict, flag):
    files = table(tmp_path / "one.csv", made(5e3)), table(tmp_path / "other.csv", made(1.25e4, seed=1))
    found = compare_sweeps(files, (5e3, 1.25e4))
    assert found.verdict is verdict and found.flag is flag
    assert len(found.facts) == 1 and "standard uncertainties" in found.lines[0]


@pytest.mark.parametrize(("flag", "verdict"), [(Flag.OSCILLATING, Averaged.OSCILLATION), (Flag.NONE, Averaged.STABLE),
                                                (Flag.UNCHECKED, Averaged.NOT_EXCLUDED)])
def test_a_scope_that_looked_during_the_run_decides(tmp_path, flag, verdict):
    found = compare_sweeps([stored(tmp_path / "one.nxs", averaged(5e3), 1.0, flag=flag)])
    assert found.verdict is verdict
    assert ("the scope during one.nxs" in found.lines[0]) is (flag is not Flag.UNCHECKED)


def test_three_looks_at_the_fall_are_needed_to_call_it_stable(tmp_path):
    """With a look every 100 readings, the scope does not see the falling part. The device may oscillate there."""
    for every, verdict in ((100, Averaged.NOT_EXCLUDED), (10, Averaged.NOT_EXCLUDED), (3, Averaged.STABLE)):
        found = compare_sweeps([stored(tmp_path / f"{every}.nxs", averaged(5e3), 1.0, flag=Flag.NONE, every=every)])
        assert found.verdict is verdict
        assert any("check_every=9," in line for line in found.lines) is (verdict is Averaged.NOT_EXCLUDED)
    seen = stored(tmp_path / "seen.nxs", averaged(5e3), 1.0, flag=Flag.OSCILLATING, every=10)
    assert compare_sweeps([tmp_path / "100.nxs", seen]).verdict is Averaged.OSCILLATION


def test_a_fall_of_which_half_was_not_looked_at_is_not_called_stable(tmp_path):
    flags = looks(averaged(5e3), Flag.UNCHECKED, step=2)
    found = compare_sweeps([stored(tmp_path / "half.nxs", averaged(5e3), 1.0, flag=flags)])
    assert found.verdict is Averaged.NOT_EXCLUDED and found.flag is Flag.UNCHECKED


@pytest.mark.parametrize("beside", [Flag.NONE, Flag.UNCHECKED])
def test_one_look_that_sees_an_oscillation_is_enough(tmp_path, beside):
    flags = looks(averaged(5e3), Flag.OSCILLATING, step=1000, beside=beside)
    assert np.count_nonzero(flags & int(Flag.OSCILLATING)) == 1
    found = compare_sweeps([stored(tmp_path / "one.nxs", averaged(5e3), 1.0, flag=flags)])
    assert found.verdict is Averaged.OSCILLATION and "1 of the 29 readings" in found.lines[0]


@pytest.mark.parametrize("flag", [Flag.NONE, Flag.OSCILLATING])
def test_a_scope_that_looked_with_another_load_says_nothing_of_the_first_sweep(tmp_path, flag):
    """The loads are so badly known here that the voltages of the two sweeps do not decide either."""
    files = [stored(tmp_path / "one.nxs", averaged(5e3), 1.0),
             stored(tmp_path / "other.nxs", averaged(1.2e4, seed=1), 1.0, flag=flag)]
    found = compare_sweeps(files, (5e3, 1.2e4), load_accuracy=0.1)
    assert found.verdict is Averaged.NOT_EXCLUDED
    assert [one.fact for one in found.facts] == ["a sweep with another load"]


def test_loads_that_are_wrong_within_their_accuracy_are_no_oscillation(tmp_path):
    """The voltage at the device is that of the source less the load times the current, and a load is 0.1 % wrong."""
    files = []
    for load, wrong in ((5e3, 1e-3), (1.25e4, -1e-3)):
        made = stable(load)
        read = LoadedSweep(made.voltage + wrong * load * made.current, made.current, load)
        files.append(stored(tmp_path / f"{load:g}.nxs", read, 1.0))
    assert compare_sweeps(files, (5e3, 1.25e4)).verdict is Averaged.NOT_EXCLUDED


@pytest.mark.parametrize("one", [Flag.NONE, Flag.OSCILLATING])
def test_one_checked_reading_leaves_the_numbers_of_an_unchecked_fall_in_doubt(tmp_path, one):
    flags = looks(averaged(5e3), one, step=1000, beside=Flag.UNCHECKED)
    measured = read_run(stored(tmp_path / "one.nxs", averaged(5e3), 1.0, flag=flags))
    (event,) = sweep_switching(measured)
    assert Flag.AMBIGUOUS in event.threshold_voltage.flags and Flag.AMBIGUOUS in event.hold_voltage.flags
    assert not looked_too_seldom(measured)   # the other readings have a flag of their own


@pytest.mark.parametrize(("readings", "advice"), [
    (8, "the scope looked only after every 10 readings (check_every). Fewer than 3 looks"),
    (8, "Sweep again with check_every=2, or with smaller steps"), (3, "check_every=1, or with smaller steps"),
    (2, "check_every=1 and with smaller steps, so that 3 readings or more lie in the fall")])
def test_the_advice_where_a_scope_looked_too_seldom(readings, advice):
    assert advice in too_seldom(readings, 10)


def test_a_sweep_says_that_the_scope_looked_too_seldom(tmp_path):
    """The run itself doubts its numbers, and names the number of readings that would decide."""
    for every in (100, 10, 3, 1):
        one = read_run(stored(tmp_path / f"{every}.nxs", averaged(5e3), 1.0, flag=Flag.NONE, every=every))
        doubted = [Flag.AMBIGUOUS in event.hold_voltage.flags for event in sweep_switching(one)]
        assert doubted == [every >= 10]
        assert ("check_every=9," in looked_too_seldom(one)) is (every >= 10)
    seen = read_run(stored(tmp_path / "seen.nxs", averaged(5e3), 1.0, flag=Flag.OSCILLATING, every=100))
    assert not looked_too_seldom(seen)


@pytest.mark.thorough
def test_runs_know_their_aperture_and_a_short_one_shows_the_scatter(tmp_path):
    random, long = np.random.default_rng(0), averaged(5e3)
    files = [stored(tmp_path / "long.nxs", long, 1.0)]
    for name, scatter in (("moving", 1e-3), ("calm", 0.0)):
        fall = np.arange(40) >= np.argmax(long.voltage)
        voltage = long.voltage + 1e-4 * random.standard_normal(40) + scatter * fall * random.uniform(-1, 1, 40)
        files.append(stored(tmp_path / f"{name}.nxs", LoadedSweep(voltage, long.current, 5e3), 0.01))
    assert compare_sweeps(files[:2]).verdict is Averaged.OSCILLATION
    calm = compare_sweeps(files[::2])
    assert calm.verdict is Averaged.NOT_EXCLUDED and calm.flag is Flag.UNCHECKED
    assert "periods in a reading does not show" in calm.lines[0] and "with a load that is 2 times" in calm.lines[-1]


def test_all_cycles_of_the_short_aperture_count(tmp_path):
    """Where the sweep begins just below the threshold, one cycle does not show the scatter."""
    random, whole = np.random.default_rng(0), averaged(5e3, count=80)
    first = int(np.argmax(whole.voltage)) - 5
    long = LoadedSweep(whole.voltage[first:], whole.current[first:], 5e3)
    noise = 1e-4 * np.where(np.arange(long.voltage.size) < 5, 1.0, 3.0)
    voltages = long.voltage + noise * random.standard_normal((6, long.voltage.size))
    one = LoadedSweep(voltages[0], long.current, 5e3)
    files = [stored(tmp_path / "long.nxs", long, 1.0), stored(tmp_path / "one.nxs", one, 0.01),
             stored(tmp_path / "all.nxs", one, 0.01, voltages[1:])]
    assert compare_sweeps(files[:2]).verdict is Averaged.NOT_EXCLUDED
    assert compare_sweeps(files[::2]).verdict is Averaged.OSCILLATION


def test_the_capacitance_decides_only_beyond_what_the_response_is_known_to(tmp_path):
    file = [table(tmp_path / "one.csv", averaged(5e3))]
    assert compare_sweeps(file, (5e3,), 80e-12, 20e-9).verdict is Averaged.OSCILLATION
    assert compare_sweeps(file, (5e3,), 80e-12, 130e-9).verdict is Averaged.NOT_EXCLUDED
    assert compare_sweeps(file, (5e3,), 80e-12, 130e-9, known_to=1.1).verdict is Averaged.OSCILLATION
    assert "--capacitance" in compare_sweeps(file, (5e3,), response_time=20e-9).lines[0]
    assert "--response" in compare_sweeps(file).lines[0]


def test_facts_that_contradict_each_other_are_said(tmp_path):
    files = table(tmp_path / "one.csv", averaged(5e3)), table(tmp_path / "other.csv", averaged(1.25e4, seed=1))
    found = compare_sweeps(files, (5e3, 1.25e4), 1e-15, 20e-9)
    assert found.flag == Flag.OSCILLATING | Flag.AMBIGUOUS and any("contradict" in line for line in found.lines)


def test_what_cannot_be_compared_is_refused(tmp_path):
    line = table(tmp_path / "line.csv", LoadedSweep(np.linspace(0, 1, 20), np.linspace(0, 1e-3, 20), 1e3))
    falling = table(tmp_path / "falling.csv", averaged(5e3))
    with pytest.raises(ConfigurationError, match="does not fall smoothly"):
        compare_sweeps([line])
    with pytest.raises(ConfigurationError, match="one load for each file"):
        compare_sweeps([falling], (1e3, 2e3))
    with pytest.raises(ConfigurationError, match="factor of 1 or more"):
        compare_sweeps([falling], known_to=0.5)
    assert "differ neither in the load" in compare_sweeps([falling, falling]).lines[0]
    other = tmp_path / "other.csv"
    other.write_text("time (s),voltage (V)\n" + "\n".join(f"{k},{k}" for k in range(20)), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not one table of voltage and current"):
        compare_sweeps([other])
    write_run(run("oscillation", ("index",), [[0.0]]), tmp_path / "run.nxs")
    with pytest.raises(ConfigurationError, match="is no sweep"):
        compare_sweeps([tmp_path / "run.nxs"])


@pytest.mark.parametrize("settings", [{"loads": (-5e3,)}, {"loads": (0.0,)}, {"capacitance": -1e-12},
                                      {"response_time": 0.0}, {"load_accuracy": -1.0}, {"loads": (float("inf"),)}])
def test_values_that_cannot_be_are_refused(tmp_path, settings):
    with pytest.raises(ConfigurationError, match="must be positive and finite"):
        compare_sweeps([table(tmp_path / "falling.csv", averaged(5e3))], **settings)


def test_a_load_that_contradicts_the_set_points_is_refused(tmp_path):
    made = averaged(5e3)
    levels = made.voltage + made.load * made.current
    rows = [f"{v:.9g},{i:.9g},{w:.9g}" for v, i, w in zip(made.voltage, made.current, levels, strict=True)]
    path, columns = tmp_path / "levels.csv", "voltage=1,current=2,level=3"
    path.write_text("\n".join(["voltage (V),current (A),set (V)", *rows]), "utf-8")
    with pytest.raises(ConfigurationError, match=r"--load gives 9.000 kOhm, but .* are 5.00 kOhm times the current"):
        compare_sweeps([path], (9e3,), columns=columns)
    found = compare_sweeps([path], (5.2e3,), capacitance=80e-12, response_time=1e-9, columns=columns)
    assert "5.200 kOhm" in found.lines[0]
    assert "5.000 kOhm" in compare_sweeps([path], (), 80e-12, 1e-9, columns=columns).lines[0]   # that of the set-points


def test_the_command_prints_the_facts_and_the_next_step(tmp_path, capsys):
    one, other = table(tmp_path / "a.csv", averaged(5e3)), table(tmp_path / "b.csv", averaged(1.25e4, seed=1))
    assert main(["compare", str(one), str(other), "--load", "5k,12.5k", "--json"]) == 0
    said = capsys.readouterr()
    assert [row["verdict"] for row in json.loads(said.out)] == ["oscillation", "oscillation"]
    assert "do not take thresholds from it" in said.err
    assert main(["compare", str(one)]) == 0
    assert "Measure the device with a scope" in capsys.readouterr().out
    assert main(["compare", str(one), "--load", "x"]) == 2


@pytest.mark.parametrize(("other", "same"), [(4.63e3, True), (5.4e3, True), (4.35e3, False), (5.75e3, False)])
def test_a_scope_counts_where_the_loads_are_the_same_within_a_tenth(tmp_path, other, same):
    """Only the scope of the second run looked. Loads that differ by less than 30 % tell nothing by the voltages."""
    files = [stored(tmp_path / "one.nxs", averaged(5e3), 1.0),
             stored(tmp_path / "other.nxs", averaged(other, seed=1), 1.0, flag=Flag.OSCILLATING)]
    found = compare_sweeps(files, (5e3, other))
    assert found.verdict is (Averaged.OSCILLATION if same else Averaged.NOT_EXCLUDED)
    assert [one.fact for one in found.facts] == ["the scope during other.nxs" if same else "a sweep with another load"]


def test_a_scope_says_nothing_of_a_sweep_whose_load_is_not_known(tmp_path):
    """The load of a table without set-points is not known. That of a run is in its file."""
    files = table(tmp_path / "one.csv", averaged(5e3)), stored(tmp_path / "other.nxs", averaged(5e3), 1.0, flag=(
        Flag.OSCILLATING))
    assert compare_sweeps(files).verdict is Averaged.NOT_EXCLUDED
    assert compare_sweeps(files, (5e3, 5e3)).verdict is Averaged.OSCILLATION
    assert compare_sweeps(files[::-1]).verdict is Averaged.OSCILLATION   # the scope of the first one always counts


@pytest.mark.parametrize(("every", "verdict"), [(0, Averaged.NOT_EXCLUDED), (1, Averaged.OSCILLATION)])
def test_flags_of_a_run_without_looks_of_a_scope_are_not_those_of_a_scope(tmp_path, every, verdict):
    run_file = stored(tmp_path / "one.nxs", averaged(5e3), 1.0, flag=Flag.OSCILLATING, every=every)
    assert compare_sweeps([run_file]).verdict is verdict


@pytest.mark.parametrize(("in_fall", "beside", "seldom"), [
    (Flag.NONE, Flag.NONE, True), (Flag.NONE, Flag.UNCHECKED, True), (Flag.UNCHECKED, Flag.NONE, False)])
def test_more_looks_help_only_where_the_scope_looked_at_all_of_the_fall(tmp_path, in_fall, beside, seldom):
    """A look every 10 readings is too seldom. If no look counts for some readings of the fall, it is not the reason."""
    readings = averaged(5e3)
    flags, part = np.full(readings.voltage.size, int(beside), np.uint32), falling_part(
        readings.voltage, readings.current)
    flags[part] = int(Flag.NONE)
    flags[part.start : part.start + 5] = int(in_fall)
    (line, _) = compare_sweeps([stored(tmp_path / "one.nxs", readings, 1.0, flag=flags, every=10)]).lines
    assert ("the scope looked only after every 10 readings" in line) is seldom
    assert ("one sweep alone does not exclude" in line) is not seldom
