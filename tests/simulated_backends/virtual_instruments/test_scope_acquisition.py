"""Simulated DSOX3054T: arming, triggering, reading, segments, clipping, on a generator's pulses."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

PULSES = (
    "OUTP:LOAD INF", "FUNC PULS", "FUNC:PULS:WIDT 2e-6", "FUNC:PULS:PER 10e-6", "FUNC:PULS:TRAN:BOTH 20e-9",
    "VOLT:LOW 0", "VOLT:HIGH 2", "TRIG:SOUR BUS", "BURS:NCYC 3", "BURS:STAT ON", "OUTP ON",
)
SCOPE = (
    ":CHAN1:RANG 4", ":CHAN1:OFFS 1", ":TIM:RANG 50e-6", ":TIM:POS 20e-6", ":TRIG:SWE NORM",
    ":TRIG:EDGE:SOUR CHAN1", ":TRIG:EDGE:LEV 1", ":TRIG:EDGE:SLOP POS",
)
TOP = 2.0 * 10e3 / 10.05e3   #: [V] of the pulses on 10 kOhm


def captured(bench: Any, *more: str) -> Any:
    """Arm, trigger one burst, wait until it is complete."""
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, *SCOPE, *more)
    bench.arm()
    bench.send(bench.generator, "*TRG")
    assert bench.finish()
    return bench


def rising(times: Any, volts: Any, level: float = 1.0) -> Any:
    edges = np.flatnonzero((volts[:-1] < level) & (volts[1:] >= level))
    return times[edges] + (level - volts[edges]) / (volts[edges + 1] - volts[edges]) * (times[1] - times[0])


def test_single_shot_is_armed_then_complete(table: Any) -> None:
    bench = captured(table(imperfections=False))
    times, volts, _ = bench.waveform()
    assert len(times) == 250_000   # 50 us at 5 GSa/s
    assert rising(times, volts) == pytest.approx([0.0, 10e-6, 20e-6], abs=50e-12)
    assert np.median(volts[(times > 0.1e-6) & (times < 1.9e-6)]) == pytest.approx(TOP, abs=4 / 199 / 2 + 1e-6)
    assert int(bench.ask(bench.scope, ":TER?")) == 1
    assert int(bench.ask(bench.scope, ":TER?")) == 0
    assert not bench.errors(bench.scope)
    assert bench.number(bench.scope, ":ACQ:POIN?") == 250_000
    assert bench.number(bench.scope, ":ACQ:SRAT?") == pytest.approx(5e9)


def test_the_witness_is_told_which_record_was_taken(table: Any) -> None:
    """Its length is that of the record, and the record lies around the trigger: 5 us before it, 45 us after it."""
    bench, told = table(imperfections=False), []
    bench.bench.tell_witness(Mock(acquired=lambda name, *facts: told.append(facts)))
    armed = bench.bench.clock.now
    captured(bench)
    ((start, end, trigger, records),) = told
    assert (trigger - start, end - trigger) == pytest.approx((5e-6, 45e-6), rel=1e-6) and records == 1
    assert armed < start < end <= bench.bench.clock.now


def test_events_are_told_once_and_the_wait_bit_stays(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, *SCOPE)
    bench.arm()
    assert int(bench.ask(bench.scope, ":AER?")) == 0
    assert int(bench.ask(bench.scope, ":OPER:COND?")) == 8 + 32
    bench.send(bench.scope, ":TRIG:FORC")
    assert bench.finish()
    assert int(bench.ask(bench.scope, ":OPER:COND?")) == 0


def test_options_of_the_world_file_are_checked() -> None:
    from tsbench.errors import ConfigurationError
    from tsbench.simulated_backends.services.services import BenchServices
    from tsbench.simulated_backends.virtual_instruments.instrument import Placement
    from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.instrument import (
        VirtualKeysightDSOX3054T,
    )

    bench = BenchServices()
    wrong: list[dict[str, object]] = [
        {"prbes": {}}, {"probes": {"5": 10}}, {"probes": {"1": -1}}, {"probes": 3},
    ]
    for bad in wrong:
        with pytest.raises(ConfigurationError, match="probes"):
            VirtualKeysightDSOX3054T(bench, Placement("scope", "SIM2", {"1": "a"}, bad))
    scope = VirtualKeysightDSOX3054T(bench, Placement("scope", "SIM2", {"1": "a"}, {"probes": {"1": 10}}))
    resistor, capacitor = scope.attachment().elements
    assert resistor.value == pytest.approx(10e6)
    assert capacitor.value < 2e-12
    assert scope.channel_commands.channel(1).divider == 10.0


def test_a_pulse_before_the_scope_is_armed_is_missed(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, *SCOPE, ":TIM:RANG 50e-3", ":TIM:POS 0", ":SING")
    bench.send(bench.generator, "*TRG")   # the 25 ms before the trigger are not in the memory yet
    assert not bench.finish(hops=20)
    assert int(bench.ask(bench.scope, ":TER?")) == 0
    bench.send(bench.generator, "*TRG")
    assert bench.finish()


def test_normal_sweep_without_trigger_never_completes_and_stop_ends_it(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, *SCOPE)
    bench.arm()
    assert not bench.finish(hops=50)
    bench.send(bench.scope, ":STOP")
    assert bench.finish(hops=1)
    assert bench.ask(bench.scope, ":WAV:DATA?") == ""
    assert bench.errors(bench.scope) == [-230]


def test_force_triggers_now(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, *SCOPE)
    bench.arm()
    bench.send(bench.scope, ":TRIG:FORC")
    assert bench.finish()
    _, volts, _ = bench.waveform()
    assert abs(np.mean(volts)) < 0.1


def test_digitize_blocks_what_follows_until_it_is_complete(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, *SCOPE, ":DIG CHAN1", "*OPC?")
    assert not bench.scope.exchange.output_ready
    bench.bench.clock.wait(1e-3)
    assert not bench.scope.exchange.output_ready
    bench.send(bench.generator, "*TRG")
    bench.bench.clock.wait(1e-3)
    assert bench.scope.exchange.output_ready
    assert bench.scope.exchange.talk(10)[0] == b"1\n"


def test_digitize_in_auto_sweep_triggers_by_itself_and_clear_ends_a_waiting_one(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, *SCOPE, ":TRIG:SWE AUTO", ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    bench.send(bench.scope, ":TRIG:SWE NORM", ":DIG CHAN1")
    bench.scope.exchange.device_clear()
    assert bench.finish(hops=1)


def test_free_running_scope_shows_what_is_there(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC DC", "VOLT:OFFS 1.2", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4", ":RUN")
    _, volts, _ = bench.waveform(points=1000)
    assert np.mean(volts) == pytest.approx(1.2 * 10e3 / 10.15e3, abs=0.02)
    assert int(bench.ask(bench.scope, ":OPER:COND?")) & 8
    bench.send(bench.scope, ":TIM:RANG 0.5")
    bench.bench.clock.wait(20.0)
    before = bench.bench.clock.now
    assert bench.ask(bench.scope, ":WAV:DATA?") != ""
    assert 0.25 < bench.bench.clock.now - before < 0.75   # about as long as a record takes


def test_codes_at_both_ends_mean_clipped(table: Any) -> None:
    bench = captured(table(), ":CHAN1:RANG 0.8;OFFS 1", ":TRIG:EDGE:LEV 1")
    times, _, codes = bench.waveform()
    assert np.all(codes[(times > 0.2e-6) & (times < 1.8e-6)] == 0xFFFF)
    assert np.all(codes[(times > 3e-6) & (times < 9e-6)] == 0x0001)
    bench.send(bench.scope, ":WAV:FORM BYTE", ":WAV:POIN 1000")
    data = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], np.uint8)
    assert {0x01, 0xFF} <= set(data.tolist())
    assert 0x00 not in data


def test_forms_of_the_same_record_agree(table: Any) -> None:
    bench = captured(table())
    bench.send(bench.scope, ":WAV:POIN:MODE RAW", ":WAV:POIN 1000", ":WAV:FORM BYTE")
    byte = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], np.uint8).astype(int)
    raw = bench.ask_bytes(bench.scope, ":WAV:DATA?")
    assert raw[:10] == b"#800001000"
    bench.send(bench.scope, ":WAV:FORM WORD", ":WAV:BYT LSBF")
    word = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], "<u2").astype(int)
    assert np.array_equal(word >> 8, byte)
    bench.send(bench.scope, ":WAV:FORM ASC")
    text = [float(part) for part in bench.ask(bench.scope, ":WAV:DATA?")[10:].split(",")]
    bench.send(bench.scope, ":WAV:FORM BYTE")
    increment, origin, reference = (bench.number(bench.scope, f":WAV:{q}?") for q in ("YINC", "YOR", "YREF"))
    assert text == pytest.approx((byte - reference) * increment + origin, abs=1e-4)
    bench.send(bench.scope, ":WAV:UNS 0")
    signed = np.frombuffer(bench.ask_bytes(bench.scope, ":WAV:DATA?")[10:], np.int8).astype(int)
    assert np.array_equal(signed, byte - 128)
    preamble = bench.ask(bench.scope, ":WAV:PRE?").split(",")
    assert len(preamble) == 10
    assert int(preamble[2]) == bench.number(bench.scope, ":WAV:POIN?") == 1000
    assert float(preamble[4]) == bench.number(bench.scope, ":WAV:XINC?") == pytest.approx(50e-9)
    assert float(preamble[5]) == bench.number(bench.scope, ":WAV:XOR?") == pytest.approx(-5e-6)


def test_segments_have_time_tags(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES, "BURS:NCYC 8")
    bench.send(bench.scope, *SCOPE, ":TIM:RANG 4e-6;POS 1e-6", ":ACQ:MODE SEGM", ":ACQ:SEGM:COUN 5")
    bench.arm()
    bench.send(bench.generator, "*TRG")
    assert bench.finish()
    assert bench.number(bench.scope, ":WAV:SEGM:COUN?") == 5
    tags = []
    for index in range(1, 6):
        bench.send(bench.scope, f":ACQ:SEGM:IND {index}")
        tags.append(bench.number(bench.scope, ":WAV:SEGM:TTAG?"))
        times, volts, _ = bench.waveform()
        assert abs(rising(times, volts)[0]) < 1e-9   # offset error over slew rate
    assert tags == pytest.approx(10e-6 * np.arange(5), abs=1.2e-9)   # two triggers' jitter
    bench.send(bench.scope, ":WAV:SEGM:ALL ON")
    assert len(bench.waveform()[2]) == 5 * len(times)
    bench.send(bench.scope, ":WAV:SEGM:ALL OFF", ":ACQ:SEGM:IND 9")
    assert bench.errors(bench.scope) == [-222]


def test_external_trigger_is_the_generators_sync(table: Any) -> None:
    bench = captured(table(imperfections=False), ":TRIG:EDGE:SOUR EXT", ":TRIG:EDGE:LEV 1.4")
    times, volts, _ = bench.waveform()
    assert rising(times, volts)[0] == pytest.approx(12.5e-9, abs=1e-9)   # half of a 20 ns edge, 10-90 %


def test_trigger_position_scatters_by_noise_over_slew(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, *PULSES)
    bench.send(bench.scope, *SCOPE, ":TIM:RANG 1e-6;POS 0")
    positions = []
    for _ in range(25):
        bench.arm()
        bench.send(bench.generator, "*TRG")
        assert bench.finish()
        times, volts, _ = bench.waveform()
        near = np.abs(times) < 5e-9
        slope, constant = np.polyfit(times[near], volts[near], 1)
        positions.append((1.0 - constant) / slope)
    noise = 0.025 * 0.5   # [V rms] at 0.5 V/div
    assert abs(np.mean(positions)) < 0.03 / 8e7 * 8   # offset and gain errors over the slew rate 80 V/us
    assert 0.3 * noise / 8e7 < np.std(positions) < 2.5 * noise / 8e7


def test_noise_and_errors_stay_within_the_data_sheet(table: Any) -> None:
    means = []
    for seed in range(10):
        bench = table(seed=seed)
        bench.send(bench.scope, ":CHAN1:RANG 4", ":TRIG:SWE AUTO", ":DIG CHAN1")
        _, volts, _ = bench.waveform(points=5000)
        assert 0.005 < np.std(volts) < 0.025   # 0.025 div of 0.5 V, and half a code
        means.append(np.mean(volts))
    assert np.max(np.abs(means)) < 0.1 * 0.5 + 2e-3 + 0.02 * 2
    assert np.std(means) > 1e-3


def test_each_acquisition_has_its_own_noise_and_the_same_in_the_next_run(table: Any) -> None:
    runs = []
    for _ in range(2):
        bench, records = table(seed=3), []
        bench.send(bench.scope, ":CHAN1:RANG 0.04", ":TRIG:SWE AUTO")
        for _ in range(3):
            bench.send(bench.scope, ":DIG CHAN1")
            records.append(bench.waveform(points=5000)[1])
        assert np.abs(np.corrcoef(records)[np.triu_indices(3, 1)]).max() < 0.1
        runs.append(np.array(records))
    assert np.array_equal(*runs)


def test_average_takes_the_noise_out(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, ":CHAN1:RANG 4", ":TIM:RANG 10e-6", ":TRIG:SWE AUTO", ":ACQ:TYPE AVER",
               ":ACQ:COUN 16", ":DIG CHAN1")
    assert bench.ask(bench.scope, "*OPC?") == "1"
    _, volts, _ = bench.waveform(points=1000)
    assert np.std(volts) < 0.007
    assert bench.number(bench.scope, ":WAV:COUN?") == 16
    assert bench.ask(bench.scope, ":WAV:PRE?").startswith("+1,+2,")


def test_fifty_ohm_input_loads_the_circuit(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC DC", "VOLT:OFFS 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:IMP FIFT")
    _, voltage = bench.voltages("a", 1e-3)
    assert voltage[-1] == pytest.approx(1 / (1 + 50 * (1 / 50 + 1e-4)), rel=1e-3)
    bench.send(bench.scope, ":CHAN1:COUP AC", ":CHAN1:RANG 40")
    assert bench.errors(bench.scope) == [-221, -222]
    assert bench.number(bench.scope, ":CHAN1:RANG?") == pytest.approx(8.0)


def test_probe_factor_scales_what_is_displayed(table: Any) -> None:
    bench = captured(table(imperfections=False), ":CHAN1:PROB 10")
    assert bench.number(bench.scope, ":CHAN1:RANG?") == pytest.approx(40)
    assert bench.number(bench.scope, ":TRIG:EDGE:LEV?") == pytest.approx(10)
    times, volts, _ = bench.waveform(points=50_000)
    assert np.median(volts[(times > 0.1e-6) & (times < 1.9e-6)]) == pytest.approx(10 * TOP, abs=0.11)


def test_unknown_headers_and_values(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, ":NONS 1", ":CHAN5:RANG 1", ":CHAN1:RANG 1000", ":TRIG:MODE NONS",
               ":ACQ:SEGM:COUN 5000")
    assert bench.errors(bench.scope) == [-113, -114, -222, -224, -222]


def test_setup_travels_as_a_block_and_reset_forgets_it(table: Any) -> None:
    bench = table()
    bench.send(bench.scope, *SCOPE)
    setup = bench.ask_bytes(bench.scope, ":SYST:SET?")
    bench.send(bench.scope, "*RST")
    assert bench.number(bench.scope, ":CHAN1:RANG?") == pytest.approx(40)
    bench.send(bench.scope, b":SYST:SET " + setup)
    assert not bench.errors(bench.scope)
    assert bench.number(bench.scope, ":CHAN1:RANG?") == pytest.approx(4)
    assert bench.number(bench.scope, ":TRIG:LEV?") == pytest.approx(1)


def test_fifty_periods_at_fifty_thousand_points_are_all_there(table: Any) -> None:
    bench = table()
    bench.send(bench.generator, "APPL:SIN 1e6, 1.0, 0")
    bench.send(bench.scope, ":CHAN1:RANG 4", ":TIM:RANG 50e-6", ":TRIG:SWE NORM", ":TRIG:LEV 0")
    bench.arm()
    assert bench.finish()
    times, volts, _ = bench.waveform(points=50_000)
    assert len(times) == 50_000
    assert len(rising(times, volts, 0.0)) >= 49
