"""The virtual RTB2004, spoken to as the user manual of the RTB2000 says (1333.1611.02)."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

PULSES = ("OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1", "VOLT:LOW 0",
          "OUTP1 ON")
SCREEN = ("CHAN1:RANG 1.6", "CHAN1:OFFS 0.5", "TIM:RANG 4E-4", "ACQ:POIN 100000", "TRIG:A:MODE NORM",
          "TRIG:A:SOUR CH1", "TRIG:A:LEV1 0.5")


@pytest.fixture
def bench(table: Any) -> Any:
    opened = table(imperfections=False, scope="rohde_schwarz_rtb2004")
    opened.send(opened.generator, *PULSES)
    opened.send(opened.scope, *SCREEN)
    return opened


def read(bench: Any, form: str) -> Any:
    """Return the values of channel 1."""
    reply = bench.ask_bytes(bench.scope, "CHAN1:DATA?")
    if form == "ASC,0":
        return np.array([float(part) for part in reply.decode().split(",")])
    payload = block_payload(reply)
    assert payload is not None
    kind, bits = form.split(",")
    return np.frombuffer(payload, ">f4" if kind == "REAL" else f">u{int(bits) // 8}")


@pytest.mark.parametrize("form", ["UINT,8", "UINT,16", "UINT,32", "REAL,32", "ASC,0"])
def test_a_record_in_every_format(bench: Any, form: str) -> None:
    bench.send(bench.scope, f"FORM {form}", "CHAN1:DATA:POIN DMAX")
    assert bench.ask(bench.scope, "FORM?") == form
    assert bench.ask(bench.scope, "SING;*OPC?") == "1"
    start, stop, points, each = (float(part) for part in bench.ask(bench.scope, "CHAN1:DATA:HEAD?").split(","))
    assert (points, each) == (100_000, 1)
    volts = read(bench, form)
    if form.startswith("UINT"):
        volts = bench.number(bench.scope, "CHAN1:DATA:YOR?") + bench.number(bench.scope, "CHAN1:DATA:YINC?") * volts
    assert len(volts) == points
    times = bench.number(bench.scope, "CHAN1:DATA:XOR?") + bench.number(bench.scope, "CHAN1:DATA:XINC?") * np.arange(
        len(volts))
    assert (times[0], times[-1]) == pytest.approx((start, stop), abs=1e-9)
    step = 1.6 / 250
    assert np.median(volts[(times > 1e-5) & (times < 9e-5)]) == pytest.approx(0.995, abs=step)
    assert np.median(volts[times < -1e-5]) == pytest.approx(0.0, abs=step)
    assert bench.errors(bench.scope) == []


def test_the_voltages_of_a_value_are_those_of_the_manual(bench: Any) -> None:
    """The manual's example: 5 mV a division, so 1.999999949E-4 V a value of 8 bits, and 1/256 of it with 16."""
    bench.send(bench.scope, "CHAN1:SCAL 5E-3", "CHAN1:OFFS 0", "TRIG:A:LEV1 0", "TRIG:A:MODE AUTO")
    assert bench.ask(bench.scope, "SING;*OPC?") == "1"
    bench.send(bench.scope, "FORM UINT,8")
    assert bench.ask(bench.scope, "CHAN:DATA:YINC?") == "1.999999949E-4"
    middle = bench.number(bench.scope, "CHAN:DATA:YOR?")
    assert middle == pytest.approx(-2.55e-2, rel=1e-6)
    bench.send(bench.scope, "FORM UINT,16")
    assert bench.ask(bench.scope, "CHAN:DATA:YINC?") == "7.812499803E-7"
    assert bench.number(bench.scope, "CHAN:DATA:YOR?") == middle


def test_a_long_memory_reaches_beyond_the_screen(bench: Any) -> None:
    bench.send(bench.scope, "TIM:RANG 1.2E-6", "TIM:POS 2E-7", "CHAN2:STAT ON")
    assert bench.ask(bench.scope, "SING;*OPC?") == "1"
    found = {}
    for choice in ("DEF", "DMAX", "MAX"):
        bench.send(bench.scope, f"CHAN1:DATA:POIN {choice}")
        found[choice] = [float(part) for part in bench.ask(bench.scope, "CHAN1:DATA:HEAD?").split(",")][:3]
    assert found["DMAX"][2] == 1500   # 1.25 GSa/s with both channels of a pair
    assert found["DMAX"][:2] == pytest.approx([-4e-7, 8e-7], abs=2e-9)
    assert found["MAX"][2] == 100_000
    assert found["MAX"][:2] == pytest.approx([2e-7 - 40e-6, 2e-7 + 40e-6], abs=2e-9)
    assert found["DEF"][2] == 1200


def test_states_and_a_forced_trigger(bench: Any) -> None:
    bench.send(bench.generator, "OUTP1 OFF")
    bench.send(bench.scope, "SING")
    assert any(bench.ask(bench.scope, "STAT:OPER:COND?") == "8" for _ in range(1000))
    assert bench.ask(bench.scope, "ACQ:STAT?") == "RUN"
    bench.send(bench.scope, "*TRG")
    assert any(bench.ask(bench.scope, "ACQ:STAT?") == "COMP" for _ in range(1000))
    assert bench.ask(bench.scope, "STAT:OPER:COND?") == "0"


@pytest.mark.parametrize(("message", "code"), [
    ("NONSENSE 1", -113), ("CHAN1:RANG 1000", -222), ("CHAN1:OFFS 50", -222), ("TRIG:A:LEV1 100", -222),
    ("CHAN1:COUP DC", -224), ("FORM INT,8", -224), ("FORM UINT,64", -222), ("TIM:RANG 1 V", -131),
    ("TIM:RANG 1E-9", -222), ("ACQ:POIN 3E7", -222), ("TRIG1:MODE NORM", -113), ("TIM:HOR:POS 0", -113),
    ("CHAN1:POS 6", -222), ("CHAN1:SCAL", -109), ("TRIG:A:HOLD:TIME 1E-9", -222),
])
def test_what_is_refused(bench: Any, message: str, code: int) -> None:
    bench.send(bench.scope, message)
    assert bench.errors(bench.scope) == [code]


def test_settings_and_their_replies(bench: Any) -> None:
    bench.send(bench.scope, "ACQ:POIN 12000", "TRIG:A:SOUR EXT", "CHAN2:POL INV", "CHAN2:COUP ACL")
    for query, reply in {
        "ACQ:POIN?": "20000", "ACQ:POIN:AUT?": "0", "TRIG:A:SOUR?": "EXT", "CHAN2:POL?": "INV", "CHAN2:COUP?": "ACL",
        "TIM:DIV?": "12", "*OPT?": "B243", "CHAN1:DATA:YRES?": "10",
    }.items():
        if query.startswith("CHAN1:DATA"):
            bench.send(bench.scope, "TRIG:A:SOUR CH1")
            assert bench.ask(bench.scope, "SING;*OPC?") == "1"
        assert bench.ask(bench.scope, query) == reply, query
    bench.send(bench.scope, "ACQ:POIN:AUT ON")
    assert bench.ask(bench.scope, "ACQ:MEM?") == "AUT"


def test_a_code_of_the_end_is_clipped(bench: Any) -> None:
    bench.send(bench.scope, "CHAN1:RANG 0.5", "CHAN1:OFFS 0.5", "TRIG:A:LEV1 0.4", "FORM UINT,8",
               "CHAN1:DATA:POIN DMAX")
    assert bench.ask(bench.scope, "SING;*OPC?") == "1"
    values = read(bench, "UINT,8")
    assert {int(values.min()), int(values.max())} == {0, 255}
