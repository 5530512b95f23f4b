"""The automation of the virtual WaveSurfer: what programs read, set and call, judged by the signal of the generator."""

import re
from typing import Any

import numpy as np
import pytest

#: 2 kHz, 100 us wide, from 0 V to 1 V at an open generator; the bench has 10 kOhm behind 50 Ohm
PULSES = ("*RST", "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:PER 5E-4", "FUNC:PULS:WIDT 1E-4", "VOLT:HIGH 1",
          "VOLT:LOW 0", "OUTP1 ON")
TOP = 10e3 / 10050
SETTINGS = ("CHDR OFF", "*CLS", "C1:VDIV 0.2V", "C1:OFST -0.5V", "C1:TRLV 0.5V", "TDIV 200US", "TRDL -2E-4")


@pytest.fixture
def bench(table: Any) -> Any:
    made = table(imperfections=False, scope="lecroy_wavesurfer3054z")
    made.send(made.generator, *PULSES)
    made.send(made.scope, *SETTINGS)
    return made


def run(bench: Any, *scripts: str) -> None:
    bench.send(bench.scope, *(f"VBS '{script}'" for script in scripts))


def value(bench: Any, name: str) -> str:
    return str(bench.ask(bench.scope, f"VBS? 'return={name}'"))


def errors(bench: Any) -> str:
    return str(bench.ask(bench.scope, "CMR?;EXR?"))


def measure(bench: Any, engine: str, slot: int = 1) -> None:
    run(bench, "app.Measure.ShowMeasure = true", f"app.Measure.P{slot}.View = true",
        f'app.Measure.P{slot}.ParamEngine = "{engine}"', f'app.Measure.P{slot}.Source1 = "C1"')


@pytest.mark.parametrize(("engine", "word", "true", "tolerance"), [
    ("Frequency", "FREQ", 2e3, 0.1), ("Period", "PER", 5e-4, 2e-8), ("Width", "WID", 1e-4, 2e-8),
    ("WidthNegative", "WIDN", 4e-4, 2e-8), ("DutyCycle", "DUTY", 20.0, 0.005), ("Top", "TOP", TOP, 5e-3),
    ("Base", "BASE", 0.0, 5e-3), ("Amplitude", "AMPL", TOP, 5e-3), ("Maximum", "MAX", TOP, 8e-3),
    ("Minimum", "MIN", 0.0, 8e-3), ("PeakToPeak", "PKPK", TOP, 8e-3), ("Mean", "MEAN", 0.2 * TOP, 5e-3),
    ("RootMeanSquare", "RMS", 0.2 ** 0.5 * TOP, 5e-3), ("StandardDeviation", "SDEV", 0.4 * TOP, 5e-3),
    ("Area", "AREA", 0.2 * TOP * 2e-3, 1e-5), ("Delay", "DLY", -5e-4, 1e-8),
])
def test_a_measurement_by_the_automation_and_by_pava_is_the_signals(
    bench: Any, engine: str, word: str, true: float, tolerance: float,
) -> None:
    measure(bench, engine)
    assert value(bench, "app.Acquisition.Acquire(0.1, true)") == "1"
    assert float(value(bench, "app.Measure.P1.Out.Result.Value")) == pytest.approx(true, abs=tolerance)
    name, found, state = bench.ask(bench.scope, f"C1:PAVA? {word}").split(",")
    assert (name, state) == (word, "OK")
    assert float(found) == pytest.approx(true, abs=tolerance)
    assert bench.ask(bench.scope, "PACU? 1") == f"1,{word},C1"


def test_edges_have_the_rise_time_of_the_generator(bench: Any) -> None:
    bench.send(bench.generator, "FUNC:PULS:TRAN 1E-6")
    bench.send(bench.scope, "TDIV 1US", "TRDL 0S")
    times = {}
    for slot, engine in enumerate(("Rise", "Rise2080"), 1):
        measure(bench, engine, slot)
    run(bench, "app.Acquisition.Acquire 0.1, true")
    for slot, engine in enumerate(("Rise", "Rise2080"), 1):
        times[engine] = float(value(bench, f"app.Measure.P{slot}.Out.Result.Value"))
    assert times["Rise"] == pytest.approx(1e-6, rel=0.02)
    assert times["Rise2080"] == pytest.approx(0.75e-6, rel=0.02)


def test_statistics_have_every_cycle_of_every_acquisition(bench: Any) -> None:
    measure(bench, "Width")
    for acquisition in range(1, 4):
        assert value(bench, "app.Acquisition.Acquire(0.1)") == "1"
        assert value(bench, "app.Measure.P1.num.Result.Value") == str(4 * acquisition)
    mean, low, high, sigma = (float(value(bench, f"app.Measure.P1.{name}.Result.Value"))
                              for name in ("mean", "min", "max", "sdev"))
    assert low <= mean <= high
    assert mean == pytest.approx(1e-4, abs=2e-8)
    assert sigma < 2e-8
    assert value(bench, 'app.Measure.P1.Statistics("mean").Result.Value') == value(
        bench, 'app.Measure.Measure("P1").mean.Result.Value')
    found = bench.ask(bench.scope, "PAST? CUST,P1").split(",")
    assert found[:4] == ["CUST", "P1", "WID", "C1"]
    assert found[4::2] == ["AVG", "HIGH", "LAST", "LOW", "SIGMA", "SWEEPS"]
    assert float(found[5]) == pytest.approx(mean, rel=1e-5)
    assert found[-1] == "12"
    run(bench, "app.ClearSweeps")
    assert value(bench, "app.Measure.P1.num.Result.Value") == "0"
    assert value(bench, "app.Measure.P1.mean.Result.Value") == "No Data Available"
    assert bench.ask(bench.scope, "PAST? CUST,AVG") == "CUST,AVG" + ",UNDEF" * 8
    assert errors(bench) == "0;0"


def test_segments_are_measured_one_by_one(bench: Any) -> None:
    run(bench, "app.Acquisition.Horizontal.HorScale = 50e-6", 'app.Acquisition.Horizontal.SampleMode = "Sequence"',
        "app.Acquisition.Horizontal.NumSegments = 5")
    measure(bench, "Width")
    assert value(bench, "app.Acquisition.Acquire(1)") == "1"
    assert value(bench, "app.Measure.P1.num.Result.Value") == "5"
    assert bench.ask(bench.scope, "SEQ?").startswith("ON,5,")


def test_a_clipped_record_has_a_value_and_its_state(bench: Any) -> None:
    bench.send(bench.scope, "C1:OFST 0V", "C1:VDIV 0.1V", "C1:TRLV 0.2V")
    run(bench, "app.Acquisition.Acquire 0.1")
    name, found, state = bench.ask(bench.scope, "C1:PAVA? MAX").split(",")
    assert (name, state) == ("MAX", "OF")
    assert float(found) == pytest.approx(0.4, rel=0.02)


def test_what_has_no_edges_has_no_frequency(bench: Any) -> None:
    measure(bench, "Frequency")
    bench.send(bench.generator, "OUTP1 OFF")
    assert value(bench, "app.Acquisition.Acquire(0.01, true)") == "0"
    assert bench.ask(bench.scope, "C1:PAVA? FREQ") == "FREQ,UNDEF,IV"
    assert bench.ask(bench.scope, "PAVA? CUST1") == "1,UNDEF,IV"
    assert value(bench, "app.Measure.P1.Out.Result.Value") == "No Data Available"
    assert value(bench, "app.Measure.P1.Out.Result.Status") == "1"


def test_acquire_waits_its_time_and_forces_only_if_told(bench: Any) -> None:
    bench.send(bench.scope, "C1:TRLV 0.9V")
    bench.send(bench.generator, "VOLT:HIGH 0.5")
    before = bench.bench.clock.now
    assert value(bench, "app.Acquisition.Acquire(0.2, false)") == "0"
    assert bench.bench.clock.now - before == pytest.approx(0.2, abs=0.03)
    assert value(bench, "app.Acquisition.TriggerMode") == "Stopped"
    assert value(bench, "app.Acquisition.Acquire(0.2, true)") == "0"
    assert value(bench, "app.Acquisition.TriggerMode") == "Stopped"
    assert float(bench.ask(bench.scope, "C1:PAVA? MAX").split(",")[1]) == pytest.approx(0.5 * TOP, abs=8e-3)


def test_wait_until_idle_is_one_when_a_single_acquisition_has_ended(bench: Any) -> None:
    run(bench, 'app.Acquisition.TriggerMode = "Single"')
    assert value(bench, "app.WaitUntilIdle(1)") == "1"
    assert value(bench, "app.Acquisition.TriggerMode") == "Stopped"
    bench.send(bench.generator, "OUTP1 OFF")
    run(bench, 'app.Acquisition.TriggerMode = "Single"')
    before = bench.bench.clock.now
    assert value(bench, "app.WaitUntilIdle(0.3)") == "0"
    assert bench.bench.clock.now - before == pytest.approx(0.3, abs=0.03)


def test_a_trigger_that_the_automation_sets_is_where_the_record_begins(bench: Any) -> None:
    run(bench, 'app.Acquisition.Trigger.Type = "Edge"', 'app.Acquisition.Trigger.Source = "C1"',
        'app.Acquisition.Trigger.Edge.Slope = "Negative"', 'app.Acquisition.Trigger.Edge.Level = "0.5 V"')
    measure(bench, "Delay")
    run(bench, "app.Acquisition.Horizontal.HorScale = 5e-5", "app.Acquisition.Horizontal.HorOffset = 0",
        "app.Acquisition.Acquire 0.1")
    assert float(value(bench, "app.Measure.P1.Out.Result.Value")) == pytest.approx(-1e-4, abs=1e-7)
    assert bench.ask(bench.scope, "C1:TRSL?;C1:TRLV?") == "NEG;0.5"
    run(bench, "app.Acquisition.Horizontal.HorOffset = 1e-4", "app.Acquisition.Acquire 0.1")
    assert float(value(bench, "app.Acquisition.C1.Out.Result.HorizontalOffset")) == pytest.approx(-3.5e-4)


def test_a_fixed_sample_rate_is_that_of_the_record(bench: Any) -> None:
    run(bench, "app.Acquisition.Horizontal.SampleRate = 1e8")
    assert errors(bench) == "0;22"
    run(bench, 'app.Acquisition.Horizontal.Maximize = "FixedSampleRate"', "app.Acquisition.Horizontal.SampleRate = 1e8",
        "app.Acquisition.Acquire 0.1")
    assert value(bench, "app.Acquisition.C1.Out.Result.HorizontalPerStep") == "1E-08"
    assert value(bench, "app.Acquisition.C1.Out.Result.Samples") == "200000"
    run(bench, 'app.Acquisition.Horizontal.Maximize = "SetMaximumMemory"')
    assert value(bench, "app.Acquisition.Horizontal.SampleRate") == "4000000000"


def volts(bench: Any) -> np.ndarray:
    """Return the record of channel 1 [V]."""
    return np.array(bench.ask(bench.scope, 'C1:INSP? "SIMPLE"').strip('"').split(), float)


def test_an_offset_of_the_automation_is_added_to_the_signal(bench: Any) -> None:
    """At -1.5 V the window of 1.6 V begins at 0.7 V, and at 1.5 V it ends at -0.7 V: the pulse is clipped there."""
    offset = "app.Acquisition.C1.VerOffset"
    assert float(value(bench, offset)) == -0.5   # C1:OFST -0.5V
    run(bench, "app.Acquisition.Horizontal.MaxSamples = 20000")
    for volts_added, lowest, highest in ((-1.5, 0.7, TOP), (1.5, -0.7, -0.7)):
        run(bench, f"{offset} = {volts_added}", "app.Acquisition.Acquire 0.1, true")
        assert float(value(bench, offset)) == volts_added
        assert float(bench.ask(bench.scope, "C1:OFST?")) == volts_added
        assert volts(bench).min() == pytest.approx(lowest, abs=0.02)
        assert volts(bench).max() == pytest.approx(highest, abs=0.02)


def test_the_number_of_points_is_that_of_the_record(bench: Any) -> None:
    run(bench, "app.Acquisition.Horizontal.MaxSamples = 5000", "app.Acquisition.Acquire 0.1")
    points = int(value(bench, "app.Acquisition.Horizontal.NumPoints"))
    assert points == int(value(bench, "app.Acquisition.C1.Out.Result.Samples")) == len(volts(bench)) <= 5000
    assert points * float(value(bench, "app.Acquisition.Horizontal.TimePerPoint")) == pytest.approx(2e-3)


@pytest.mark.parametrize("place", [-6e-4, 3e-4])
def test_a_horizontal_offset_is_where_the_trigger_is(bench: Any, place: float) -> None:
    """A record of 2 ms begins 1 ms before mid-screen; its first edge rises at the trigger."""
    offset = "app.Acquisition.Horizontal.HorOffset"
    run(bench, f"{offset} = {place}", "app.Acquisition.Horizontal.MaxSamples = 20000", "app.Acquisition.Acquire 0.1")
    assert float(value(bench, offset)) == pytest.approx(place)
    assert float(bench.ask(bench.scope, "TRDL?")) == pytest.approx(place)
    first = float(value(bench, "app.Acquisition.C1.Out.Result.HorizontalOffset"))
    assert first == pytest.approx(-place - 1e-3)
    record = volts(bench)
    rises = np.flatnonzero((record[1:] > 0.5) & (record[:-1] <= 0.5)) + 1
    times = first + rises * float(value(bench, "app.Acquisition.Horizontal.TimePerPoint"))
    assert np.min(np.abs(times)) < 2e-6


def test_single_acquires_once_when_the_trigger_comes(bench: Any) -> None:
    mode = "app.Acquisition.TriggerMode"
    bench.send(bench.generator, "OUTP1 OFF")
    bench.ask(bench.scope, "INR?")
    run(bench, f'{mode} = "Stopped"', "app.Acquisition.Horizontal.MaxSamples = 20000", f'{mode} = "Single"')
    assert value(bench, mode) == "Single"   # it waits
    assert bench.ask(bench.scope, "TRMD?") == "SINGLE"
    bench.send(bench.generator, "OUTP1 ON")
    assert value(bench, "app.WaitUntilIdle(1)") == "1"
    assert value(bench, mode) == "Stopped"
    assert volts(bench).max() == pytest.approx(TOP, abs=8e-3)


def test_a_script_has_line_ends(bench: Any) -> None:
    """The package lecroyscope sets and reads a variable with one query of two lines."""
    query = "VBS? 'app.Acquisition.C1.VerScale = \"0.5\"\nreturn = app.Acquisition.C1.VerScale'"
    assert bench.ask(bench.scope, query) == "0.5"
    assert bench.ask(bench.scope, "C1:VDIV?") == "0.5"
    bench.send(bench.scope, "VBS 'app.Acquisition.C1.VerScale = 1\nC1:OFST 0.25V")   # the quote is not closed
    assert bench.ask(bench.scope, "C1:VDIV?;C1:OFST?") == "1;0.25"
    assert errors(bench) == "0;0"


@pytest.mark.parametrize(("script", "query", "reply"), [
    ("app.Acquisition.C1.VerScale = 0.5", "C1:VDIV?", "0.5"),
    ('app.Acquisition.C1.VerScale = "0.05"', "VBS? 'return=app.Acquisition.C1.VerScale'", "0.05"),
    ('app.Acquisition.Channels("C2").View = True', "C2:TRA?", "ON"),
    ("app.Acquisition.C1.View = 0", "VBS? 'return=app.Acquisition.C1.View.Value'", "0"),
    ("app.Acquisition.C2.View = true", "VBS? 'return=app.Acquisition.C2.View'", "-1"),
    ('app.Acquisition.C1.Coupling = "DC50"', "C1:CPL?", "D50"),
    ('app.Acquisition.C1.Coupling = "gnd"', "VBS? 'return=app.Acquisition.C1.Coupling'", "Gnd"),
    ('app.Acquisition.C3.BandwidthLimit = "20MHZ"', "BWL?", "C1,OFF,C2,OFF,C3,ON,C4,OFF"),
    ("app.Acquisition.C1.ProbeAttenuation = 10", "C1:ATTN?", "10"),
    ("app.Acquisition.Horizontal.MaxSamples = 100000", "MSIZ?", "100000"),
    ("app.Acquisition.Horizontal.HorScale = 1e-5", "VBS? 'return=app.Acquisition.Horizontal.HorScale'", "1E-05"),
    ('app.Acquisition.Trigger.Source = "Ext"', "TRSE?", "EDGE,SR,EX,HT,OFF"),
    ('app.Acquisition.Trigger.Source = "C2"', "VBS? 'return=app.Acquisition.Trigger.Source'", "C2"),
    ("app.Acquisition.Trigger.C2.Level = 1", "C2:TRLV?", "1"), ("app.Acquisition.Trigger.C2Level = 1", "C2:TRLV?", "1"),
    ('app.Acquisition.Trigger.C2.Coupling = "HFREJ"', "C2:TRCP?", "HFREJ"),
    ("set acq = app.Acquisition:set h = acq.Horizontal:h.HorScale = 0.01", "VBS? 'return=h.horscale'", "0.01"),
    ('app.Measure.P3.ParamEngine = "rms"', "CMR?;EXR?", "0;25"),
    ('app.Measure.P3.ParamEngine = "Mean"', "VBS? 'return=app.Measure.P3.ParamEngine'", "Mean"),
    ("app.Measure.ViewP4 = 1", "VBS? 'return=app.Measure.P4.View'", "-1"),
    ("app.Measure.StatsOn = 1", "PARM?", "OFF,STAT"),
    ("app.Sleep 10", "CMR?;EXR?", "0;0"), ("app.Measure.ClearSweeps.ActNow()", "CMR?;EXR?", "0;0"),
    ("app.Nothing = 1", "CMR?;EXR?", "0;25"), ("app.Acquisition.C7.View = 1", "CMR?;EXR?", "0;25"),
    ("app.InstrumentID = 1", "CMR?;EXR?", "0;25"), ("if x then y", "CMR?;EXR?", "0;25"),
    ("app.Measure.P9.View = 1", "CMR?;EXR?", "0;25"), ('app.Acquisition.C1.VerScale = "x"', "CMR?;EXR?", "0;25"),
])
def test_variables(bench: Any, script: str, query: str, reply: str) -> None:
    run(bench, script)
    assert bench.ask(bench.scope, query) == reply


@pytest.mark.parametrize("query", [
    "VBS? 'return=app.Acquisition.TriggerMode'", 'VBS? "Return = App.Acquisition.TriggerMode"',
    "vbs? 'return=app.acquisition.triggermode' ", "VBS? 'return=app.Acquisition.TriggerMode",
    "VBS? return=app.Acquisition.TriggerMode",
])
def test_a_script_in_any_quotes_or_without(bench: Any, query: str) -> None:
    bench.send(bench.scope, 'VBS app.Acquisition.TriggerMode="Normal"')
    assert bench.ask(bench.scope, query) == "Normal"
    bench.send(bench.scope, "CHDR SHORT")
    assert bench.ask(bench.scope, query) == "VBS Normal"


def test_the_application_tells_who_it_is_and_takes_its_defaults(bench: Any) -> None:
    identity = bench.ask(bench.scope, "*IDN?")
    assert value(bench, "app.InstrumentID") == identity
    parts = [value(bench, f"app.{name}") for name in ("InstrumentModel", "SerialNumber", "FirmwareVersion")]
    assert parts == identity.split(",")[1:]
    assert re.search(r"(^|,)C4(,|$)", value(bench, "app.ExecsNameAll"))
    measure(bench, "Mean")
    run(bench, "app.SetToDefaultSetup")
    assert value(bench, "app.Measure.P1.ParamEngine") == "Null"
    assert value(bench, "app.Acquisition.C1.VerScale") == "1"


def test_scripts_name_objects_until_the_scope_is_switched_off(bench: Any) -> None:
    run(bench, "set m = app.Measure", "m.ShowMeasure = true")
    bench.scope.power_cycle()
    bench.send(bench.scope, "CHDR OFF", "*CLS")
    run(bench, "m.ShowMeasure = true")
    assert errors(bench) == "0;25"
