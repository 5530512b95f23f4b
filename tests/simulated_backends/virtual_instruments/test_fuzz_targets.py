"""The fuzzing benchmark: each virtual instrument has one target, and minutes that were not spent do not count."""

import fnmatch

import pytest

from benchmarks import fuzz
from benchmarks.acceptance.benches import registered


def test_each_virtual_instrument_has_one_target() -> None:
    found = [name for target in fuzz.TARGETS for name in fuzz.models(target)]
    assert sorted(found) == sorted(registered())


def test_each_pattern_names_an_instrument() -> None:
    for target, patterns in fuzz.TARGETS.items():
        for pattern in patterns:
            assert fnmatch.filter(registered(), pattern), (target, pattern)


def test_scpi_oscilloscopes_of_siglent_are_fuzzed_by_scpi() -> None:
    assert {"siglent_sds1104xhd", "siglent_sds2204xhd"} <= set(fuzz.models("scpi"))
    assert {"siglent_sds1202xe", "siglent_sds1204xe", "lecroy_wavesurfer3054z"} <= set(fuzz.models("lecroy"))


@pytest.mark.parametrize(("seconds", "enough"), [(0.0, False), (1709.0, False), (1711.0, True), (7200.0, True)])
def test_the_minutes_of_all_calls_must_be_spent(seconds: float, enough: bool) -> None:
    assert fuzz.long_enough({"seconds": seconds}, 30.0) is enough


def test_a_target_that_failed_early_does_not_pass_the_row_of_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    def failed_early(target: str, minutes: float, state: dict[str, float]) -> list[str]:
        state["seconds"] = 12.0
        return ["an input"] * fuzz.MOST_FAILURES

    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "fuzz", failed_early)
    assert fuzz.run(["kxci"], 30.0, False) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "in this call" in line)
    assert "0.2 min" in row and "FAIL" in row
