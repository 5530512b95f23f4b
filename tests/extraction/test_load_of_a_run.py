"""The facts of a run by which events are grouped: the load of the driving source, and no speed of an approach."""

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


@pytest.mark.parametrize("name", ["ramp_rate", "approach_rate"])
def test_the_speed_of_the_approach_to_the_first_level_is_no_ramp_rate_of_the_sweep(name: str) -> None:
    """Run files of earlier versions call it ramp_rate; results of ramp_rate_series have a condition of that name."""
    facts = event_facts("r1", "iv_sweep", "D1", "", {"parameters": {name: 10.0, "stop": 1.2}}, {})
    assert facts["stop"] == 1.2 and not {"ramp_rate", "approach_rate"} & set(facts)
