"""What an instrument would refuse on the bench is refused by the plan, with the name, the value and the range."""

from contextlib import suppress
from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments.guard.limits import WirePath
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


@pytest.mark.parametrize(("name", "values", "lower"), [
    ("relaxation", {"width": 2e3}, "'width' or 'window'"), ("pulse_train", {"width": 2e3, "period": 9e3}, "'width'"),
    ("pulse_train", {"record_span": 2e3}, "'record_span'"), ("stimulus", {"period": 2e3}, "the length of the stimulus"),
    ("paired_pulse", {"width": 2e3}, "'width'"), ("adaptive_threshold", {"width": 2e3}, "'width'"),
    ("pulsed_iv", {"width": 2e3, "read_width": 2e3, "gap": 1e3, "period": 9e3},
     "'width' or 'read_width'"),
])
def test_a_record_that_is_too_long_for_the_scope(
    station: Any, name: str, values: dict[str, float], lower: str,
) -> None:
    """The guard stopped such a run after it had begun: "span 1.2 ks is outside the instrument's range"."""
    (line,) = [line for line in refusals(station, name, **values) if "longest" in line]
    assert line.endswith(f"is longer than the longest one of 1.000 ks. Lower {lower}"), line
    assert not [line for line in refusals(station, name) if "longest" in line]


def test_a_search_cannot_be_wider_than_its_range() -> None:
    with pytest.raises(ConfigurationError, match="must be narrower than the range of the search"):
        protocol_named("adaptive_threshold").parse({"lowest": 0.1, "highest": 1.5, "interval": 10.0})


def test_a_read_pulse_counts_as_much_as_a_write_pulse(new_station: Any) -> None:
    """The guard stopped such a run at its first read; the plan had shown only the write pulse."""
    plan = protocol_named("pulsed_iv").parse({"read_amplitude": "7 V"}).plan(new_station(
        limits=DeviceLimits(max_voltage=4.0)))
    assert {item.quantity: item.value for item in plan.worst_case}["voltage"] == pytest.approx(7.0, rel=0.01)
    (line,) = [line for line in plan.refusals if "max_voltage" in line]
    assert "Lower 'read_amplitude'" in line
    assert any("read_amplitude = 1.000 kV is outside the range" in line
               for line in refusals(new_station(), "pulsed_iv", read_amplitude="1 kV"))


@pytest.mark.parametrize("name", ["iv_sweep", "retention", "telegraph_noise", "first_contact", "oscillation"])
def test_a_compliance_beyond_the_limit_although_the_load_keeps_it(new_station: Any, name: str) -> None:
    """The guard of the source meter stopped such a run at its first setting, after a plan that was good."""
    station = with_source_meter_as_bias(new_station(limits=DeviceLimits(max_current=1e-3)))
    station.wire_path = lambda role: WirePath(resistance=1e6)
    (line,) = refusals(station, name, compliance=2e-3)
    role = "bias" if name == "oscillation" else "drive"
    assert line.startswith(f"{role}: compliance = 2.000 mA is larger than max_current of "), line
    assert "1.000 mA. Lower 'compliance', or change max_current" in line
    assert not refusals(station, name, compliance=1e-3)


def test_the_highest_compliance_of_forming_is_within_the_limit(new_station: Any) -> None:
    station = with_source_meter_as_bias(new_station(limits=DeviceLimits(max_current=1e-3)))
    station.wire_path = lambda role: WirePath(resistance=1e6)
    (line,) = refusals(station, "forming", compliance=[1e-4, 2e-3])
    assert line.startswith("drive: compliance = 2.000 mA is larger than max_current of "), line
    assert not refusals(station, "forming", compliance=[1e-4, 1e-3])


@pytest.mark.parametrize(("limits", "compliance"), [(DeviceLimits(max_current=1e-3), 1e-3), (DeviceLimits(), 5e-3)])
@pytest.mark.parametrize("name", ["oscillation", "oscillation_window", "oscillation_map"])
def test_an_oscillation_by_a_source_meter_stays_within_the_limit_of_the_device(
    new_station: Any, recorder: Any, name: str, limits: DeviceLimits, compliance: float,
) -> None:
    """The usual compliance of 5 mA made each such run fail on a device with a lower limit."""
    station = with_source_meter_as_bias(new_station(limits=limits))
    assert not refusals(station, name)
    with suppress(StopIteration):
        run = protocol_named(name).parse({}).run(station, recorder)
        for _ in range(3):
            next(run)
    assert station.meter.source.compliance == compliance


def with_source_meter_as_bias(station: Any) -> Any:
    meter = station.meter

    def no_generator(role: str) -> Any:
        raise ConfigurationError("no generator")

    station.pulse_generator, station.source_meter = no_generator, lambda role="drive": meter
    return station


def test_a_window_is_refused_with_its_own_parameters_and_shows_its_own_time(new_station: Any) -> None:
    lines = refusals(new_station(limits=DeviceLimits(max_voltage=100.0)), "oscillation_window", highest="19 V")
    (line,) = [line for line in lines if "outside the range" in line]
    assert line.endswith("Change 'lowest' or 'highest'") and "Change bias" not in line
    (line,) = [line for line in refusals(
        new_station(limits=DeviceLimits(max_voltage=2.0)), "oscillation_window") if "max_voltage" in line]
    assert "Lower 'highest'" in line
    plan = protocol_named("oscillation_window").parse({"budget": 8, "points": 8}).plan(new_station())
    assert plan.preview["time"][-1] == pytest.approx(plan.duration)
    with pytest.raises(ConfigurationError, match="highest must not be 0 V"):
        protocol_named("oscillation_window").parse({"lowest": "0 V", "highest": "0 V"})


REMEDIES = (   # protocol, settings, what lowers the voltage, what lowers the current beside it
    ("first_contact", {}, "Lower 'highest'", "lower 'compliance'"),
    ("forming", {}, "Lower 'stop'", "lower 'compliance'"),
    ("retention", {}, "Lower 'set_voltage'", "lower 'compliance'"),
    ("telegraph_noise", {}, "Lower 'bias'", "lower 'compliance'"),
    ("iv_sweep", {}, "Bring 'stop' closer to 0", "lower 'compliance'"),
    ("iv_sweep", {"start": "-2 V", "stop": "1 V"}, "Bring 'start' closer to 0", "lower 'compliance'"),
    ("iv_sweep", {"start": "-2 V", "stop": "2 V"}, "Bring 'start' and 'stop' closer to 0", "lower 'compliance'"),
    ("iv_sweep", {"levels": ["0 V", "1 V", "2 V"]}, "Bring 'levels' closer to 0", "lower 'compliance'"),
)


@pytest.mark.parametrize(("name", "values", "of_voltage", "of_current"), REMEDIES)
def test_the_remedy_lowers_what_is_beyond_the_limit(
    new_station: Any, name: str, values: dict[str, Any], of_voltage: str, of_current: str,
) -> None:
    """A lower compliance does not lower a voltage that is sourced."""
    (line,) = [one for one in refusals(new_station(limits=DeviceLimits(max_voltage=1e-3)), name, **values)
               if "device: voltage" in one]
    assert f"{of_voltage}, or change max_voltage" in line
    (line,) = [one for one in refusals(new_station(limits=DeviceLimits(max_current=1e-9)), name, **values)
               if "device: current" in one]
    assert f"{of_voltage}, {of_current}, or change max_current" in line


def test_under_current_drive_the_compliance_is_a_voltage_and_the_level_a_current(new_station: Any) -> None:
    values = {"drive": "current", "stop": "1 mA", "compliance": "2 V"}
    for limits, kind, remedy in (
        (DeviceLimits(max_voltage=1e-3), "voltage", "Lower 'compliance', or change max_voltage"),
        (DeviceLimits(max_current=1e-9), "current", "Bring 'stop' closer to 0, or change max_current"),
    ):
        (line,) = [one for one in refusals(new_station(limits=limits), "iv_sweep", **values)
                   if f"device: {kind}" in one]
        assert remedy in line
