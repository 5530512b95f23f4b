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
