"""Options of a world file: a virtual instrument refuses what it does not have, and values without a meaning."""

from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS, instrument_class

MODELS = VIRTUAL_INSTRUMENTS.names()
WITH_INTERLOCK = [name for name in MODELS if "interlock" in instrument_class(name).option_names]
WITH_MAINS = [name for name in MODELS if "line_frequency" in instrument_class(name).option_names]


def made(model: str, **options: object) -> Any:
    return instrument_class(model)(BenchServices(1), Placement("it", "SIM1", {}, options))


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_option_is_refused(model: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^instruments.it.options: there is no option 'nonsense'") as refused:
        made(model, nonsense=1)
    known = instrument_class(model).option_names
    assert all(name in str(refused.value) for name in known) if known else "has no options" in str(refused.value)


def test_the_nearest_option_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no option 'interlok'\. Did you mean 'interlock'"):
        made("keithley_2450", interlok=False)


def test_source_meters_and_analysers_have_an_interlock() -> None:
    families = ("keithley_24", "keithley_26", "keithley_4200", "keysight_b29", "keysight_b1500")
    assert set(WITH_INTERLOCK) == set(WITH_MAINS) == {name for name in MODELS if name.startswith(families)}


@pytest.mark.parametrize("model", WITH_INTERLOCK)
@pytest.mark.parametrize("value", ["open", "closed", "", 0, 1, None])
def test_an_interlock_is_true_or_false(model: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^instruments.it.options: interlock = .* must be true or false"):
        made(model, interlock=value)
    made(model, interlock=False)


@pytest.mark.parametrize("model", WITH_MAINS)
@pytest.mark.parametrize("value", [0, 55, -50, "fast", "50", True, float("nan")])
def test_the_mains_frequency_is_50_or_60_hertz(model: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^instruments.it.options: line_frequency = .* must be 50 or 60"):
        made(model, line_frequency=value)


def test_other_options_have_values_with_a_meaning() -> None:
    with pytest.raises(ConfigurationError, match="pulse_card = 'no' must be true or false"):
        made("keithley_4200", pulse_card="no")
    with pytest.raises(ConfigurationError, match="language = 'LUA' must be 'SCPI' or 'TSP'"):
        made("keithley_2450", language="LUA")
