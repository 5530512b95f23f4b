"""Write the settings and the accuracy of a source meter in the form that a run file keeps."""

import dataclasses
from collections.abc import Mapping

from tsbench.instruments.interfaces import MeasureSettings, SourceMeterCapabilities, SourceSettings


def settings_record(source: SourceSettings | None, measure: MeasureSettings | None) -> dict[str, object]:
    """Return ``"source_level"``, ``"measure_nplc"`` -> value, for all fields of the settings.

    The compliance of the other function is left out: a source that drives a voltage has no compliance voltage.
    """
    return {
        f"{prefix}_{name}": value
        for prefix, settings in (("source", source), ("measure", measure)) if settings is not None
        for name, value in dataclasses.asdict(settings).items()
        if value is not None or not name.startswith("compliance_")
    }


def accuracy_tables(capabilities: SourceMeterCapabilities) -> Mapping[str, Mapping[str, float]]:
    """Return ``"measure_current:0.001"`` -> full_scale, gain, offset, noise, for every quantity and range."""
    tables = {
        "measure_current": capabilities.current_accuracy,
        "measure_voltage": capabilities.voltage_accuracy,
        "source_voltage": capabilities.source_voltage_accuracy,
        "source_current": capabilities.source_current_accuracy,
    }
    return {
        f"{quantity}:{row.full_scale:g}": dataclasses.asdict(row)
        for quantity, rows in tables.items()
        for row in rows
    }
