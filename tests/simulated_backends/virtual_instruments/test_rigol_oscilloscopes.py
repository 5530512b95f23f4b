"""The virtual Rigol oscilloscopes, spoken to as their programming guides say."""

from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload

SCOPES = ("rigol_ds1074z", "rigol_mso5104")
#: pulses of 100 us every 500 us, 0 V to 1 V
PULSES = ("OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1", "VOLT:LOW 0",
          "OUTP1 ON")


def triggered(bench: Any, level: float = 0.5) -> None:
    """Show 0 V to 1 V on channel 1, and acquire once."""
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TIM:SCAL 5E-5",
               ":TRIG:EDGE:SOUR CHAN1", f":TRIG:EDGE:LEV {level}", ":SING")
    for _ in range(1000):
        if bench.ask(bench.scope, ":TRIG:STAT?") == "STOP":
            return
    raise AssertionError("never triggered")


def read(bench: Any, mode: str = "RAW", first: int = 1, last: int = 1200, form: str = "BYTE") -> tuple[Any, Any]:
    """Return times [s] and volts by the formula of the programming guide."""
    bench.send(bench.scope, f":WAV:MODE {mode}", f":WAV:FORM {form}", ":WAV:SOUR CHAN1", f":WAV:STAR {first}",
               f":WAV:STOP {last}")
    preamble = [float(part) for part in bench.ask(bench.scope, ":WAV:PRE?").split(",")]
    payload = block_payload(bench.ask_bytes(bench.scope, ":WAV:DATA?"))
    assert payload is not None
    codes = np.frombuffer(payload, "u1" if form == "BYTE" else "<u2").astype(float)
    times = preamble[5] + preamble[4] * np.arange(first - 1, first - 1 + len(codes))
    return times, (codes - preamble[8] - preamble[9]) * preamble[7]


@pytest.mark.parametrize("name", SCOPES)
def test_memory_and_screen_show_the_pulse(table: Any, name: str) -> None:
    bench = table(imperfections=False, scope=name)
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, f":ACQ:MDEP {'120000' if name == 'rigol_ds1074z' else '100k'}")
    triggered(bench)
    points = 1200 if name == "rigol_ds1074z" else 1000
    divisions = points // 100
    for mode, form, last in (("NORM", "BYTE", points), ("NORM", "WORD", points), ("RAW", "BYTE", 250_000)):
        times, volts = read(bench, mode, 1, last, form)
        assert np.median(volts[(times > 1e-5) & (times < 9e-5)]) == pytest.approx(1.0, abs=0.01)
        assert np.median(volts[(times < -1e-5)]) == pytest.approx(0.0, abs=0.01)
        if mode == "NORM":
            assert len(times) == points
            assert times[0] == pytest.approx(-divisions / 2 * 5e-5)
            assert times[1] - times[0] == pytest.approx(5e-7)
    assert bench.errors(bench.scope) == []


def test_codes_and_preamble_of_a_ds1074z(table: Any) -> None:
    """0 to 255, mid-screen 127, 25 codes a division; a positive offset moves the waveform up."""
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 1", ":CHAN1:OFFS 2", ":SING", ":TFOR")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    bench.send(bench.scope, ":WAV:MODE NORM")
    parts = bench.ask(bench.scope, ":WAV:PRE?").split(",")
    assert parts[:4] == ["0", "0", "1200", "1"]
    assert parts[6:] == ["0", "4.000000e-02", "50", "127"]
    block = bench.ask_bytes(bench.scope, ":WAV:DATA?")
    assert block[:11] == b"#9000001200"
    assert set(block[11:]) == {127 + 50}


def test_what_is_beyond_the_screen_has_the_ends_of_the_codes(table: Any) -> None:
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 0.05", ":CHAN1:OFFS -0.5", ":TIM:SCAL 1E-4",
               ":TRIG:EDGE:LEV 0.5", ":SING")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    block = bench.ask_bytes(bench.scope, ":WAV:DATA?")
    assert {0, 255} <= set(block[11:])
    assert bench.number(bench.scope, ":MEAS:ITEM? VMAX,CHAN1") == 9.9e37


def test_a_long_memory_is_read_in_parts(table: Any) -> None:
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.scope, ":ACQ:MDEP 1200000", ":TIM:SCAL 1E-3", ":SING", ":TFOR")
    assert bench.number(bench.scope, ":ACQ:SRAT?") == pytest.approx(1e8)
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    bench.send(bench.scope, ":WAV:MODE RAW", ":WAV:STAR 1", ":WAV:STOP 250001", ":WAV:DATA?")
    assert bench.errors(bench.scope) == [-222]
    bench.send(bench.scope, ":WAV:STAR 1000001", ":WAV:STOP 1200000")
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?")[:11] == b"#9000200000"
    bench.send(bench.scope, ":RUN")
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?") == b"#9000000000"   # only a stopped one


def test_channels_share_rate_and_memory(table: Any) -> None:
    bench = table(scope="rigol_ds1074z")
    bench.send(bench.scope, ":TIM:SCAL 1E-6")
    for channel, rate in ((1, 1e9), (2, 500e6), (3, 250e6), (4, 250e6)):
        bench.send(bench.scope, f":CHAN{channel}:DISP ON")
        assert bench.number(bench.scope, ":ACQ:SRAT?") == pytest.approx(rate)
    bench.send(bench.scope, ":ACQ:MDEP 3000", ":ACQ:MDEP 12000")   # three and four channels have a quarter
    assert bench.errors(bench.scope) == [-222]
    assert bench.ask(bench.scope, ":ACQ:MDEP?") == "3000"


@pytest.mark.parametrize(("message", "code"), [
    (":NONSENSE 1", -113), (":WAV:POIN?", -113), (":CHAN1:IMP FIFT", -113), (":CHAN1:SCAL 1000", -222),
    (":CHAN1:SCAL 1 S", -131), (":TIM:SCAL 100", -222), (":CHAN5:DISP ON", -114), (":TRIG:EDGE:SOUR EXT", -224),
    (":TRIG:EDGE:LEV 100", -222), (":CHAN1:PROB 3", -224), (":ACQ:AVER 3", -224), (":TRIG:MODE", -109),
    (":MEAS:ITEM? NOTHING", -224), (":TRIG:HOLD 1E-9", -222), (":DISP:DATA? ON,OFF,GIF", -224),
])
def test_what_is_refused(table: Any, message: str, code: int) -> None:
    bench = table(scope="rigol_ds1074z")
    bench.send(bench.scope, message)
    assert bench.errors(bench.scope) == [code]


def test_states_of_the_trigger(table: Any) -> None:
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.scope, ":CHAN1:PROB 1", ":TRIG:EDGE:LEV 0.3", ":STOP")
    assert bench.ask(bench.scope, ":TRIG:STAT?") == "STOP"
    bench.send(bench.scope, ":SING")
    states = {bench.ask(bench.scope, ":TRIG:STAT?") for _ in range(50)}
    assert "WAIT" in states
    assert states <= {"RUN", "WAIT"}
    assert bench.ask(bench.scope, ":TRIG:SWE?") == "SING"
    bench.send(bench.scope, ":TFOR")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    bench.send(bench.scope, ":TRIG:SWE AUTO", ":RUN")
    assert bench.ask(bench.scope, ":TRIG:STAT?") in {"AUTO", "TD"}


def test_a_pulse_that_is_long_enough_triggers(table: Any) -> None:
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TIM:SCAL 5E-5",
               ":TRIG:MODE PULS", ":TRIG:PULS:LEV 0.5", ":TRIG:PULS:WHEN PGR", ":TRIG:PULS:WIDT 2E-4", ":SING")
    assert "STOP" not in {bench.ask(bench.scope, ":TRIG:STAT?") for _ in range(100)}
    bench.send(bench.scope, ":STOP", ":TRIG:PULS:WIDT 5E-5", ":SING")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    times, volts = read(bench, "NORM")
    assert np.median(volts[(times > -9e-5) & (times < -1e-5)]) == pytest.approx(1.0, abs=0.01)   # its end triggers


@pytest.mark.parametrize(("item", "value", "tolerance"), [
    ("VPP", 1.0, 0.02), ("VTOP", 1.0, 0.01), ("PWIDth", 1e-4, 1e-6), ("PERiod", 5e-4, 1e-6),
    ("FREQuency", 2e3, 10.0), ("PDUTy", 20.0, 0.5), ("PPULses", 2.0, 1.0),
])
def test_measurements(table: Any, item: str, value: float, tolerance: float) -> None:
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":TIM:SCAL 1E-4",
               ":TRIG:EDGE:LEV 0.5", ":SING")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    assert bench.number(bench.scope, f":MEAS:ITEM? {item},CHAN1") == pytest.approx(value, abs=tolerance)


def test_the_picture_is_a_file(table: Any) -> None:
    bench = table(scope="rigol_ds1074z")
    assert bench.ask_bytes(bench.scope, ":DISP:DATA? ON,OFF,PNG")[11:19] == b"\x89PNG\r\n\x1a\n"
    assert bench.ask_bytes(bench.scope, ":DISP:DATA?")[11:13] == b"BM"


def test_gain_and_noise_are_within_the_data_sheet(table: Any) -> None:
    """A constant 0.6 V: within 3 % of full scale, 0.1 division, 2 mV and 1 % of the offset; noise of some codes."""
    bench = table(scope="rigol_ds1074z")
    bench.send(bench.generator, "OUTP1:LOAD INF", "FUNC DC", "VOLT:OFFS 0.6", "OUTP1 ON")
    bench.send(bench.scope, ":CHAN1:PROB 1", ":CHAN1:SCAL 0.2", ":CHAN1:OFFS -0.5", ":SING", ":TFOR")
    while bench.ask(bench.scope, ":TRIG:STAT?") != "STOP":
        pass
    _, volts = read(bench, "NORM")
    assert abs(np.mean(volts) - 0.6) < 0.03 * 1.6 + 0.02 + 2e-3 + 5e-3
    assert 0.0 < np.std(volts) < 0.02


ABSENT = {
    "rigol_ds1074z": (":MATH:DISP", ":FUNC:WREC:ENAB", ":MASK:ENAB"),
    "rigol_ds4024": (":MATH:DISP", ":MASK:ENAB"),
    "rigol_mso5104": (":MATH1:DISP", ":MATH4:DISP", ":RECord:WRECord:ENABle", ":LA:STATe", ":BUS2:DISP", ":SEAR:STAT",
                      ":MASK:ENAB", ":SOUR1:OUTP1:STAT", ":SOURce2:OUTPut2",
                      ":DVM:ENAB", ":COUN:ENAB"),
}


@pytest.mark.parametrize(("name", "header"), [(name, one) for name, many in ABSENT.items() for one in many])
def test_functions_that_the_twin_lacks_are_off_and_stay_off(table: Any, name: str, header: str) -> None:
    bench = table(imperfections=False, scope=name)
    assert bench.ask(bench.scope, f"{header}?") == "0"
    bench.send(bench.scope, f"{header} OFF", f"{header} 0")
    assert bench.errors(bench.scope) == []
    bench.send(bench.scope, f"{header} ON")
    assert bench.errors(bench.scope) == [-221] and bench.ask(bench.scope, f"{header}?") == "0"


@pytest.mark.parametrize("name", SCOPES)
def test_cursors_can_be_switched(table: Any, name: str) -> None:
    bench = table(imperfections=False, scope=name)
    assert bench.ask(bench.scope, ":CURSor:MODE?") == "OFF"
    bench.send(bench.scope, ":CURSor:MODE MANual")
    assert bench.ask(bench.scope, ":CURS:MODE?") == "MAN" and bench.errors(bench.scope) == []
    bench.send(bench.scope, "*RST", ":CURS:MODE WRONG")
    assert bench.ask(bench.scope, ":CURS:MODE?") == "OFF" and bench.errors(bench.scope) == [-224]


def test_a_scope_without_digital_channels_has_no_header_for_them(table: Any) -> None:
    """The DS1000Z, beside its sister MSO1000Z; the MSO5000 has the header also without its logic probe."""
    bench = table(imperfections=False, scope="rigol_ds1074z")
    bench.send(bench.scope, ":LA:STAT OFF", ":RECord:WRECord:ENABle 0")
    assert bench.errors(bench.scope) == [-113, -113]
