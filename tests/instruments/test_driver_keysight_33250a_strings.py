"""The 33250A driver's messages."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.keysight_33250a.driver import Keysight33250A
from tsbench.instruments.keysight_33250a.output import OutputOf33250A
from tsbench.records import Identity

OK = (":SYST:ERR?", '+0,"No error"')
OPEN_LOAD = [(":OUTP:LOAD INF", None), OK, (":OUTP:LOAD?", "9.9E+37")]
OFF = [(":OUTP OFF", None), OK, (":OUTP?", "0")]
ASIDE = ":VOLT:OFFS 0;:FREQ 1000"
PULSE = Pulse(base=0.0, amplitude=1.5, width=1e-7, period=1e-6, rise_time=1e-8, fall_time=1e-8)


@contextmanager
def output(pairs: list[tuple[Any, Any]], model: str = "33250A", number: int = 1) -> Iterator[OutputOf33250A]:
    identity = Identity("Agilent Technologies", model, "0", "2.01-1.01-1.00-03-1")
    with expected_protocol(Keysight33250A, pairs, identity=identity) as generator:
        found = generator.channel(number)
        assert isinstance(found, OutputOf33250A)
        yield found


def levels(amplitude: str, offset: str) -> list[tuple[Any, Any]]:
    return [(":VOLT 0.02", None), (f":VOLT:OFFS {offset}", None), (f":VOLT {amplitude}", None), OK,
            (":VOLT?", amplitude), (":VOLT:OFFS?", offset)]


PULSE_MESSAGES = [
    *OFF, (f"{ASIDE};:PULS:WIDT 8e-09;:PULS:TRAN 5e-09;:FUNC PULS", None), OK, (":OUTP:POL NORM", None),
    (":PULS:TRAN 5e-09", None), (":PULS:WIDT 8e-09", None), (":PULS:PER 1e-06", None), (":PULS:WIDT 1e-07", None),
    (":PULS:TRAN 1e-08", None), OK, *levels("1.5", "0.75"), (":PULS:TRAN?", "1.0E-08"), (":PULS:WIDT?", "1.0E-07"),
    (":PULS:PER?", "1.0E-06"),
]


def burst(count: int, source: str = "BUS") -> list[tuple[Any, Any]]:
    return [(f":TRIG:SOUR {source}", None), (":BURS:MODE TRIG", None), (f":BURS:NCYC {count}", None),
            (":BURS:STAT ON", None), OK, (":BURS:NCYC?", f"{count}")]


def test_the_output_is_a_pulse_generator_with_the_limits_of_the_model() -> None:
    with output([]) as found:
        assert isinstance(found, PulseGenerator)
        caps = found.capabilities
        assert (caps.level_into_50_ohm.high, caps.pulse_width.low, caps.edge_time.low) == (5.0, 8e-9, 5e-9)
        assert (caps.pulse_period.low, caps.edge_time.high, caps.burst_count.high) == (20e-9, 1e-3, 1e6)


def test_unknown_models_and_outputs() -> None:
    with pytest.raises(ConfigurationError, match="33250A"), output([], "33220A"):
        pass
    with pytest.raises(ConfigurationError, match="no output 2"), output([], number=2):
        pass


def test_pulse() -> None:
    with output([*OPEN_LOAD, *PULSE_MESSAGES]) as found:
        assert found.configure_load(math.inf) == math.inf
        accepted = found.configure_pulse(PULSE)
        assert (accepted.base, accepted.amplitude) == (pytest.approx(0.0), pytest.approx(1.5))
        assert (accepted.rise_time, accepted.fall_time) == (1e-8, 1e-8)


def test_an_edge_that_the_instrument_changes_is_an_error() -> None:
    pairs = [(":PULS:TRAN?", "2.0E-08") if pair[0] == ":PULS:TRAN?" else pair for pair in PULSE_MESSAGES]
    with output([*OPEN_LOAD, *pairs]) as found:
        found.configure_load(math.inf)
        with pytest.raises(InstrumentError, match="rise time"):
            found.configure_pulse(PULSE)


@pytest.mark.parametrize("pulse", [
    Pulse(0.0, 1.0, 7e-9, 1e-6, 5e-9, 5e-9), Pulse(0.0, 1.0, 1e-8, 1.5e-8, 5e-9, 5e-9),
    Pulse(0.0, 1.0, 1e-7, 1e-6, 4e-9, 4e-9), Pulse(0.0, 11.0, 1e-7, 1e-6, 5e-9, 5e-9),
    Pulse(0.0, 0.01, 1e-7, 1e-6, 5e-9, 5e-9),
    Pulse(0.0, 1.0, 1e-7, 1e-6, 5e-9, 6e-9),   # two edges
    Pulse(0.0, 1.0, 1e-8, 1e-6, 7e-9, 7e-9),   # longer than 0.625 times the width
    Pulse(0.0, 1.0, 9e-7, 1e-6, 7e-8, 7e-8),   # longer than 0.625 times the pause
])
def test_a_pulse_beyond_the_limits_is_not_sent(pulse: Pulse) -> None:
    with output(OPEN_LOAD) as found:
        found.configure_load(math.inf)
        with pytest.raises(LimitError):
            found.configure_pulse(pulse)


def test_level_limits_are_applied_by_the_driver() -> None:
    pairs = [*OFF, (":BURS:STAT OFF", None), OK, (":FUNC DC", None), OK, (":VOLT:OFFS 0.5", None), OK,
             (":VOLT:OFFS?", "0.5"), *OPEN_LOAD, (":VOLT:OFFS?", "1.0"), (":VOLT:OFFS 1.5", None), OK,
             (":VOLT:OFFS?", "1.5")]
    with output(pairs) as found:
        with pytest.raises(LimitError):
            found.configure_level_limits(-6.0, 1.0)
        assert found.configure_level_limits(-1.0, 1.0) == (-1.0, 1.0)
        assert found.configure_level(0.5) == 0.5
        for level in (1.2, -1.2):
            with pytest.raises(LimitError, match="level"):
                found.configure_level(level)
        found.configure_load(math.inf)   # the limits were volts into 50 Ohm
        assert found.configure_level(1.5) == 1.5


def test_burst_trigger_and_abort() -> None:
    pairs = [*OPEN_LOAD, *PULSE_MESSAGES, *burst(100), ("*ESR?", "1"), ("*TRG", None), ("*OPC", None), ("*ESR?", "0"),
             ("*ESR?", "1"), ("*ESR?", "0"), ("*TRG", None), ("*OPC", None), (":BURS:NCYC 100", None)]
    with output(pairs) as found:
        with pytest.raises(InstrumentError, match="no burst is configured"):
            found.trigger()
        found.configure_load(math.inf)
        found.configure_pulse(PULSE)
        assert found.configure_burst(100) == 100
        found.trigger()
        assert found.burst_running() and not found.burst_running()
        found.trigger()
        found.abort()
        assert not found.burst_running()
    with output(burst(1, "EXT")) as found:
        assert found.configure_burst(1, "external") == 1
        with pytest.raises(LimitError):
            found.configure_burst(1_000_001)


def test_a_waveform_is_a_block_of_codes_of_twelve_bits() -> None:
    codes = np.repeat([-2047, 0, 2047, 0], 2).astype(">i2").tobytes()
    pairs = [
        *OPEN_LOAD, *OFF, (":OUTP:POL NORM", None), (":FORM:BORD NORM", None), OK,
        (b":DATA:DAC VOLATILE,#216" + codes, None), OK, (":FUNC:USER VOLATILE", None), OK, *OFF,
        (f"{ASIDE};:FUNC USER", None), OK, *levels("2", "0"), (":FREQ 1000000", None), OK, (":FREQ?", "1.0E+06"),
    ]
    with output(pairs) as found:
        found.configure_load(math.inf)
        values = np.repeat([-1.0, 0.0, 1.0, 0.0], 2)
        found.load_waveform(ArbitraryWaveform(values, 8e6, "step"))
        assert found.accepted_settings()["waveform_sample_rate"] == pytest.approx(8e6)
        with pytest.raises(LimitError):
            found.load_waveform(ArbitraryWaveform(values[:7], 8e6, "step"))


@pytest.mark.parametrize("of", ["instrument", "output"])
def test_safe_state_asks_nothing(of: str) -> None:
    pairs = [(":OUTP OFF", None), (":BURS:STAT OFF", None), (":FUNC DC", None), (":VOLT:OFFS 0", None), (":OUTP?", "1")]
    with output(pairs) as found:
        (found.generator if of == "instrument" else found).safe_state()
        assert [state.enabled for state in found.generator.output_states()] == [True]
