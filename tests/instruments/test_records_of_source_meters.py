"""The settings and the accuracy of a source meter, as the run file keeps them."""

from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments.interfaces import Accuracy, MeasureSettings, Range, SourceMeterCapabilities, SourceSettings
from tsbench.instruments.source_meters.records import accuracy_tables, settings_record

ANY = Range(0.0, 1.0, "")


def test_each_table_of_accuracy_keeps_its_quantity_and_its_range() -> None:
    tables = accuracy_tables(SourceMeterCapabilities(
        source_voltage=ANY, source_current=ANY, compliance_current=ANY, compliance_voltage=ANY, nplc=ANY,
        maximum_sweep_points=1, minimum_dwell=0.0, line_frequency=50.0,
        current_accuracy=(Accuracy(1e-6, 0.01, 1e-9, 2e-10), Accuracy(1e-3, 0.02, 1e-7, 3e-8)),
        voltage_accuracy=(Accuracy(2.0, 0.03, 1e-4, 1e-5),),
        source_voltage_accuracy=(Accuracy(20.0, 0.04, 1e-3),),
        source_current_accuracy=(Accuracy(0.1, 0.05, 1e-5),)))
    assert tables == {
        "measure_current:1e-06": {"full_scale": 1e-6, "gain": 0.01, "offset": 1e-9, "noise": 2e-10},
        "measure_current:0.001": {"full_scale": 1e-3, "gain": 0.02, "offset": 1e-7, "noise": 3e-8},
        "measure_voltage:2": {"full_scale": 2.0, "gain": 0.03, "offset": 1e-4, "noise": 1e-5},
        "source_voltage:20": {"full_scale": 20.0, "gain": 0.04, "offset": 1e-3, "noise": 0.0},
        "source_current:0.1": {"full_scale": 0.1, "gain": 0.05, "offset": 1e-5, "noise": 0.0},
    }


def test_the_record_names_the_side_of_every_setting() -> None:
    record = settings_record(
        SourceSettings("voltage", compliance_current=1e-3, range=20.0, high_capacitance=True),
        MeasureSettings("current", 1e-6, 0.1, auto_zero=False))
    assert record == {
        "source_function": "voltage", "source_compliance_current": 1e-3, "source_range": 20.0,
        "source_high_capacitance": True,
        "measure_function": "current", "measure_range": 1e-6, "measure_nplc": 0.1, "measure_auto_zero": False,
    }


def test_a_side_that_was_not_configured_is_not_in_the_record() -> None:
    assert settings_record(None, None) == {}
    assert set(settings_record(None, MeasureSettings("voltage"))) == {
        "measure_function", "measure_range", "measure_nplc", "measure_auto_zero"}


def test_the_compliance_voltage_of_a_current_source_is_in_the_record() -> None:
    record = settings_record(SourceSettings("current", compliance_voltage=2.0), None)
    assert record["source_compliance_voltage"] == 2.0 and "source_compliance_current" not in record


@pytest.mark.parametrize(("function", "given", "needed"), [
    ("voltage", {}, "compliance_current"),
    ("voltage", {"compliance_voltage": 1.0}, "compliance_current"),
    ("voltage", {"compliance_current": 1e-3, "compliance_voltage": 1.0}, "compliance_current"),
    ("current", {"compliance_current": 1e-3}, "compliance_voltage"),
])
def test_a_source_needs_the_compliance_of_its_own_function(function: Any, given: dict[str, float], needed: str) -> None:
    with pytest.raises(ConfigurationError, match=f"sources {function} needs {needed} and has no"):
        SourceSettings(function, **given)


def test_what_is_read_back_keeps_the_function_and_the_mode() -> None:
    asked = SourceSettings("current", compliance_voltage=2.0, range=1e-3, high_capacitance=True)
    assert asked.read_back(2.1, None) == SourceSettings(
        "current", compliance_voltage=2.1, range=None, high_capacitance=True)
    wanted = SourceSettings("voltage", compliance_current=1e-3, range=2.0)
    assert SourceSettings.of("voltage", 1e-3, range=2.0) == wanted
