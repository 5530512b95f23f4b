"""The 81160A/81150A driver's messages: the number of the channel stands in the header."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.keysight_81160a.driver import Keysight81160A
from tsbench.instruments.keysight_81160a.output import PulserOutput
from tsbench.records import Identity

OK = (":SYST:ERR?", '+0,"No error"')
OPEN_LOAD = [(":OUTP1:LOAD INF", None), OK, (":OUTP1:LOAD?", "9.9E+37")]
OFF = [(":OUTP1 OFF", None), OK, (":OUTP1?", "0")]
PULSE = Pulse(base=0.0, amplitude=1.5, width=1e-7, period=1e-6, rise_time=1e-9, fall_time=4e-9)


@contextmanager
def channel(pairs: list[tuple[Any, Any]], model: str = "81160A", number: int = 1) -> Iterator[PulserOutput]:
    identity = Identity("Agilent Technologies", model, "MY1", "1.0")
    with expected_protocol(Keysight81160A, pairs, identity=identity) as generator:
        yield generator.channel(number)


def levels(amplitude: str, offset: str, least: str = "0.1") -> list[tuple[Any, Any]]:
    return [(f":VOLT1 {least}", None), (f":VOLT1:OFFS {offset}", None), (f":VOLT1 {amplitude}", None), OK,
            (":VOLT1?", amplitude), (":VOLT1:OFFS?", offset)]


PULSE_MESSAGES = [
    *OFF, (":FUNC1 PULS", None), OK, (":OUTP1:POL NORM", None), (":PULS:HOLD1 WIDT", None), (":PULS:TRAN1 1e-09", None),
    (":PULS:TRAN1:TRA 1e-09", None), (":PULS:WIDT1 1.5e-09", None), (":PULS:PER1 1e-06", None),
    (":PULS:WIDT1 1e-07", None), (":PULS:TRAN1 1e-09", None), (":PULS:TRAN1:TRA 4e-09", None), OK,
    *levels("1.5", "0.75"), (":PULS:WIDT1?", "1.0E-07"), (":PULS:PER1?", "1.0E-06"), (":PULS:TRAN1?", "1.0E-09"),
    (":PULS:TRAN1:TRA?", "4.0E-09"),
]


def test_each_output_is_a_pulse_generator_with_the_limits_of_its_model() -> None:
    with channel([], number=2) as found:
        assert isinstance(found, PulseGenerator) and found.channel == 2
        caps = found.capabilities
        assert (caps.edge_time.low, caps.pulse_width.low, caps.pulse_period.low) == (1e-9, 1.5e-9, 1 / 330e6)
    with channel([], "81150A") as found:
        assert (found.capabilities.edge_time.low, found.capabilities.pulse_period.low) == (2.5e-9, 1 / 120e6)
    with pytest.raises(ConfigurationError, match="81160A"), channel([], "81110A"):
        pass
    with pytest.raises(ConfigurationError, match="no output 3"), channel([], number=3):
        pass


def test_pulse() -> None:
    with channel([*OPEN_LOAD, *PULSE_MESSAGES]) as found:
        assert found.configure_load(math.inf) == math.inf
        accepted = found.configure_pulse(PULSE)
        assert (accepted.base, accepted.amplitude) == (pytest.approx(0.0), pytest.approx(1.5))


@pytest.mark.parametrize("pulse", [
    Pulse(0.0, 1.0, 1e-9, 1e-6, 1e-9, 1e-9), Pulse(0.0, 1.0, 1e-8, 2e-9, 1e-9, 1e-9),
    Pulse(0.0, 1.0, 1e-8, 1e-6, 0.5e-9, 1e-9), Pulse(0.0, 11.0, 1e-8, 1e-6, 1e-9, 1e-9),
    Pulse(0.0, 0.05, 1e-8, 1e-6, 1e-9, 1e-9),
])
def test_a_pulse_beyond_the_limits_is_not_sent(pulse: Pulse) -> None:
    with channel(OPEN_LOAD) as found:
        found.configure_load(math.inf)
        with pytest.raises(LimitError):
            found.configure_pulse(pulse)


def test_level_and_limits() -> None:
    pairs = [
        (":VOLT1:LIM:STAT OFF", None), (":VOLT1:LIM:HIGH 2", None), (":VOLT1:LIM:LOW -1", None), OK,
        (":VOLT1:LIM:LOW?", "-1.0"), (":VOLT1:LIM:HIGH?", "2.0"), *OFF,
        (":TRIG1:COUN 1", None), (":ARM:SOUR1 IMM", None), OK, (":FUNC1 DC", None), OK,
        (":VOLT1:OFFS 0.5", None), OK, (":VOLT1:LIM:STAT ON", None), OK,
        (":VOLT1:OFFS?", "0.5"),
    ]
    with channel(pairs) as found:
        assert found.configure_level_limits(-1.0, 2.0) == (-1.0, 2.0)
        assert found.configure_level(0.5) == 0.5


def test_burst_trigger_and_abort() -> None:
    pairs = [
        (":ARM:SOUR1 MAN", None), (":BURS1:MODE TRIG", None), (":TRIG1:COUN 3", None), OK, (":TRIG1:COUN?", "3"),
        ("*ESR?", "0"), ("*TRG", None), ("*OPC", None), ("*ESR?", "0"), ("*ESR?", "1"),
        (":TRIG1:COUN 1", None), (":TRIG1:COUN 3", None),
    ]
    with channel(pairs) as found:
        with pytest.raises(InstrumentError, match="no burst is configured"):
            found.trigger()
        assert found.configure_burst(3) == 3
        found.trigger()
        assert found.burst_running() and not found.burst_running() and not found.burst_running()
        found.abort()
    with channel([(":ARM:SOUR1 EXT", None), (":BURS1:MODE TRIG", None), (":TRIG1:COUN 1", None), OK,
                  (":TRIG1:COUN?", "1")]) as found:
        assert found.configure_burst(1, "external") == 1


def test_a_waveform_is_a_block_of_codes_of_fourteen_bits() -> None:
    block = b":DATA1:DAC VOLATILE,#16" + np.array([-8191, 0, 8191], ">i2").tobytes()
    pairs = [
        *OPEN_LOAD, *OFF, (":OUTP1:POL NORM", None), OK, (block, None), OK, (":FUNC1:USER VOLATILE", None), OK, *OFF,
        (":FUNC1 USER", None), OK, *levels("2", "0"), (":FREQ1 1000000", None), OK, (":FREQ1?", "1.0E+06"),
    ]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        found.load_waveform(ArbitraryWaveform(np.array([-1.0, 0.0, 1.0]), 3e6, "step"))
        assert found.accepted_settings()["waveform_sample_rate"] == pytest.approx(3e6)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("number", [1, 2])
def test_an_output_opens_its_own_relays(number: int) -> None:
    zero = (":VOLT{}:LIM:STAT OFF", ":TRIG{}:COUN 1", ":ARM:SOUR{} IMM", ":FUNC{} DC", ":VOLT{}:OFFS 0")
    messages = (":OUTP{} OFF", ":OUTP{}:COMP OFF", *zero)
    with channel([(message.format(number), None) for message in messages], number=number) as found:
        found.safe_state()


def test_safe_state_opens_the_complement_too() -> None:
    zero = [(":VOLT{}:LIM:STAT OFF", None), (":TRIG{}:COUN 1", None), (":ARM:SOUR{} IMM", None), (":FUNC{} DC", None),
            (":VOLT{}:OFFS 0", None)]
    pairs = [
        (":OUTP1 OFF", None), (":OUTP2 OFF", None), (":OUTP1:COMP OFF", None), (":OUTP2:COMP OFF", None),
        *((command.format(1), None) for command, _ in zero), *((command.format(2), None) for command, _ in zero),
        (":OUTP1:COMP?", "0"), (":OUTP1?", "0"), (":OUTP2:COMP?", "1"), (":OUTP2?", "0"),
    ]
    with channel(pairs) as found:
        driver = found.generator
        driver.safe_state()
        assert [state.enabled for state in driver.output_states()] == [False, True]
