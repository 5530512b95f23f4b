"""A protocol's parameters: checked once, then they stay as they are."""

import pytest
from pydantic import Field, ValidationError, model_validator

from tsbench.errors import ConfigurationError
from tsbench.protocols import IVSweep, PulseTrain, protocol_named
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Volts


class Example(Parameters):
    """Two quantities, one of which may be absent, and a number."""

    stop: Volts = Field(1.0, gt=0)
    level: Volts | None = None
    count: int = 3


def test_what_was_checked_cannot_be_changed() -> None:
    example = Example()
    with pytest.raises(ValidationError, match="frozen"):
        example.stop = -1.0


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Example.model_validate({"stpo": 1.0})


def test_values_go_into_the_run_file_with_their_units() -> None:
    assert Example(stop="1.2 V").parameters() == {  # type: ignore[arg-type]
        "stop": {"value": 1.2, "unit": "V"}, "level": {"value": None, "unit": "V"},
        "count": {"value": 3, "unit": ""},
    }


@pytest.mark.parametrize("error", [KeyError("a\nb"), SystemExit(3)])
def test_a_validator_that_fails_is_one_line_with_its_place(error: BaseException) -> None:
    class Lab(IVSweep):
        @model_validator(mode="after")
        def fails(self) -> "Lab":
            if self.stop == 0.5:
                raise error
            return self

    said = "KeyError: 'a b'" if isinstance(error, KeyError) else "SystemExit: 3"
    with pytest.raises(ConfigurationError) as caught:
        Lab.parse(stop=0.5)
    assert str(caught.value).startswith(
        f"iv_sweep: the check of the parameters failed ({said} (test_parameters.py, line ")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        PulseTrain.parse(amplitud="1.2 V", width="4 parsec", period="lots", count=3)
    said = str(caught.value)
    assert said.startswith("pulse_train: unknown parameter 'amplitud'. Did you mean 'amplitude'?")
    assert "width: '4 parsec'" in said and "period: 'lots'" in said and "count" not in said and "\n" not in said


def test_a_list_or_run_file_of_an_earlier_version_may_call_a_parameter_by_its_former_name() -> None:
    assert IVSweep.parse(ramp_rate="2 V/s").approach_rate == 2.0
    assert IVSweep.model_validate({"ramp_rate": 2.0}) == IVSweep(approach_rate=2.0)
    assert protocol_named("ramp_rate_series").parse(ramp_rate=2.0).parameters()["approach_rate"]["value"] == 2.0
    with pytest.raises(ConfigurationError, match="former name of 'approach_rate', and both are given"):
        IVSweep.parse(ramp_rate=2.0, approach_rate=3.0)


@pytest.mark.parametrize(("protocol", "given", "said"), [
    ("iv_sweep", {"step": "0 V"}, "step = 0 V must be above 0 V"),
    ("iv_sweep", {"drive": "current", "step": 0, "compliance": -1},
     "step = 0 A must be above 0 A. compliance = -1 V must be above 0 V"),
    ("iv_sweep", {"cycles": 0}, "cycles = 0 must be at least 1"),
    ("iv_sweep", {"dwell": "200 s"}, "dwell = 200 s must be at most 100 s"),
    ("retention", {"first": "2 s", "last": "1 s"}, "first = 2 s must be shorter than last = 1 s"),
    ("retention", {"read_voltage": 0}, "read_voltage = 0 V gives no stimulus and no read. Give another voltage"),
    ("retention", {"read_voltage": 2}, "read_voltage = 2 V must be closer to 0 V than set_voltage = 1.5 V"),
    ("paired_pulse", {"gaps": "0 s, 1 s"}, "a gap of 0 s is not longer than 0 s. Give longer gaps"),
    ("paired_pulse", {"width": "1n"}, "width = 1 ns is shorter than the edges of the pulse (1.25 us)"),
])
def test_a_refused_value_comes_with_its_name_unit_and_limit(protocol: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        protocol_named(protocol).parse(given)
    assert said in str(refused.value)
