"""From an empty folder to a first threshold: what `tsbench init` asks, finds and writes."""

import json
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.protocols.registry import PROTOCOLS
from tsbench.records import Identity
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.new_bench import Answers, FoundInstrument, find, new_files, questions

WORLD = """
[instruments.meter]
model = "keithley_2460"
resource = "USB0::0x05E6::0x2460::SIM7::INSTR"
[instruments.pulses]
model = "keysight_33622a"
resource = "TCPIP0::10.0.0.7::hislip0::INSTR"
[instruments.again]
model = "keysight_33622a"
resource = "TCPIP0::10.0.0.8::hislip0::INSTR"
[fixture]
netlist = "R1 a 0 1k\\nR2 a 0 1k"
"""


def test_five_commands_lead_from_an_empty_folder_to_a_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--simulated", "--yes"]) == 0
    assert "next: tsbench check bench.toml" in capsys.readouterr().out
    assert main(["check", "bench.toml"]) == 0
    assert "the bench answers and is safe" in capsys.readouterr().out
    assert main(["check", "bench.toml", "--fixture"]) == 0
    assert "bias: path resistance" in capsys.readouterr().out
    assert main(["run", "first.list.toml", "--dry-run", "--out", "runs"]) == 0
    assert "2 runs on 1 device" in capsys.readouterr().out
    assert main(["run", "first.list.toml", "--out", "runs", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    threshold, = [row for row in rows if row["quantity"] == "threshold_voltage"]
    truth = [event.threshold for event in read_witness(tmp_path / "witness.jsonl").switching_on()]
    assert any(threshold["low"] <= one <= threshold["high"] for one in truth)


def test_it_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "bench.toml").write_text("mine", "utf-8")
    assert main(["init", str(tmp_path), "--simulated", "--yes"]) == 2
    assert "bench.toml already exist" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["bench.toml"]
    monkeypatch.chdir(tmp_path)
    assert main(["init", ".", "--simulated", "--yes"]) == 2
    assert f"already exist in {tmp_path.resolve()}. Nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "said"), [
    (["--set", "max_current"], "write a key and a value"),
    (["--set", "max_curent=1 mA"], "Did you mean 'max_current'?"),
    (["--set", "max_current=1 V"], "1 V"), (["--set", "max_voltage=50 V"], "max_voltage: 50 V is outside 1 mV to 42 V"),
    (["--set", "material=HfO9"], "the catalogue has no device of HfO9. Choose a similar one with --set model=NAME"),
    (["--set", 'name=a"b'], "must not contain quotes"), (["--set", "model=nbo3"], "Did you mean 'nbo2'?"),
])
def test_an_answer_that_cannot_be_used_is_refused(
    given: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init", str(tmp_path), "--simulated", "--yes", *given]) == 2
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_answers_stand_in_the_files(tmp_path: Path) -> None:
    given = {"name": "station 3", "device": "W1_A4", "material": "Ag/SiO2", "max_voltage": "3 V", "max_current": "100u",
             "load_resistance": "100k", "shunt_resistance": "10k", "cable_capacitance": "0.1n", "model": "ag_sio2"}
    sets = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
    assert main(["init", str(tmp_path), "--simulated", "--yes", *sets]) == 0
    file = BenchFile.load(tmp_path / "bench.toml")
    assert file.name == "station 3" and file.netlist is not None
    assert file.device("W1_A4").limits.max_current == pytest.approx(100e-6)
    assert {one.name: one.value for one in file.netlist.elements if one.name != "XDUT"} == pytest.approx(
        {"R_drive": 1.0, "R_pulser": 1400.0, "R_bias": 100e3, "C_cable": 100e-12, "R_shunt": 10e3}, rel=1e-6)
    with Bench.open(tmp_path / "bench.toml", "W1_A4") as bench:
        assert bench.positioner.connected() == "W1_A4" and bench.fixture.sensing.current_resistance == 10e3


def test_a_bench_on_which_pulses_would_be_refused_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "a"), "--simulated", "--yes", "--set", "pulser_resistance=1"]) == 0
    assert ("note: pulses above 100 mV will be refused: with 51.0 Ohm and the 50 Ohm of the generator in the path they "
            "could drive more than max_current, 1 mA. For higher") in capsys.readouterr().out
    assert main(["init", str(tmp_path / "b"), "--simulated", "--yes"]) == 0
    assert "will be refused" in capsys.readouterr().out   # above 1.3 V
    bench = str(tmp_path / "b" / "bench.toml")
    names = [name for name, protocol in PROTOCOLS.things().items() if "pulser" in protocol.roles]
    (tmp_path / "all.list.toml").write_text(f'bench = "{bench}"\ndevice = "D1"\n' + "".join(
        f'[[protocol]]\nname = "{name}"\n' for name in names), "utf-8")
    code = main(["run", str(tmp_path / "all.list.toml"), "--out", str(tmp_path), "--dry-run"])
    printed = capsys.readouterr()
    assert code == 0, printed   # none of the defaults is refused
    assert len(names) > 5 and all(name in printed.out for name in names)


def test_questions_are_asked_again_until_the_answer_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []
    answers = iter(["lab", "", "VO2", "a lot", "1.5 V", *[""] * 20])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda text: (asked.append(text), next(answers))[1])
    assert main(["init", str(tmp_path), "--simulated"]) == 0
    assert len(asked) == len(questions(True)) + 1
    assert asked[3] == asked[4] == "Highest voltage that a device may see [2 V]: "
    assert "a lot" in capsys.readouterr().out
    assert BenchFile.load(tmp_path / "bench.toml").device("D1").limits.max_voltage == 1.5


def test_the_model_is_asked_for_again_where_the_catalogue_has_no_device_of_the_material(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    models = iter(["", "nbo3", "nbo2"])

    def answer(text: str) -> str:
        if text.startswith("Catalogue model"):
            return next(models)
        return "D 1" if text.startswith("Switching material") else ""

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answer)
    assert main(["init", str(tmp_path), "--simulated"]) == 0
    said = capsys.readouterr().out
    assert "the catalogue has no device of D 1" in said and "there is no device model 'nbo3'" in said
    assert next(models, None) is None


def test_what_a_library_sees_is_asked_who_it_is(tmp_path: Path) -> None:
    (tmp_path / "lab.world.toml").write_text(WORLD, "utf-8")
    told: list[str] = []
    found = find(f"{tmp_path / 'lab.world.toml'}@tsbench", ["10.0.0.7", "10.0.0.9"], told.append)
    assert [(one.name, one.driver, one.channels) for one in found] == [
        ("generator", "keysight_33600", ("1", "2")), ("generator_2", "keysight_33600", ("1", "2")),
        ("source_meter", "keithley_2460", ())]
    assert "TCPIP0::10.0.0.9::5025::SOCKET: no answer" in told
    assert any("SIM7" in line and "MODEL 2460, driver keithley_2460" in line for line in told), told


def test_real_instruments_get_a_rehearsal_beside_them(tmp_path: Path) -> None:
    meter = FoundInstrument("source_meter", Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "04309614", "1.7"),
                            "keithley_2450", "USB0::0x05E6::0x2450::04309614::INSTR", ("source meter",), ())
    files = new_files([meter], Answers.read({"model": "nbo2"}), "@py", lambda identity: "keithley_2450", real=True)
    assert sorted(files.texts) == ["bench.toml", "first.list.toml", "rehearsal.bench.toml", "rehearsal.world.toml"]
    assert 'visa_library = "@py"' in files.texts["bench.toml"]
    assert [remark for remark in files.remarks if "the role scope" in remark]
    assert any(remark.startswith("no output of a generator is left for the role bias. Protocols that need it")
               for remark in files.remarks)   # there is no first output either
    for name, text in files.texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    with Bench.open(tmp_path / "rehearsal.bench.toml", "D1") as bench:
        assert bench.simulated and bench.file.channels_of("source_meter") == {"drive": ""}


def test_an_instrument_without_a_twin_has_no_rehearsal() -> None:
    meter = FoundInstrument("source_meter", Identity("A", "B", "1", "1"), "keithley_2450", "GPIB0::1::INSTR",
                            ("source meter",), ())
    files = new_files([meter], Answers.read({"model": "nbo2"}), "", lambda identity: None, real=True)
    assert sorted(files.texts) == ["bench.toml", "first.list.toml"]
    assert "no virtual instrument for B" in str(files.remarks)
    assert "visa_library" not in files.texts["bench.toml"]


def world(folder: Path, *instruments: tuple[str, str]) -> None:
    """Write ``lab.world.toml`` with instruments (model, resource) and the device D1."""
    lines = [f'[instruments.i{number}]\nmodel = "{model}"\nresource = "{resource}"'
             for number, (model, resource) in enumerate(instruments)]
    (folder / "lab.world.toml").write_text(
        "\n".join(lines) + '\n[fixture]\nnetlist = "XDUT a 0 device\\nR1 a 0 1meg"\n[devices.D1]\nmodel = "resistor"\n',
        "utf-8")


def started(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return what ``init`` says of the instruments in ``lab.world.toml``."""
    assert main(["init", str(folder), "--visa", f"{folder / 'lab.world.toml'}@tsbench", "--yes", *options]) == 0
    return capsys.readouterr().out


@pytest.mark.thorough
@pytest.mark.thin(5)
@pytest.mark.parametrize(("generator", "given"), [
    ("rigol_dg832", []), ("keysight_81160a", []), ("tektronix_afg3252c", []),
    ("keysight_81160a", ["--set", "max_voltage=30 V", "--set", "pulser_resistance=100k"]),
    ("tektronix_afg3252c", ["--set", "max_current=100 uA", "--set", "pulser_resistance=920"])])
def test_a_generator_and_a_scope_begin_with_a_pulse_train(
    generator: str, given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    world(tmp_path, (generator, "GPIB0::10::INSTR"), ("rigol_ds1104z", "USB0::0x1AB1::0x04CE::SIM00003::INSTR"))
    assert "the role drive" in started(tmp_path, capsys, *given)
    assert "R_shunt low 0 50" in (tmp_path / "bench.toml").read_text("utf-8")
    listed = str(tmp_path / "first.list.toml")
    assert main(["run", listed, "--dry-run", "--out", str(tmp_path / "runs")]) == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert "pulse_train" in said and "1 runs on 1 device" in said


@pytest.mark.parametrize(("given", "said"), [
    ("max_current=100 uA", "but they could drive more than max_current, 100 uA, so there is no first.list.toml. Put "
                           "920 Ohm or more between generator and device, and state it by --set pulser_resistance"),
    ("max_voltage=100 mV", "but the first pulses are at most 75% of max_voltage (75.0 mV), so there is no "
     "first.list.toml. Use another generator"),
])
def test_a_generator_whose_smallest_pulse_is_too_large_gets_no_list(
    given: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    world(tmp_path, ("tektronix_afg3252c", "GPIB0::10::INSTR"),
          ("rigol_ds1104z", "USB0::0x1AB1::0x04CE::SIM00003::INSTR"))
    found = started(tmp_path, capsys, "--set", given)
    assert f"note: generator.1 makes pulses of at least 100 mV, {said}" in found, found
    assert not (tmp_path / "first.list.toml").exists()


def test_where_no_scope_measures_at_a_shunt_the_netlist_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """Its 50 Ohm were taken from each device voltage, and nothing in the circuit had them."""
    world(tmp_path, ("keithley_2450", "GPIB0::18::INSTR"))
    assert "If your fixture has such a resistor, add it to the netlist" in started(tmp_path, capsys)
    for name in ("bench.toml", "rehearsal.world.toml"):
        text = (tmp_path / name).read_text("utf-8")
        assert "XDUT dut 0 device" in text and "R_shunt" not in text
    with Bench.open(tmp_path / "rehearsal.bench.toml", "D1") as bench:
        assert bench.wire_path("drive").resistance == pytest.approx(1.0)


def test_where_nothing_measures_there_is_no_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world(tmp_path, ("keithley_707b", "GPIB0::16::INSTR"), ("rigol_dg832", "GPIB0::10::INSTR"))
    assert ("these instruments cannot measure a device, so there is no first.list.toml. Add a source meter, or a pulse "
            "generator and an oscilloscope") in started(tmp_path, capsys)
    assert not (tmp_path / "first.list.toml").exists() and (tmp_path / "bench.toml").exists()


def test_instruments_without_a_role_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world(tmp_path, ("keithley_2450", "GPIB0::18::INSTR"), ("keithley_707b", "GPIB0::16::INSTR"),
          ("meatest_m632", "GPIB0::2::INSTR"), ("lakeshore_336", "GPIB0::12::INSTR"),
          ("keithley_2460", "GPIB0::19::INSTR"), ("meatest_m525", "GPIB0::3::INSTR"),
          ("keysight_dsox3054t", "GPIB0::4::INSTR"), ("rigol_ds1104z", "USB0::0x1AB1::0x04CE::SIM00003::INSTR"))
    said, text = started(tmp_path, capsys), (tmp_path / "bench.toml").read_text("utf-8")
    for line in ("matrix (MODEL 707B) is not used yet: write it and the crosspoints of each device into [positioner]",
                 "decade_box (M632) is not used yet: write it into [fixture.control.load_resistance]",
                 "decade_box_2 (M525) is not used yet: write it into [fixture.control.parallel_capacitance]",
                 "scope_2 (DS1104Z) is not used yet: a bench measures with one oscilloscope",
                 "temperature (MODEL336) is not used yet: write it into [temperature]",
                 "source_meter_2 (MODEL 2460) is not used yet: give it a role in [roles]"):
        assert f"note: {line}\n" in said and f"# {line} (docs/bench.md)\n" in text


def test_a_4200_is_found_at_its_socket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its messages end with a zero byte there, and nothing tried its port."""
    resource = "TCPIP0::192.168.0.1::1225::SOCKET"
    world(tmp_path, ("keithley_4200", resource))
    assert f"{resource}: KEITHLEY INSTRUMENTS KI4200A, driver keithley_4200" in started(tmp_path, capsys)
    told: list[str] = []
    found, = find(f"{tmp_path / 'lab.world.toml'}@tsbench", ["192.168.0.1"], told.append)
    assert (found.driver, found.resource) == ("keithley_4200", resource)
    assert [line for line in told if "driver keithley_4200" in line] == [told[0], told[-1]]


def test_where_nothing_is_found_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tsbench.station.new_bench.find", lambda *_: [])
    assert main(["init", str(tmp_path), "--yes"]) == 2
    assert "no instrument was found. Switch the instruments on, try --visa @py, or give" in capsys.readouterr().err
    assert main(["init", str(tmp_path), "--yes", "--visa", "@py"]) == 2
    assert "no instrument was found. Switch the instruments on, or give an address" in capsys.readouterr().err


def test_a_library_that_does_not_exist_is_not_looked_for_in_a_bench_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init", str(tmp_path), "--yes", "--visa", "/no/library.so"]) == 2
    err = capsys.readouterr().err
    assert "Check the name of the VISA library" in err and "bench file" not in err


def test_a_quantity_is_written_as_a_bench_file_takes_it() -> None:
    answers = Answers.read({"max_current": " 100e-6 ", "load_resistance": "5100"})
    assert answers["max_current"] == "100 uA" and answers["load_resistance"] == "5.1 kOhm"
    with pytest.raises(ConfigurationError, match="load_resistance"):
        Answers.read({"load_resistance": "0.5 Ohm"})
