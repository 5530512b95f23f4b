"""The table of observables: verdicts, notes, parts that do not exist; and the rows that are quick to make."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.studies.neurons.library import neuron


@pytest.fixture(scope="module", autouse=True)
def _benchmarks() -> None:
    root = str(Path(__file__).parents[3])
    if root not in sys.path:
        sys.path.insert(0, root)


def test_a_row_is_judged_by_its_tolerance() -> None:
    from benchmarks.physics_row import compared

    def row(given: float | None) -> bool | None:
        return compared("d", "threshold", 1.75, "V", "F", "table", given, 0.01).passed

    assert row(1.76) and row(1.7325 + 1e-9)
    assert not row(1.77) and not row(1.73) and not row(None)
    assert compared("d", "slope", -2.0, "", "K", "", -2.01, 0.01).passed


def test_table_numbers_notes_and_shows_verdicts() -> None:
    from benchmarks.physics import table
    from benchmarks.physics_row import claimed, compared, shown

    text = table([
        compared("d", "threshold", 1.75, "V", "F", "paper", 1.80, 0.01, "why not"),
        claimed("d", "volatile", "yes [F]", "paper", "yes", True, "why not"), shown("d", "hold", "0.7 V", "no figure")])
    assert "| d | threshold | 1.750 V [F] | paper | 1.800 V (+2.86 %) | 1 % | numerical | FAIL (1) |" in text
    assert "| pass (1) |" in text and "| - (2) |" in text
    assert text.endswith("1. why not\n2. no figure")
    assert "P(2 \\| 1)" in table([claimed("d", "P(2 | 1)", "yes [F]", "paper", "yes", True)])


def test_a_part_that_does_not_exist_has_no_rows() -> None:
    from benchmarks.physics import rows_of

    assert rows_of("nothing_of_the_kind", True) == ()


def test_thresholds_of_the_core_devices_pass() -> None:
    from benchmarks.physics_mott import moving_core

    rows = moving_core("nb2o5", "row 1", 1.75, peak=2.5, load=1e3, slope=-1.12e-3)
    assert len(rows) == 6
    assert [row.observable for row in rows if row.passed is False] == []


def test_rows_count_apart() -> None:
    from benchmarks.physics import counted, counts_as, table
    from benchmarks.physics_row import claimed, compared, shown

    rows = [
        compared("nb2o5", "threshold voltage, static fold at the terminals", 1.75, "V", "F", "paper", 1.75, 0.01),
        compared("ots_gst", "rise time of the current at switching, 10 to 90 %", 10e-12, "s", "F", "paper", 36e-12,
                 1.0),
        compared("ots_gst", "ratio of the switching voltages at 100 nm and at 50 nm", 2.0, "", "F", "", 1.9, 0.1),
        claimed("vo2", "23 firing behaviours", "23 [F]", "paper", "23", True),
        shown("vo2", "hold", "0.2 V", "no figure"),
    ]
    assert [counts_as(row) for row in rows] == ["no evidence", "numerical", "numerical", "qualitative", "shown"]
    text = counted(rows)
    for line in ("numerical: the model gives a published figure within its tolerance | 1 | 1 |",
                 "qualitative: a published statement holds | 1 | 0 |", "the form of the model | 1 | 0 |",
                 "there is no model | 1 | - |"):
        assert line in text
    assert text.endswith("* ots_gst: rise time of the current at switching, 10 to 90 % (numerical)")
    assert "| no evidence: rho_ins | pass |" in table(rows)


def test_every_parameter_that_a_row_restates_is_tuned_assumed_or_of_the_source_itself() -> None:
    from benchmarks.physics_restated import RESTATED

    for restated in RESTATED:
        assert bool(restated.parameters) != bool(restated.form)
        if restated.parameters:
            marks = {parameter.name: parameter.mark for parameter in catalogue()[restated.device].parameters}
            assert {marks[name] for name in restated.parameters} <= {"T", "A", "F2", "K"}, restated


@pytest.mark.parametrize("part", ["mott", "nanodots"])
def test_no_tuned_figure_counts_as_evidence(part: str) -> None:
    from benchmarks.physics import counts_as
    from benchmarks.physics_mott import half_volt, moving_core, poole_frenkel, public_netlist
    from benchmarks.physics_nanodots import _of_polarity

    if part == "mott":
        core = moving_core("nb2o5", "row 1", 1.75, peak=2.5, load=1e3, slope=-1.12e-3)
        rows = [*core, *poole_frenkel(), *half_volt(), *public_netlist()]
        evidence = {(row.device, row.observable) for row in rows if counts_as(row) in ("numerical", "qualitative")}
        volatile = "S-shaped, volatile hysteresis: hold below threshold"
        heating = "heating at the threshold, static fold"
        assert evidence == {
            ("nb2o5", volatile), ("nbo2", volatile), ("tin_nbo2", volatile), ("nbo2", heating),
            ("nbo2_slesazeck", heating)}
        assert [row.passed for row in rows if row.observable == heating] == [False, False]   # 81 and 107 K of 150 K
    else:
        rows = _of_polarity(1, "+", 0.267, 0.080, 806.0)
        evidence = {row.observable.split(" +")[0] for row in rows if counts_as(row) in ("numerical", "qualitative")}
        assert evidence == {"slope of the set", "slope of the reset"}


def test_a_line_with_an_offset_is_not_proportional_and_a_jump_is_no_rectifier() -> None:
    from benchmarks.physics_neurons import proportional, rectified

    x = np.linspace(0.05e-3, 0.5e-3, 31)
    assert proportional(x, 2e10 * x * (1 + 0.04 * np.sin(1e5 * x)))
    assert not proportional(x, 1.8e10 * (x + 77e-6))   # as three rows had it that passed: R2 1, zero at -77 uS
    gates = np.arange(0.8, 1.81, 0.1)
    assert rectified(gates, np.maximum(0.0, 5e6 * (gates - 1.15)))
    assert not rectified(gates, np.where(gates > 1.15, 1.7e6 + 5e6 * (gates - 1.2), 0.0))
    assert not rectified(gates, 5e6 * gates)


def test_what_stands_in_public_code_is_marked_so() -> None:
    """Values of repositories, netlists and ports are F2; F is public text, or data that others have measured."""
    for entry in catalogue().values():
        last = ""
        for value in (*entry.parameters, *entry.observables):
            last = value.source if not value.source.startswith("the same") else last
            code = re.search(r"model\.py|netlist|\bport\b|public curves|MIT licence|\(MIT\)", last)
            if code and value.mark not in "AT":
                assert value.mark == "F2", (entry.name, value.name)


def test_a_device_claims_only_what_its_sources_say() -> None:
    from benchmarks.physics_silver_devices import AG_2D

    entry = catalogue()["mos2_ag"]
    assert "onolayer" not in entry.title + entry.material + entry.description
    sources = {one.name: one.source for one in entry.observables}
    assert "Dev" not in sources["threshold voltage, middle of the range"] + AG_2D
    assert "Dev" in sources["on/off ratio"]
    gao = neuron("gao_oscillation")
    assert "proportional" in gao.source
    assert "linear" not in gao.source
