"""The load of a run, by which events are grouped, is that of the path of the source that drives."""

import pytest

from tsbench.extraction.observations import event_facts

PATHS = {"drive": 52.0, "pulser": 102.0, "bias": 5100.0}


@pytest.mark.parametrize(("protocol", "load"), [
    ("iv_sweep", 52.0), ("ramp_rate_series", 52.0), ("compliance_series", 52.0),
    ("pulse_train", 102.0), ("firing_probability", 102.0),
    ("oscillation", 5100.0), ("oscillation_window", 5100.0), ("neuron", 5100.0), ("stimulus", 5100.0),
    ("of_a_package_that_is_not_installed", None)])
def test_each_protocol_has_the_load_of_its_source(protocol: str, load: float | None) -> None:
    assert event_facts("r1", protocol, "D1", "", {"path_resistance": PATHS}, {}).get("load") == load
