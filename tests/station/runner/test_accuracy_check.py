"""A driver that states no accuracy is named in one warning line."""

import pytest

from tsbench.station.runner.accuracy_check import missing_accuracy

ROW = {"full_scale": 1.0, "gain": 1e-3, "offset": 1e-3, "noise": 0.0}


@pytest.mark.parametrize(("keys", "said"), [
    (("measure_current:0.001", "measure_voltage:20"), ""),
    (("source_current:0.001", "source_voltage:20"), ""),
    (("measure_current:0.001",), "meter: the driver states no accuracy of the voltage, so the intervals of the results "
     "are too narrow. Add measure_voltage:FULL_SCALE to the method accuracy of the driver"),
    (("current", "voltage"), "meter: the driver states no accuracy of the voltage and the current, so the intervals of "
     "the results are too narrow. Add measure_voltage:FULL_SCALE and measure_current:FULL_SCALE to the method accuracy "
     "of the driver"),
])
def test_a_missing_accuracy_is_one_line(keys: tuple[str, ...], said: str) -> None:
    lines = missing_accuracy({"meter": {"roles": ["drive"], "accuracy": dict.fromkeys(keys, ROW)}})
    assert lines == ((said,) if said else ())


def test_only_the_source_of_the_sweep_is_asked() -> None:
    assert missing_accuracy({"scope": {"roles": ["scope"], "accuracy": {}}, "other": {}}) == ()
