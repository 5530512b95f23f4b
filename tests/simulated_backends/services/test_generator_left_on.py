"""A generator left running: what it costs, what the witness knows of it, and what becomes of what takes too long."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvisa

from tests.simulated_backends.access.test_serve_process import Process
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform, Sine
from tsbench.simulated_backends.circuit.kernel import compiled_circuit
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import Aperture
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.witness.witness import Witness

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ENOUGH = 300_000  #: steps for anything below; computing every period would take 10^8 and more
SHAPES = {
    "sine": ("FUNC SIN", "FREQ 1e7"),
    "square": ("FUNC SQU", "FREQ 1e6"),
    "pulse": ("FUNC PULS", "FREQ 1e3", "FUNC:PULS:TRAN:BOTH 2.9e-9", "FUNC:PULS:WIDT 20e-9"),
    "arbitrary": ("DATA:ARB:DAC ramp," + ",".join(str(k) for k in range(-32000, 32001, 2000)), "FUNC:ARB ramp",
                  "FUNC:ARB:SRAT 1e6", "FUNC ARB"),
    "noise": ("FUNC NOIS", "FUNC:NOIS:BAND 1e5"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_nobody_looking_costs_nothing(table: Any, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    monkeypatch.setattr(compiled_circuit, "GENERIC_STEPS", math.inf)   # to compile it for noise takes seconds
    bench = table()
    bench.send(bench.generator, "OUTP:LOAD INF", *SHAPES[shape], "VOLT 1", "OUTP ON")
    for _ in range(3):
        bench.bench.begin_message()
        bench.bench.clock.wait(33.0)
        bench.bench.sync()
    assert bench.bench.circuit.work < (4 * ENOUGH if shape == "noise" else ENOUGH)   # 20,000 corners a period
    assert bench.bench.circuit.steady
    bench.send(bench.generator, "OUTP OFF")
    assert not bench.errors(bench.generator)
    bench.bench.clock.wait(1e-3)
    assert abs(bench.bench.circuit.voltage("a")) < 1e-6


@pytest.mark.parametrize("filtering", ["STEP", "NORM", "OFF"])
def test_an_arbitrary_waveform_repeats_without_a_seam(table: Any, filtering: str) -> None:
    bench = table(imperfections=False)
    points = ",".join(["0", "30000", "30000", "-30000"] * 8)
    bench.send(bench.generator, "OUTP:LOAD INF", f"DATA:ARB:DAC steps,{points}", "FUNC:ARB steps", "FUNC ARB",
               f"FUNC:ARB:FILT {filtering}", "FUNC:ARB:SRAT 1e6", "VOLT 2", "OUTP ON")
    _, voltage = bench.voltages("a", 164e-6, 164 * 256 + 1)   # five cycles of eight periods
    periods = voltage[: 160 * 256].reshape(40, 1024)
    assert np.ptp(periods[1:], axis=0).max() < 1e-3
    assert np.ptp(voltage) > 1.2


def test_a_sine_burst_of_a_million_cycles(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SIN", "FREQ 1e6", "VOLT 1", "TRIG:SOUR BUS", "BURS:NCYC 1e6",
               "BURS:STAT ON", "BURS:PHAS 90", "OUTP ON", "*TRG")
    assert bench.ask(bench.generator, "*OPC?") == "1"
    bench.bench.clock.wait(1e-4)
    assert bench.bench.circuit.voltage("a") == pytest.approx(0.5 * 1e4 / 10_050, rel=0.02)   # stands where it began
    assert bench.bench.circuit.work < ENOUGH


def test_both_channels_run_from_one_oscillator(table: Any) -> None:
    bench = table(seed=11)
    assert bench.generator.channels.errors[1].timebase == bench.generator.channels.errors[2].timebase != 0.0
    bench.send(bench.generator, "FUNC SIN", "FREQ 1e6", "OUTP1 ON", "SOUR2:FUNC SQU", "SOUR2:FREQ 2.5e6", "OUTP2 ON")
    bench.bench.clock.wait(50.0)
    bench.bench.sync()
    assert bench.bench.circuit.steady
    assert bench.bench.circuit.work < ENOUGH


def test_a_source_meters_average_over_skipped_periods_is_that_of_the_sine() -> None:
    circuit = build_circuit(parse_netlist("VG emf 0 0\nRG emf a 50\nR1 a 0 10k\nC1 a 0 14p"))
    circuit.set_source("VG", Sine(0.2, 0.2, 1e6, 0.0))
    circuit.advance(1e-3)
    aperture = Aperture("a", "R1")
    circuit.add_observer(aperture)
    circuit.advance(1e-3 + 100.0)
    assert circuit.steady
    assert aperture.length == pytest.approx(100.0)
    assert aperture.means()["VOLT"] == pytest.approx(0.2 * 10_000 / 10_050, rel=1e-6)
    assert aperture.means()["CURR"] == pytest.approx(0.2 / 10_050, rel=1e-6)


@pytest.mark.parametrize(("load", "waveform"), [
    ("RG emf a 5k\nX1 a 0 nbo2\nC1 a 0 14p", PulseWaveform(0.0, 0.6, 1e-7, 2.9e-9, 2.9e-9, 4e-7, 1e-6, 0)),
    ("RG emf a 5k\nX1 a 0 nbo2\nC1 a 0 80p", Constant(2.2)),
], ids=["driven", "oscillating"])
def test_a_source_meters_average_over_skipped_periods_is_that_of_each_period(load: str, waveform: Any) -> None:
    found = []
    for skip in (True, False):
        circuit = build_circuit(parse_netlist(f"VG emf 0 0\n{load}"))
        circuit.set_source("VG", waveform)
        circuit.advance(200e-6, skip=False)
        aperture = Aperture("a", "X1")
        circuit.add_observer(aperture)
        before = circuit.steps
        circuit.advance(600e-6, skip=skip)
        found.append((aperture.means()["VOLT"], aperture.means()["CURR"], circuit.steps - before))
    (volts, amperes, few), (all_volts, all_amperes, many) = found
    assert few < 0.5 * many
    assert (volts, amperes) == pytest.approx((all_volts, all_amperes), rel=1e-6)


def test_an_armed_scope_waits_and_a_later_one_sees_the_right_phase(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC PULS", "FREQ 1e6", "FUNC:PULS:WIDT 300e-9", "VOLT:LOW 0",
               "VOLT:HIGH 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4", ":TIM:RANG 1e-5", ":TRIG:SOUR CHAN1", ":TRIG:LEV 1.5", ":SING")
    bench.bench.begin_message()
    bench.bench.clock.wait(60.0)
    assert int(bench.ask(bench.scope, ":OPER:COND?")) & 0x20   # still waiting
    assert bench.bench.circuit.work < ENOUGH
    bench.send(bench.scope, ":TRIG:SOUR EXT", ":TRIG:LEV 1.0", ":SING")
    assert bench.finish()
    bench.send(bench.scope, ":WAV:POIN:MODE RAW", ":WAV:POIN MAX")
    codes = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], np.uint8)
    high = codes > (int(codes.max()) + int(codes.min())) / 2
    # the sync's edge is in the middle: there, and a whole number of periods away, the pulse begins
    rising = np.flatnonzero(~high[:-1] & high[1:]) / codes.size * 10.0 - 5.0   # [us]
    assert rising.size == 10
    assert np.abs(rising - np.round(rising)).max() < 0.02
    falling = np.flatnonzero(high[:-1] & ~high[1:]) / codes.size * 10.0 - 5.0
    assert np.abs((falling - 0.3) - np.round(falling - 0.3)).max() < 0.02


def test_a_record_of_a_million_periods_is_read(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC SQU", "FREQ 1000317", "VOLT 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 2", ":TIM:RANG 1", ":TRIG:SOUR CHAN1", ":TRIG:LEV 0", ":SING")
    assert bench.finish()
    codes = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], np.uint8)
    low, high = codes.min(), codes.max()
    assert high - low == pytest.approx(100, abs=3)   # of 200 in the range
    assert np.mean(codes <= low + 1) == pytest.approx(0.5, abs=0.06)
    assert np.mean(codes >= high - 1) == pytest.approx(0.5, abs=0.06)
    assert bench.bench.circuit.work < ENOUGH


# ------------------------------------------------------------------------------------ what cannot be computed

INCOMMENSURATE = (
    "OUTP:LOAD INF", "FUNC SIN", "FREQ 1e6", "OUTP1 ON", "SOUR2:FUNC SIN", "SOUR2:FREQ 1000000.1", "OUTP2 ON")


def test_what_takes_too_long_is_left_out_and_told(table: Any) -> None:
    bench = table(netlist="R1 a b 10k\nR2 b 0 10k\n")
    bench.bench.work_per_message = 100_000
    bench.send(bench.generator, *INCOMMENSURATE)
    bench.errors(bench.generator)
    bench.bench.clock.wait(10.0)
    before = bench.bench.circuit.work
    bench.send(bench.generator, "OUTP1 OFF")
    assert bench.bench.circuit.work - before < 3 * 100_000   # one for each of what moved the clock
    text = bench.ask(bench.generator, "SYST:ERR?")
    assert re.match(r'-310,"System error; the circuit was not computed from [\d.]+ s to 10\.\d+ s: '
                    r'.*more than 1e\+05 steps', text)
    assert bench.ask(bench.generator, "OUTP1?") == "0"
    bench.send(bench.generator, "OUTP2 OFF")
    bench.bench.clock.wait(1e-3)
    assert abs(bench.bench.circuit.voltage("a")) < 1e-9


def test_an_output_waits_less_for_what_was_before(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.simulated_backends.services.services.WORK_TO_SWITCH_OFF", 20_000)
    bench = table(netlist="R1 a b 10k\nR2 b 0 10k\n")
    bench.send(bench.generator, *INCOMMENSURATE)
    before = bench.bench.lagging_circuit.work
    bench.bench.clock.wait(1.0)
    bench.send(bench.generator, "OUTP1 OFF")
    assert bench.bench.lagging_circuit.work - before < 100_000
    assert bench.bench.lagging_circuit.time > 1.0
    assert -310 in bench.errors(bench.generator)


def test_an_unsolvable_circuit_ends_no_message_midway(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.errors import TsbenchError

    bench = table(imperfections=False)
    bench.send(bench.generator, "FUNC SIN", "FREQ 1e6", "OUTP ON")

    def refuse(*_: Any, **__: Any) -> None:
        raise TsbenchError("circuit: no solution after 1 s")

    with monkeypatch.context() as patch:
        patch.setattr(bench.bench.lagging_circuit, "advance", refuse)
        bench.send(bench.generator, "OUTP OFF")
        assert bench.ask(bench.generator, "OUTP?") == "0"
    assert -310 in bench.errors(bench.generator)
    bench.bench.clock.wait(1e-3)
    assert abs(bench.bench.circuit.voltage("a")) < 1e-9   # the relay is open


def test_a_reading_over_what_was_left_out_is_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = tmp_path / "world.toml"
    text = (EXAMPLES / "resistor.world.toml").read_text("utf-8")
    text = text.replace("seed = 1", "seed = 1\nsteps_per_message = 50_000")
    world.write_text(text.replace("R_gen2   gen2  0   10k", "R_gen2   gen2  gen1   10k"), "utf-8")
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    generator = manager.open_resource("USB0::0x2A8D::0x5A01::SIM00012::INSTR")
    meter = manager.open_resource("USB0::0x05E6::0x2450::SIM00011::INSTR")
    for message in INCOMMENSURATE:
        generator.write(message)
    meter.write(":SENS:CURR:NPLC 1")
    assert float(meter.query(":READ?")) == 9.91e37   # what SCPI says for not a number
    assert meter.query(":SYST:ERR?").startswith("-310")
    for output in ("OUTP1", "OUTP2"):
        generator.write(f"{output} OFF")
        assert generator.query(f"{output}?").strip() == "0"
    generator.query("*OPC?")
    assert abs(float(meter.query(":READ?"))) < 1e-6   # and the bench is alive
    manager.close()
    log = read_witness(tmp_path / "witness.jsonl")
    assert log.left_out()
    assert all(record["until"] > record["t"] and "steps" in record["reason"] for record in log.left_out())
    assert not any(log.outputs().values())


# ------------------------------------------------------------------------------------ the witness


def driven(path: Path, waveform: Any, until: float, skip: bool) -> Any:
    circuit = build_circuit(
        parse_netlist("V1 s 0 0\nR1 s d 5k\nC1 d 0 20p\nXD d low device\nRS low 0 50"),
        {"device": device_model("nbo2")})
    witness = Witness(path, {"XD": ("d", "low")})
    witness.start("test", 0, {"D": device_model("nbo2")}, {})
    witness.connected("XD", "D", device_model("nbo2"), 0.0)
    circuit.add_observer(witness)
    circuit.set_source("V1", waveform)
    circuit.advance(until, skip=skip)
    circuit.set_source("V1", Constant(0.0))
    circuit.advance(until + 5e-6, skip=skip)
    witness.end(circuit.time)
    return circuit, read_witness(path)


def test_the_witness_counts_what_was_not_computed(tmp_path: Path) -> None:
    """A pulse train that fires the device in each period."""
    train = PulseWaveform(0.0, 3.0, 1e-6, 1e-7, 1e-7, 3e-6, 1e-5, 0)
    _, short = driven(tmp_path / "short.jsonl", train, 60 * 1e-5, skip=False)
    circuit, quick = driven(tmp_path / "quick.jsonl", train, 60 * 1e-5, skip=True)
    assert len(quick.switching_on()) == len(short.switching_on()) >= 60
    assert len(quick.of_kind("on")) < 10   # most are copies
    for one, other in zip(quick.switching_off(), short.switching_off(), strict=True):
        assert one.time == pytest.approx(other.time, abs=2e-9)
        assert one.max_current == pytest.approx(other.max_current, rel=1e-4)
    for name in ("charge", "energy"):
        values = [[getattr(event, name) for event in log.switching_off()] for log in (quick, short)]
        assert np.median(values[0]) == pytest.approx(np.median(values[1]), rel=1e-4)
    for name, value in short.maxima()["D"].items():
        assert quick.maxima()["D"][name] == pytest.approx(value, rel=1e-5), name
    circuit, long = driven(tmp_path / "long.jsonl", train, 100.0, skip=True)
    assert circuit.work < ENOUGH
    assert len(long.switching_on(90.0, 90.0 + 1e-3)) == 100
    assert long.frequency(50.0, 50.1) == pytest.approx(1e5, rel=1e-3)


def test_charge_goes_on_in_a_device_that_stays_on(tmp_path: Path) -> None:
    sine = Sine(6.0, 0.5, 1e6)   # always on: well above hold, and a current that ripples
    _, short = driven(tmp_path / "short.jsonl", sine, 100e-6, skip=False)
    _, quick = driven(tmp_path / "quick.jsonl", sine, 100e-6, skip=True)
    ends, others = quick.switching_off(), short.switching_off()
    assert len(ends) == len(others) == 1
    for name in ("charge", "energy", "duration", "max_current", "max_power", "hold"):
        assert getattr(ends[0], name) == pytest.approx(getattr(others[0], name), rel=1e-5), name


def test_the_highest_voltage_between_two_samples_is_found(tmp_path: Path) -> None:
    _, log = driven(tmp_path / "w.jsonl", Sine(0.0, 0.3, 1e3), 10.0, skip=True)
    voltage = log.maxima()["D"]["voltage"]
    circuit = build_circuit(
        parse_netlist("V1 s 0 0.3\nR1 s d 5k\nC1 d 0 20p\nXD d low device\nRS low 0 50"),
        {"device": device_model("nbo2")})
    circuit.advance(1e-3)   # so slow a sine that the device follows
    assert voltage == pytest.approx(circuit.voltage("d") - circuit.voltage("low"), rel=1e-6)


# ------------------------------------------------------------------------------------ reading a record


def test_a_record_is_rendered_once(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = table()
    bench.send(bench.generator, "FUNC SIN", "FREQ 1e5", "VOLT 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4", ":CHAN2:DISP ON", ":TIM:RANG 1e-3", ":TRIG:SOUR CHAN1", ":TRIG:LEV 0",
               ":SING")
    assert bench.finish()
    made: list[int] = []
    genuine = Digitiser.codes

    def codes(self: Digitiser, plan: Any, record: Any, number: int, stride: int = 1) -> Any:
        made.append(number)
        return genuine(self, plan, record, number, stride)

    monkeypatch.setattr(Digitiser, "codes", codes)
    bench.send(bench.scope, ":WAV:SOUR CHAN1", ":WAV:FORM BYTE")
    first = bench.ask_bytes(bench.scope, ":WAV:DATA?")
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?") == first
    bench.send(bench.scope, ":WAV:FORM WORD")   # the same codes, written otherwise
    assert len(bench.ask_bytes(bench.scope, ":WAV:DATA?")) > 1.9 * len(first)
    assert made == [1]
    bench.send(bench.scope, ":WAV:SOUR CHAN2", ":WAV:FORM BYTE")
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?") != first
    assert made == [1, 2]
    bench.send(bench.scope, ":WAV:SOUR CHAN1", ":SING")
    assert bench.finish()
    assert bench.ask_bytes(bench.scope, ":WAV:DATA?") != first   # other noise: another acquisition
    assert made == [1, 2, 1]


# ------------------------------------------------------------------------------------ served


def test_a_server_outlives_what_it_cannot_compute(tmp_path: Path) -> None:
    world = tmp_path / "world.toml"
    text = (EXAMPLES / "resistor.world.toml").read_text("utf-8")
    text = text.replace("seed = 1", "seed = 1\nsteps_per_message = 50_000")
    world.write_text(text, "utf-8")
    served = Process(world, "--fast")
    try:
        for message in INCOMMENSURATE:
            served.ask("generator", f"{message};*OPC?")
        assert served.ask("source_meter", ":READ?") == "9.910000E+37"
        assert served.ask("generator", "OUTP1 OFF;OUTP2 OFF;:OUTP1?;:OUTP2?") == "0;0"
        assert served.ask("scope", "*IDN?").startswith("KEYSIGHT")
        assert served.child.poll() is None
    finally:
        served.child.kill()
        served.child.wait()
