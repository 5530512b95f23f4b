"""The SDG2000X driver's messages: keys and values."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.languages.siglent import SIGLENT_GENERATOR, parse_pairs, parse_quantity, siglent_repeatable
from tsbench.instruments.siglent_sdg2000x.data_sheet import REPEATABLE
from tsbench.instruments.siglent_sdg2000x.driver import SiglentSDG2000X
from tsbench.instruments.siglent_sdg2000x.output import SdgOutput
from tsbench.records import Identity

OPEN_LOAD = [("C1:OUTP LOAD,HZ", None), ("C1:OUTP?", "C1:OUTP OFF,LOAD,HZ,PLRT,NOR")]
OFF = [("C1:OUTP OFF", None), ("C1:OUTP?", "C1:OUTP OFF,LOAD,HZ,PLRT,NOR")]
BSWV = ("C1:BSWV WVTP,PULSE,FRQ,1000000HZ,PERI,1e-06S,AMP,1.5V,AMPVRMS,0.75Vrms,OFST,0.75V,HLEV,1.5V,LLEV,0V,DUTY,20,"
        "WIDTH,2e-07,RISE,1e-08S,FALL,2e-08S,DLY,0")
PULSE = Pulse(base=0.0, amplitude=1.5, width=2e-7, period=1e-6, rise_time=1e-8, fall_time=2e-8)


@contextmanager
def channel(pairs: list[tuple[Any, Any]], model: str = "SDG2122X", number: int = 1) -> Iterator[SdgOutput]:
    identity = Identity("Siglent Technologies", model, "SDG2X1", "2.01")
    with expected_protocol(SiglentSDG2000X, pairs, identity=identity) as generator:
        yield generator.channel(number)


def basic(*pairs: str) -> list[tuple[Any, Any]]:
    return [(f"C1:BSWV {pair}", None) for pair in pairs]


NORMAL = [*basic("OFST,0"), ("C1:OUTP PLRT,NOR", None)]   # while the polarity is unknown
TIMING = basic("RISE,8.4e-09", "FALL,8.4e-09", "WIDTH,1.63e-08", "PERI,1e-06", "WIDTH,2e-07", "RISE,1e-08",
               "FALL,2e-08", "DLY,0")
PULSE_MESSAGES = [
    *OFF, *basic("WVTP,PULSE"), *TIMING, *basic("AMP,0.004"), *NORMAL, *basic("OFST,0.75", "AMP,1.5"),
    ("C1:BSWV?", BSWV), ("C1:BSWV?", BSWV),
]


def burst(count: int, source: str = "MAN") -> list[tuple[Any, Any]]:
    reply = (f"C1:BTWV STATE,ON,PRD,0.01S,STPS,0,TRSR,{source},TRMD,OFF,TIME,{count},DLAY,2.4e-07S,GATE_NCYC,NCYC,"
             "CARR,WVTP,PULSE")
    return [("C1:BTWV STATE,ON", None), (f"C1:BTWV TRSR,{source}", None), ("C1:BTWV GATE_NCYC,NCYC", None),
            (f"C1:BTWV TIME,{count}", None), ("C1:BTWV DLAY,0", None), ("C1:BTWV?", reply)]


def test_replies_are_keys_and_values() -> None:
    assert parse_pairs("C1:OUTP ON,LOAD,50,PLRT,NOR") == {"STATE": "ON", "LOAD": "50", "PLRT": "NOR"}
    assert parse_pairs("C2:BTWV STATE,ON,TIME,3,CARR,WVTP,SINE,FRQ,1000HZ") == {"STATE": "ON", "TIME": "3"}
    assert parse_quantity("8.4e-09S") == 8.4e-9 and parse_quantity("1000HZ") == 1000.0
    for wrong in ("OFF", "C1:OUTP", "C1:BSWV WVTP,SINE,FRQ"):
        with pytest.raises(ValueError, match="reply"):
            parse_pairs(wrong)
    with pytest.raises(ValueError, match="number"):
        parse_quantity("HZ")


def test_only_listed_questions_may_be_repeated() -> None:
    assert siglent_repeatable("C1:BSWV?", REPEATABLE) and siglent_repeatable("*IDN?", REPEATABLE)
    for message in ("C1:BSWV FRQ,1", "C1:MDWV?", "C1:BSWV?;C1:OUTP ON", "C1:BTWV MTRIG"):
        assert not siglent_repeatable(message, REPEATABLE)


def test_a_restart_shows_by_the_sync_output() -> None:
    assert SIGLENT_GENERATOR.power_lost(["C1:SYNC OFF"]) and not SIGLENT_GENERATOR.power_lost(["C1:SYNC ON,TYPE,CH1"])


@pytest.mark.parametrize("model", ["SDG2042X", "SDG2082X", "SDG2122X"])
def test_each_output_is_a_pulse_generator(model: str) -> None:
    with channel([], model, 2) as found:
        assert isinstance(found, PulseGenerator) and found.channel == 2
        caps = found.capabilities
        assert (caps.pulse_width.low, caps.edge_time.low, caps.sample_rate.high) == (16.3e-9, 8.4e-9, 75e6)
    with pytest.raises(ConfigurationError, match="SDG2042X"), channel([], "SDG2041X"):
        pass


def test_pulse() -> None:
    with channel([*OPEN_LOAD, *PULSE_MESSAGES]) as found:
        assert found.configure_load(math.inf) == math.inf
        assert found.configure_pulse(PULSE) == PULSE


def test_the_offset_of_an_inverted_pulse_is_programmed_with_the_other_sign() -> None:
    negative = Pulse(base=0.0, amplitude=-1.5, width=2e-7, period=1e-6, rise_time=1e-8, fall_time=2e-8)
    zero = [*OFF, ("C1:BTWV STATE,OFF", None), *basic("WVTP,DC", "OFST,0"), ("C1:OUTP PLRT,NOR", None),
            *basic("OFST,0.5"), ("C1:BSWV?", "C1:BSWV WVTP,DC,OFST,0.5V")]
    pairs = [
        *OPEN_LOAD, *PULSE_MESSAGES, *TIMING, *basic("AMP,0.004", "OFST,0"), ("C1:OUTP PLRT,INVT", None),
        *basic("OFST,0.75", "AMP,1.5"), ("C1:BSWV?", BSWV), ("C1:BSWV?", BSWV), *OPEN_LOAD, ("C1:BSWV?", BSWV), *zero]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        found.configure_pulse(PULSE)
        assert found.configure_pulse(negative) == negative
        found.configure_load(math.inf)
        assert found.accepted_settings()["offset"] == -0.75
        assert found.configure_level(0.5) == 0.5   # not -0.5 V


def test_a_burst_is_sent_again_after_another_waveform() -> None:
    with channel([*OPEN_LOAD, *burst(3, "EXT"), *PULSE_MESSAGES[:3], *burst(3, "EXT"), *PULSE_MESSAGES[3:]]) as found:
        found.configure_load(math.inf)
        assert found.configure_burst(3, "external") == 3
        assert found.configure_pulse(PULSE) == PULSE
        assert found.accepted_settings()["burst_count"] == 3


@pytest.mark.parametrize("pulse", [
    Pulse(0.0, 1.0, 1e-8, 1e-6, 1e-8, 1e-8), Pulse(0.0, 1.0, 2e-8, 3e-8, 1e-8, 1e-8),
    Pulse(0.0, 1.0, 1e-7, 1e-6, 5e-9, 1e-8), Pulse(0.0, 11.0, 1e-7, 1e-6, 1e-8, 1e-8),
    Pulse(0.0, 0.001, 1e-7, 1e-6, 1e-8, 1e-8),
])
def test_a_pulse_beyond_the_limits_is_not_sent(pulse: Pulse) -> None:
    with channel(OPEN_LOAD) as found:
        found.configure_load(math.inf)
        with pytest.raises(LimitError):
            found.configure_pulse(pulse)


def test_a_setting_that_the_instrument_clips_is_an_error() -> None:
    clipped = BSWV.replace("WIDTH,2e-07", "WIDTH,1e-07")
    with channel([*OPEN_LOAD, *PULSE_MESSAGES[:-1], ("C1:BSWV?", clipped)]) as found:
        found.configure_load(math.inf)
        with pytest.raises(InstrumentError, match="pulse width"):
            found.configure_pulse(PULSE)


def test_the_driver_refuses_levels_beyond_the_limits() -> None:
    pairs = [*OPEN_LOAD, *OFF, ("C1:BTWV STATE,OFF", None), *basic("WVTP,DC"), *NORMAL,
             *basic("OFST,0.5"), ("C1:BSWV?", "C1:BSWV WVTP,DC,OFST,0.5V")]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        assert found.configure_level_limits(-1.0, 1.0) == (-1.0, 1.0)
        assert found.configure_level(0.5) == 0.5
        with pytest.raises(LimitError, match="level"):
            found.configure_level(1.2)


def test_burst_trigger_and_abort() -> None:
    waited: list[float] = []
    pairs = [*OPEN_LOAD, *PULSE_MESSAGES, *burst(100_000), ("C1:BTWV MTRIG", None), ("C1:BTWV MTRIG", None),
             ("C1:BTWV TRSR,MAN", None)]
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


def test_a_waveform_is_bytes_behind_its_key() -> None:
    codes = np.repeat([-32767, 0, 32767, 0], 2).astype("<i2")
    reply = "C1:BSWV WVTP,ARB,FRQ,750HZ,PERI,0.00133333333S,AMP,2V,OFST,0V,HLEV,1V,LLEV,-1V,PHSE,0"
    pairs = [
        *OPEN_LOAD, *OFF, (b"C1:WVDT WVNM,TSB1,WAVEDATA," + codes.tobytes(), None),
        ("C1:ARWV NAME,TSB1", None), *OFF, *basic("WVTP,ARB", "AMP,0.004"), *NORMAL,
        *basic("OFST,0", "AMP,2"), ("C1:BSWV?", reply),
        ("C1:SRATE MODE,TARB,VALUE,6000", None), ("C1:SRATE?", "C1:SRATE MODE,TARB,VALUE,6000Sa/s"),
    ]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        found.load_waveform(ArbitraryWaveform(np.repeat([-1.0, 0.0, 1.0, 0.0], 2), 6e3, "step"))
        assert found.accepted_settings()["waveform_sample_rate"] == pytest.approx(6e3)


def test_a_garbled_reply_is_asked_for_again() -> None:
    pairs = [("C1:OUTP?", "C1:OUTP LOAD,HZ"), ("*IDN?", "Siglent Technologies,SDG2122X,SDG2X1,2.01"),
             ("C1:OUTP?", "C1:OUTP OFF,LOAD,HZ,PLRT,NOR")]
    with channel(pairs) as found:
        assert [state.enabled for state in found.output_states()] == [False]


def test_a_garbled_load_is_asked_for_again() -> None:
    pairs = [("C1:OUTP LOAD,50", None), ("C1:OUTP?", "C1:OUTP OFF,LOAD,NOR,PLRT,50"),
             ("*IDN?", "Siglent Technologies,SDG2122X,SDG2X1,2.01"), ("C1:OUTP?", "C1:OUTP OFF,LOAD,50,PLRT,NOR")]
    with channel(pairs) as found:
        assert found.configure_load(50.0) == 50.0


def test_safe_state_asks_nothing() -> None:
    zero = ("C{}:BTWV STATE,OFF", "C{}:BSWV WVTP,DC", "C{}:BSWV OFST,0")
    pairs = [("C1:OUTP OFF", None), ("C2:OUTP OFF", None), *((one.format(1), None) for one in zero),
             *((one.format(2), None) for one in zero), ("C1:OUTP?", "C1:OUTP OFF,LOAD,50,PLRT,NOR"),
             ("C2:OUTP?", "C2:OUTP ON,LOAD,50,PLRT,NOR")]
    with channel(pairs) as found:
        found.generator.safe_state()
        assert [state.enabled for state in found.generator.output_states()] == [False, True]
