"""The interfaces of instruments: each method says what it does, and each value of an instrument stands in one place."""

import dataclasses
import inspect

import pytest

from tsbench import instruments
from tsbench.instruments.generators.generator import MultiOutputGenerator
from tsbench.instruments.interfaces import LowImpedanceInput
from tsbench.instruments.keysight_33250a.data_sheet import CAPABILITIES
from tsbench.instruments.keysight_33250a.output import OutputOf33250A
from tsbench.instruments.registry import DRIVERS

PROTOCOLS = [one for one in vars(instruments).values() if inspect.isclass(one) and getattr(one, "_is_protocol", False)]
GENERATORS = sorted({
    one for declared in DRIVERS.things().values()
    if inspect.isclass(one := declared.load()) and issubclass(one, MultiOutputGenerator)
}, key=lambda one: one.__name__)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: one.__name__)
def test_each_method_of_an_interface_says_what_it_does(protocol: type) -> None:
    silent = [name for name, member in vars(protocol).items()
              if inspect.isfunction(member) and not name.startswith("_") and not (member.__doc__ or "").strip()]
    assert not silent


@pytest.mark.parametrize("driver", GENERATORS, ids=lambda one: one.__name__)
def test_a_generator_has_a_name_by_default_and_stops_each_output(driver: type[MultiOutputGenerator]) -> None:
    assert inspect.signature(driver).parameters["name"].default == "generator"
    if driver.__name__ != "Keysight33500":   # one message stops both of its outputs
        assert driver.abort is MultiOutputGenerator.abort


def test_the_33250a_sends_the_numbers_of_its_data_sheet() -> None:
    least = f":PULS:WIDT {CAPABILITIES.pulse_width.low!r};:PULS:TRAN {CAPABILITIES.edge_time.low!r}"
    assert least in OutputOf33250A.functions["pulse"]


def test_the_low_impedance_of_an_oscilloscope_has_one_value() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(LowImpedanceInput)}
    assert fields["resistance"] == LowImpedanceInput.resistance == 50.0
