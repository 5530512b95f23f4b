"""The AFG3000C/31000 driver's messages."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.tektronix_afg.driver import TektronixAFG
from tsbench.instruments.tektronix_afg.output import AfgOutput
from tsbench.records import Identity

OK = (":SYST:ERR?", '0,"No error"')
OPEN_LOAD = [(":OUTP1:IMP INF", None), OK, (":OUTP1:IMP?", "9.9E+37")]
OFF = [(":OUTP1 OFF", None), OK, (":OUTP1?", "0")]
PULSE = Pulse(base=0.0, amplitude=1.5, width=1e-7, period=1e-6, rise_time=2e-9, fall_time=4e-9)


@contextmanager
def channel(pairs: list[tuple[Any, Any]], model: str = "AFG31252", number: int = 1) -> Iterator[AfgOutput]:
    identity = Identity("TEKTRONIX", model, "C1", "SCPI:99.0 FV:1.5.2")
    with expected_protocol(TektronixAFG, pairs, identity=identity) as generator:
        yield generator.channel(number)


def levels(amplitude: str, offset: str, least: str = "0.002") -> list[tuple[Any, Any]]:
    return [(f":SOUR1:VOLT {least}", None), (f":SOUR1:VOLT:OFFS {offset}", None), (f":SOUR1:VOLT {amplitude}", None),
            OK, (":SOUR1:VOLT?", amplitude), (":SOUR1:VOLT:OFFS?", offset)]


PULSE_MESSAGES = [
    *OFF, (":SOUR1:FUNC PULS", None), OK, (":OUTP1:POL NORM", None), (":SOUR1:PULS:HOLD WIDT", None),
    (":SOUR1:PULS:TRAN 2e-09", None), (":SOUR1:PULS:TRAN:TRA 2e-09", None), (":SOUR1:PULS:WIDT 4e-09", None),
    (":SOUR1:PULS:PER 1e-06", None), (":SOUR1:PULS:WIDT 1e-07", None), (":SOUR1:PULS:TRAN 2e-09", None),
    (":SOUR1:PULS:TRAN:TRA 4e-09", None), OK, *levels("1.5", "0.75"), (":SOUR1:PULS:WIDT?", "1.0E-07"),
    (":SOUR1:PULS:PER?", "1.0E-06"), (":SOUR1:PULS:TRAN?", "2.0E-09"), (":SOUR1:PULS:TRAN:TRA?", "4.0E-09"),
]


def burst(count: int) -> list[tuple[Any, Any]]:
    return [(":TRIG:SOUR EXT", None), (":SOUR1:BURS:MODE TRIG", None), (":SOUR1:BURS:TDEL 0", None),
            (f":SOUR1:BURS:NCYC {count}", None), (":SOUR1:BURS:STAT ON", None), OK, (":SOUR1:BURS:NCYC?", f"{count}")]


@pytest.mark.parametrize(("model", "level", "width", "edge"), [
    ("AFG31252", 5.0, 4e-9, 2e-9), ("AFG31102", 5.0, 6e-9, 2.5e-9), ("AFG3252C", 2.5, 4e-9, 2.5e-9),
    ("AFG3152C", 5.0, 5e-9, 3.5e-9), ("AFG3102C", 5.0, 8e-9, 5e-9),
])
def test_each_output_is_a_pulse_generator_with_the_limits_of_its_model(
    model: str, level: float, width: float, edge: float,
) -> None:
    with channel([], model, 2) as found:
        assert isinstance(found, PulseGenerator) and found.channel == 2
        caps = found.capabilities
        assert (caps.level_into_50_ohm.high, caps.pulse_width.low, caps.edge_time.low) == (level, width, edge)


def test_unknown_models_and_outputs() -> None:
    with pytest.raises(ConfigurationError, match="AFG3252C"), channel([], "AFG3251"):
        pass
    with pytest.raises(ConfigurationError, match="no output 3"), channel([], number=3):
        pass


def test_pulse() -> None:
    with channel([*OPEN_LOAD, *PULSE_MESSAGES]) as found:
        assert found.configure_load(math.inf) == math.inf
        accepted = found.configure_pulse(PULSE)
        assert (accepted.base, accepted.amplitude) == (pytest.approx(0.0), pytest.approx(1.5))


@pytest.mark.parametrize("pulse", [
    Pulse(0.0, 1.0, 1e-9, 1e-6, 2e-9, 2e-9), Pulse(0.0, 1.0, 1e-8, 5e-9, 2e-9, 2e-9),
    Pulse(0.0, 1.0, 1e-8, 1e-6, 1e-9, 2e-9), Pulse(0.0, 11.0, 1e-8, 1e-6, 2e-9, 2e-9),
    Pulse(0.0, 0.001, 1e-8, 1e-6, 2e-9, 2e-9),
])
def test_a_pulse_beyond_the_limits_is_not_sent(pulse: Pulse) -> None:
    with channel(OPEN_LOAD) as found:
        found.configure_load(math.inf)
        with pytest.raises(LimitError):
            found.configure_pulse(pulse)


def test_limits_are_sent_with_the_next_level_and_lifted_while_levels_move() -> None:
    limits = [(":SOUR1:VOLT:LIM:HIGH 2", None), (":SOUR1:VOLT:LIM:LOW -1", None), OK, (":SOUR1:VOLT:LIM:LOW?", "-1"),
              (":SOUR1:VOLT:LIM:HIGH?", "2")]
    pairs = [
        *OFF, (":SOUR1:BURS:STAT OFF", None), OK, (":SOUR1:FUNC DC", None), OK,
        (":SOUR1:VOLT:OFFS 0.5", None), OK, *limits, (":SOUR1:VOLT:OFFS?", "0.5"),
        *OFF, (":SOUR1:VOLT:LIM:HIGH MAX", None), (":SOUR1:VOLT:LIM:LOW MIN", None), OK, (":SOUR1:FUNC PULS", None), OK,
        *PULSE_MESSAGES[5:-6], *limits, *PULSE_MESSAGES[-6:],
    ]
    with channel(pairs) as found:
        assert found.configure_level_limits(-1.0, 2.0) == (-1.0, 2.0)
        assert found.configure_level(0.5) == 0.5
        found._levels.load = math.inf   # as PULSE_MESSAGES has it
        found.configure_pulse(PULSE)


def test_a_limit_that_the_instrument_changes_is_an_error() -> None:
    pairs = [*OFF, (":SOUR1:BURS:STAT OFF", None), OK, (":SOUR1:FUNC DC", None), OK, (":SOUR1:VOLT:OFFS 0.5", None), OK,
             (":SOUR1:VOLT:LIM:HIGH 2", None), (":SOUR1:VOLT:LIM:LOW -1", None), OK,
             *[(":SOUR1:VOLT:LIM:LOW?", "-5")] * 2]
    with channel(pairs) as found:
        found.configure_level_limits(-1.0, 2.0)
        with pytest.raises(InstrumentError, match="low level limit"):
            found.configure_level(0.5)


def test_burst_trigger_and_abort() -> None:
    waited: list[float] = []
    pairs = [*OPEN_LOAD, *PULSE_MESSAGES, *burst(100_000), ("*TRG", None), ("*TRG", None),
             (":SOUR1:BURS:STAT ON", None), OK]
    with channel(pairs) as found:
        found.generator.wait = waited.append
        with pytest.raises(InstrumentError, match="no burst is configured"):
            found.trigger()
        found.configure_load(math.inf)
        found.configure_pulse(PULSE)
        assert found.configure_burst(100_000) == 100_000
        found.trigger()
        while found.burst_running():
            pass
        assert sum(waited) == pytest.approx(0.101) and max(waited) <= 0.05
        found.trigger()
        found.abort()
        assert not found.burst_running()
    with channel(burst(1)) as found:
        assert found.configure_burst(1, "external") == 1


def test_a_waveform_is_a_block_of_codes_of_fourteen_bits() -> None:
    block = b":DATA EMEM,#16" + np.array([0, 8191, 16382], ">u2").tobytes()
    pairs = [
        *OPEN_LOAD, *OFF, (":OUTP1:POL NORM", None), (":DATA:DEF EMEM,3", None), OK, (block, None), OK,
        (":DATA:COPY USER1,EMEM", None), OK, *OFF, (":SOUR1:FUNC USER1", None), OK, *levels("2", "0"),
        (":SOUR1:FREQ 1000000", None), OK, (":SOUR1:FREQ?", "1.0E+06"),
    ]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        found.load_waveform(ArbitraryWaveform(np.array([-1.0, 0.0, 1.0]), 3e6, "step"))
        assert found.accepted_settings()["waveform_sample_rate"] == pytest.approx(3e6)


def test_safe_state_asks_nothing() -> None:
    zero = (":SOUR{}:VOLT:LIM:HIGH MAX", ":SOUR{}:VOLT:LIM:LOW MIN", ":SOUR{}:BURS:STAT OFF", ":SOUR{}:FUNC DC",
            ":SOUR{}:VOLT:OFFS 0")
    pairs = [(":OUTP1 OFF", None), (":OUTP2 OFF", None), *((one.format(1), None) for one in zero),
             *((one.format(2), None) for one in zero), (":OUTP1?", "0"), (":OUTP2?", "1")]
    with channel(pairs) as found:
        found.generator.safe_state()
        assert [state.enabled for state in found.generator.output_states()] == [False, True]
