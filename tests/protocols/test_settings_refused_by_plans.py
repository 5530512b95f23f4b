"""What an instrument would refuse on the bench is refused by the plan, with the name, the value and the range."""

from typing import Any

import pytest

from tsbench.protocols import protocol_named
from tsbench.records import DeviceLimits


def refusals(station: Any, name: str, **values: Any) -> list[str]:
    return [line for line in protocol_named(name).parse(values).plan(station).refusals if line]


@pytest.mark.parametrize("name", ["oscillation", "oscillation_window", "oscillation_map", "pulse_train"])
def test_a_record_that_is_too_short_for_the_scope(station: Any, name: str) -> None:
    """Such a record came back from the scope as an error "Data out of range"."""
    least = 100 / station.oscilloscope("scope").capabilities.sample_rate
    (line,) = [line for line in refusals(station, name, record_span=least / 3) if "record_span" in line]
    assert line.startswith("scope: record_span = ") and "range from" in line and "Raise 'record_span'" in line
    assert not [line for line in refusals(station, name, record_span=1.01 * least) if "100 samples" in line]


def test_a_read_pulse_counts_as_much_as_a_write_pulse(new_station: Any) -> None:
    """The guard stopped such a run at its first read; the plan had shown only the write pulse."""
    plan = protocol_named("pulsed_iv").parse({"read_amplitude": "7 V"}).plan(new_station(
        limits=DeviceLimits(max_voltage=4.0)))
    assert {item.quantity: item.value for item in plan.worst_case}["voltage"] == pytest.approx(7.0, rel=0.01)
    (line,) = [line for line in plan.refusals if "max_voltage" in line]
    assert "Lower 'read_amplitude'" in line
    assert any("read_amplitude = 1.000 kV is outside the range" in line
               for line in refusals(new_station(), "pulsed_iv", read_amplitude="1 kV"))
