"""The DG800/900 driver's messages."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.rigol_dg800.driver import RigolDG800
from tsbench.instruments.rigol_dg800.output import DgOutput, package_starts, repeated
from tsbench.records import Identity

OK = (":SYST:ERR?", '0,"No error"')
OPEN_LOAD = [(":OUTP1:LOAD INF", None), OK, (":OUTP1:LOAD?", "9.900000E+37")]
OFF = [(":OUTP1 OFF", None), OK, (":OUTP1?", "OFF")]
PULSE = Pulse(base=0.0, amplitude=1.5, width=1e-7, period=1e-6, rise_time=8e-9, fall_time=2e-8)


@contextmanager
def channel(pairs: list[tuple[Any, Any]], model: str = "DG992", number: int = 1) -> Iterator[DgOutput]:
    identity = Identity("Rigol Technologies", model, "DG9A1", "00.02.05")
    with expected_protocol(RigolDG800, pairs, identity=identity) as generator:
        yield generator.channel(number)


def levels(amplitude: str, offset: str) -> list[tuple[Any, Any]]:
    return [(":SOUR1:VOLT 0.002", None), (f":SOUR1:VOLT:OFFS {offset}", None), (f":SOUR1:VOLT {amplitude}", None), OK,
            (":SOUR1:VOLT?", amplitude), (":SOUR1:VOLT:OFFS?", offset)]


PULSE_MESSAGES = [
    *OFF, (":SOUR1:FUNC PULS", None), OK, (":OUTP1:POL NORM", None), (":SOUR1:PULS:HOLD WIDT", None),
    (":SOUR1:PULS:TRAN 8e-09", None), (":SOUR1:PULS:TRAN:TRA 8e-09", None), (":SOUR1:PULS:WIDT 1.6e-08", None),
    (":SOUR1:PER 1e-06", None), (":SOUR1:PULS:WIDT 1e-07", None), (":SOUR1:PULS:TRAN 8e-09", None),
    (":SOUR1:PULS:TRAN:TRA 2e-08", None), OK, *levels("1.5", "0.75"), (":SOUR1:PULS:WIDT?", "1.000000E-07"),
    (":SOUR1:PER?", "1.000000E-06"), (":SOUR1:PULS:TRAN?", "8.000000E-09"), (":SOUR1:PULS:TRAN:TRA?", "2.000000E-08"),
]


def burst(count: int, source: str = "MAN") -> list[tuple[Any, Any]]:
    return [(":SOUR1:BURS:MODE TRIG", None), (f":SOUR1:BURS:TRIG:SOUR {source}", None), (":SOUR1:BURS:TDEL 0", None),
            (f":SOUR1:BURS:NCYC {count}", None), (":SOUR1:BURS:STAT ON", None), OK, (":SOUR1:BURS:NCYC?", f"{count}")]


@pytest.mark.parametrize(("model", "outputs", "edge", "rate"), [
    ("DG811", 1, 10e-9, 125e6), ("DG822", 2, 10e-9, 125e6), ("DG952", 2, 10e-9, 250e6), ("DG992", 2, 8e-9, 250e6),
])
def test_each_output_is_a_pulse_generator_with_the_limits_of_its_model(
    model: str, outputs: int, edge: float, rate: float,
) -> None:
    with channel([], model, outputs) as found:
        assert isinstance(found, PulseGenerator) and len(found.generator.outputs) == outputs
        caps = found.capabilities
        assert (caps.pulse_width.low, caps.edge_time.low, caps.sample_rate.high) == (16e-9, edge, rate)


def test_unknown_models_and_outputs() -> None:
    with pytest.raises(ConfigurationError, match="DG952"), channel([], "DG953"):
        pass
    with pytest.raises(ConfigurationError, match="no output 2"), channel([], "DG811", 2):
        pass


def test_pulse() -> None:
    with channel([*OPEN_LOAD, *PULSE_MESSAGES]) as found:
        assert found.configure_load(math.inf) == math.inf
        accepted = found.configure_pulse(PULSE)
        assert (accepted.base, accepted.amplitude) == (pytest.approx(0.0), pytest.approx(1.5))


@pytest.mark.parametrize("pulse", [
    Pulse(0.0, 1.0, 1e-8, 1e-6, 8e-9, 8e-9), Pulse(0.0, 1.0, 2e-8, 3e-8, 8e-9, 8e-9),
    Pulse(0.0, 1.0, 1e-7, 1e-6, 5e-9, 8e-9), Pulse(0.0, 11.0, 1e-7, 1e-6, 8e-9, 8e-9),
    Pulse(0.0, 0.001, 1e-7, 1e-6, 8e-9, 8e-9),
])
def test_a_pulse_beyond_the_limits_is_not_sent(pulse: Pulse) -> None:
    with channel(OPEN_LOAD) as found:
        found.configure_load(math.inf)
        with pytest.raises(LimitError):
            found.configure_pulse(pulse)


def test_level_and_limits() -> None:
    pairs = [
        (":OUTP1:VOLL:STAT OFF", None), (":OUTP1:VOLL:HIGH 2", None), (":OUTP1:VOLL:LOW -1", None), OK,
        (":OUTP1:VOLL:LOW?", "-1.000000E+00"), (":OUTP1:VOLL:HIGH?", "2.000000E+00"), *OFF,
        (":SOUR1:BURS:STAT OFF", None), OK, (":SOUR1:FUNC DC", None), OK, (":SOUR1:VOLT:OFFS 0.5", None), OK,
        (":OUTP1:VOLL:STAT ON", None), OK, (":SOUR1:VOLT:OFFS?", "5.000000E-01"),
    ]
    with channel(pairs) as found:
        assert found.configure_level_limits(-1.0, 2.0) == (-1.0, 2.0)
        assert found.configure_level(0.5) == 0.5


def test_burst_trigger_and_abort() -> None:
    waited: list[float] = []
    pairs = [*OPEN_LOAD, *PULSE_MESSAGES, *burst(100_000), (":SOUR1:BURS:TRIG", None), (":SOUR1:BURS:TRIG", None),
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
        assert sum(waited) == pytest.approx(0.101)
        found.trigger()
        found.abort()
        assert not found.burst_running()
    with channel(burst(1, "EXT")) as found:
        assert found.configure_burst(1, "external") == 1


def test_a_waveform_is_a_block_of_codes_with_each_point_several_times() -> None:
    codes = np.repeat([1, 8192, 16383, 8192], 16384 // 4).astype("<u2")
    block = b":SOUR1:TRAC:DATA:DAC16 VOLATILE,END,#532768" + codes.tobytes()
    pairs = [
        *OPEN_LOAD, *OFF, (":OUTP1:POL NORM", None), OK, (block, None), OK, *OFF, (":SOUR1:FUNC USER", None), OK,
        *levels("2", "0"), (":SOUR1:FREQ 750", None), OK, (":SOUR1:FREQ?", "7.500000E+02"),
    ]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        levels_sent = np.repeat([-1.0, 0.0, 1.0, 0.0], 2)   # eight points: the least
        found.load_waveform(ArbitraryWaveform(levels_sent, 6e3, "step"))
        assert found.accepted_settings()["waveform_sample_rate"] == pytest.approx(6e3)


def test_points_are_repeated_as_far_as_package_and_rate_allow() -> None:
    codes = np.arange(10, dtype=np.int16)
    assert repeated(codes, 1e3, 250e6).size == 16380
    assert repeated(codes, 100e6, 250e6).size == 20
    assert repeated(np.zeros(20_000, np.int16), 1e3, 250e6).size == 20_000


def test_packages_are_neither_too_long_nor_too_short() -> None:
    assert package_starts(16384) == [0]
    assert package_starts(20_000) == [0, 16384]
    assert package_starts(16384 + 3) == [0, 16376]


def test_safe_state_asks_nothing() -> None:
    zero = (":OUTP{}:VOLL OFF", ":SOUR{}:BURS:STAT OFF", ":SOUR{}:FUNC DC", ":SOUR{}:VOLT:OFFS 0")
    pairs = [(":OUTP1 OFF", None), (":OUTP2 OFF", None), *((one.format(1), None) for one in zero),
             *((one.format(2), None) for one in zero), (":OUTP1?", "OFF"), (":OUTP2?", "ON")]
    with channel(pairs) as found:
        found.generator.safe_state()
        assert [state.enabled for state in found.generator.output_states()] == [False, True]
