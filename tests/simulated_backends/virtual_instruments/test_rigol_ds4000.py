"""The virtual DS4024, spoken to as the programming guide of the DS4000E says."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

#: pulses of 100 us every 500 us, 0 V to 1 V
PULSES = ("OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1", "VOLT:LOW 0",
          "OUTP1 ON")


@pytest.fixture
def bench(table: Any) -> Any:
    return table(imperfections=False, scope="rigol_ds4024")


def acquire(bench: Any, *messages: str) -> None:
    bench.send(bench.scope, *messages, ":SING")
    for _ in range(1000):
        if bench.ask(bench.scope, ":TRIG:STAT?") == "STOP":
            return
    raise AssertionError("never triggered")


def test_the_memory_comes_in_parts(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    acquire(bench, ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TIM:SCAL 5E-5", ":TRIG:EDGE:LEV 0.5", ":ACQ:MDEP 1400000")
    bench.send(bench.scope, ":WAV:SOUR CHAN1", ":WAV:MODE RAW", ":WAV:FORM BYTE", ":WAV:POIN 1400000", ":WAV:RES",
               ":WAV:BEG")
    preamble = [float(part) for part in bench.ask(bench.scope, ":WAV:PRE?").split(",")]
    assert preamble[:3] == [0, 2, 1_400_000]
    codes, states = [], []
    while not states or states[-1].startswith("READ"):
        states.append(bench.ask(bench.scope, ":WAV:STAT?"))
        payload = block_payload(bench.ask_bytes(bench.scope, ":WAV:DATA?"))
        assert payload is not None and len(payload) == int(states[-1].partition(",")[2])
        codes.append(np.frombuffer(payload, "u1"))
    bench.send(bench.scope, ":WAV:END")
    assert len(states) > 1 and states[-1].startswith("IDLE")
    volts = (np.concatenate(codes).astype(float) - preamble[8] - preamble[9]) * preamble[7]
    times = preamble[5] + preamble[4] * np.arange(len(volts))
    assert len(volts) == 1_400_000
    assert (times[0], times[-1]) == pytest.approx((-3.5e-4, 3.5e-4), abs=1e-9)
    assert np.median(volts[(times > 1e-5) & (times < 9e-5)]) == pytest.approx(1.0, abs=0.01)
    assert np.median(volts[(times < -1e-5)]) == pytest.approx(0.0, abs=0.01)
    assert bench.errors(bench.scope) == []


def test_the_screen_has_1400_points(bench: Any) -> None:
    bench.send(bench.scope, ":CHAN1:SCAL 1", ":CHAN1:OFFS 0", ":SING", ":TFOR", ":WAV:MODE NORM")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    assert bench.ask(bench.scope, ":WAV:PRE?").split(",")[:4] == ["0", "0", "1400", "1"]
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?")[:11] == b"#9000001400"


def test_pairs_of_channels_share_rate_and_memory(bench: Any) -> None:
    bench.send(bench.scope, ":TIM:SCAL 1E-7")
    for on, rate in (((1,), 4e9), ((1, 3), 4e9), ((1, 2, 3), 2e9), ((1, 2, 3, 4), 2e9)):
        bench.send(bench.scope, *(f":CHAN{channel}:DISP {int(channel in on)}" for channel in (1, 2, 3, 4)))
        assert bench.number(bench.scope, ":ACQ:SRAT?") == pytest.approx(rate)
    bench.send(bench.scope, ":ACQ:MDEP 14000000", ":ACQ:MDEP 7000000")   # half of each depth
    assert bench.errors(bench.scope) == [-222]
    assert bench.ask(bench.scope, ":ACQ:MDEP?") == "7000000"


def test_an_input_of_50_ohm_loads_the_generator(bench: Any) -> None:
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, ":CHAN1:SCAL 5", ":CHAN1:IMP FIFT")
    assert bench.number(bench.scope, ":CHAN1:SCAL?") == 1.0
    acquire(bench, ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.25", ":TIM:SCAL 5E-5", ":TRIG:EDGE:LEV 0.25")
    assert bench.number(bench.scope, ":MEAS:ITEM? VMAX,CHAN1") == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("message", "code"), [
    (":WAV:STAR 1", -113), (":WAV:STOP 100", -113), (":CHAN1:IMP 50", -104), (":CHAN1:SCAL 6", -222),
    (":TRIG:EDGE:LEV 0.7", -222), (":TRIG:HOLD 5E-8", -222), (":TIM:SCAL 1E-9", -222), (":ACQ:MDEP 12000", -222),
    (":ACQ:MDEP 1_400_000", -104), (b":ACQ:MDEP 1400000\xb2", -104), (b":ACQ:MDEP 1400000\xa0", -104),
    (":ACQ:MDEP nan", -224), (":ACQ:MDEP 1e999", -104),
])
def test_what_is_refused(bench: Any, message: str | bytes, code: int) -> None:
    bench.send(bench.scope, ":CHAN1:SCAL 0.1", ":CHAN1:OFFS 0", message)
    assert bench.errors(bench.scope) == [code]


def test_a_level_may_lie_six_divisions_from_the_middle(bench: Any) -> None:
    bench.send(bench.scope, ":CHAN1:SCAL 0.1", ":CHAN1:OFFS 0", ":TRIG:EDGE:LEV 0.59", ":TRIG:EDGE:SOUR EXT",
               ":TRIG:EDGE:LEV 0.8")
    assert bench.errors(bench.scope) == []
    bench.send(bench.scope, ":TRIG:EDGE:LEV 0.9")
    assert bench.errors(bench.scope) == [-222]


def test_the_divider_of_the_external_input_takes_levels_up_to_4_volt(bench: Any) -> None:
    """Both sources are one input (programming guide of the DS4000E, page 2-201)."""
    bench.send(bench.generator, *PULSES)
    acquire(bench, ":TIM:SCAL 5E-5", ":TRIG:EDGE:SOUR EXT5", ":TRIG:EDGE:LEV 1", ":TRIG:SWE NORM")
    assert bench.ask(bench.scope, ":TRIG:EDGE:SOUR?") == "EXT5" and bench.errors(bench.scope) == []
    bench.send(bench.scope, ":TRIG:EDGE:LEV 4.1")
    assert bench.errors(bench.scope) == [-222]


def test_a_readout_that_was_not_begun_has_no_points(bench: Any) -> None:
    bench.send(bench.scope, ":STOP", ":WAV:MODE RAW")
    assert bench.ask(bench.scope, ":WAV:STAT?") == "IDLE,0"
