"""A source meter reads means over milliseconds: it never yields a switching time or the peak of an on state."""

import pytest

from tests.fixtures.made_runs import sweep
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions

#: parts of names of quantities that need a scope
_FAST = ("delay", "rise_time", "fall_time", "switching_time", "peak", "spike", "frequency", "relaxation", "refractory",
         "energy")


@pytest.mark.parametrize("resistor", [False, True])
def test_a_sweep_without_a_scope_has_no_switching_time_and_no_peak(resistor: bool) -> None:
    protocol = protocol_named("iv_sweep")
    assert "scope" not in protocol.roles
    results = protocol.extract(sweep(resistor=resistor), ExtractionOptions())
    assert results
    for result in results:
        assert result.unit != "s" and not any(word in result.quantity for word in _FAST)


@pytest.mark.parametrize(("name", "settings"), [
    ("forming", {"stop": "1.2 V", "compliance": ["100 uA"]}), ("first_contact", {}),
    ("compliance_series", {"stop": "1.2 V", "step": "20 mV", "compliances": ["1 mA", "3 mA"]})])
def test_other_protocols_with_a_source_meter_alone_have_none_either(measure, name, settings) -> None:
    protocol = protocol_named(name)
    assert "scope" not in protocol.roles
    done = measure("nbo2", name, {key: value for key, value in settings.items() if key in protocol.model_fields})
    results = protocol.extract(done.run, ExtractionOptions())
    assert results
    for result in results:
        assert result.unit != "s" and not any(word in result.quantity for word in _FAST)
