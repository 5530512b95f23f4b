"""An amber plan that a person accepts: it runs on a device like its model, and a device that is not ends its run."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tsbench.records import RunEvent
from tsbench.station.bench.accepting import ComparedRecorder
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.campaign.campaign import Campaign
from tsbench.station.campaign.foreseeing import foreseen_peaks
from tsbench.station.campaign.outcome import CampaignOutcome
from tsbench.station.campaign.state import read_state
from tsbench.station.preflight.peaks import PlannedRun, simulated_peaks
from tsbench.storage import read_run

METER = "USB0::0x05E6::0x2450::SIM00001::INSTR"
LIMIT = 0.2e-3  #: [A]
FAR = 1e-3  #: [A] compliance
STEP = 0.05  #: [V]


def simulate(question: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Simulate in this process."""
    return [vars(one) for one in simulated_peaks(
        question["bench"], question["device"], question["models"], [PlannedRun(**one) for one in question["runs"]],
        question["patience"])]


def lay(folder: Path, limits: str = f"max_current = {LIMIT}") -> Campaign:
    """D1 is like its model. D2 is a resistor of 2 kOhm, which takes more below the threshold of the model."""
    netlist = "R1 smu dut 100\nC1 smu 0 100p\nXDUT dut 0 device"
    fixture = f'[fixture]\nnetlist = """{netlist}"""\nterminals = {{ smu = "smu" }}\n'
    (folder / "w.world.toml").write_text(
        f'seed = 1\n[witness]\nfile = "witness.jsonl"\n[instruments.smu]\nmodel = "keithley_2450"\n'
        f'resource = "{METER}"\n{fixture}[devices.D1]\nmodel = "nbo2"\nseed = 1\n[devices.D2]\nmodel = "resistor"\n'
        "parameters = { r = 2000 }\n", "utf-8")
    (folder / "b.bench.toml").write_text(
        f'visa_library = "w.world.toml@tsbench"\n[instruments.smu]\ndriver = "keithley_2450"\nresource = "{METER}"\n'
        f'[roles]\ndrive = "smu"\n{fixture}[device.limits]\n{limits}\n'
        '[devices.D1]\nmaterial = "nbo2"\n[devices.D2]\nmaterial = "nbo2"\n', "utf-8")
    path = folder / "c.campaign.toml"
    steps = "".join(f'[[step]]\nname = "{name}"\nprotocol = "iv_sweep"\nstop = 0.6\nstep = {STEP}\nnplc = 0.01\n'
                    f"compliance = {FAR}\ncheck_oscillation = false\n" for name in ("first", "second"))
    path.write_text(f'bench = "b.bench.toml"\ndevices = ["D*"]\n{steps}', "utf-8")
    return campaign(path, folder / "out")


def peaks(*asked: Any) -> Any:
    """Foresee with a simulation in this process."""
    return foreseen_peaks(*asked, simulate=simulate)


def seen(folder: Path, device: str) -> float:
    """Return the largest true current [A] that the witness saw."""
    records = map(json.loads, (folder / "witness.jsonl").read_text("utf-8").splitlines())
    return max(abs(one["current"]) for one in records if one["kind"] == "maxima" and one["device"] == device)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CampaignOutcome, list[RunEvent]]:
    """Return the folder, the outcome and the events of the campaign with a yes."""
    folder = tmp_path_factory.mktemp("accepted")
    told: list[RunEvent] = []
    with pytest.raises(CampaignRefused, match="With a compliance of at most 200 uA"):
        lay(folder).run(peaks=peaks)
    return folder, lay(folder).run(accept=True, peaks=peaks, events=told.append, user="Ada"), told


@pytest.mark.thorough
def test_a_device_like_its_model_is_measured_to_the_end(measured: tuple[Path, CampaignOutcome, Any]) -> None:
    folder, outcome, _ = measured
    assert [outcome.runs[key].status for key in ("D1 first", "D1 second")] == ["success", "success"]
    assert 0 < seen(folder, "D1") < LIMIT


def test_a_device_that_is_not_ends_its_run_before_the_limit(measured: tuple[Path, CampaignOutcome, Any]) -> None:
    """The first reading above those of the model ends the run; the limit itself is never reached."""
    folder, outcome, _ = measured
    run = outcome.runs["D2 first"]
    assert (run.status, run.error_code, run.safe) == ("fail", 3, True)
    assert "D2 is not like the model nbo2: the " in run.reason
    points = read_run(run.path).points   # the reading that ended the run is in its file
    assert 0 < len(points) < 0.6 / STEP
    assert seen(folder, "D2") < LIMIT
    assert outcome.runs["D2 second"].status == "left out"
    assert "D2 gets no further runs that were planned by the model nbo2" in outcome.runs["D2 second"].reason


def test_what_was_accepted_is_stored(measured: tuple[Path, CampaignOutcome, Any]) -> None:
    folder, outcome, _ = measured
    header = read_run(outcome.runs["D1 first"].path).header
    assert header.device.limits.max_current == LIMIT
    assert header.provenance["accepted"]["most"] == {"max_current": pytest.approx(FAR, rel=2e-3)}
    state = read_state(folder / "out", lay(folder).file.name)
    assert state is not None and state.intents["D1 first"]["accepted"]["model"] == "nbo2"


def test_a_resumed_campaign_knows_the_device_that_is_not_like_its_model(
    measured: tuple[Path, CampaignOutcome, Any],
) -> None:
    folder, _, _ = measured
    outcome = lay(folder).run(accept=True, peaks=peaks, resume=True, again=["* second"])
    assert outcome.runs["D1 second"].status == "success" and outcome.runs["D2 second"].status == "left out"


def test_without_the_comparison_the_same_device_passes_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the comparison prevents: the counter-test of the one above."""
    monkeypatch.setattr(ComparedRecorder, "point", lambda recorder, point: recorder._recorder.point(point))
    outcome = lay(tmp_path).run(accept=True, peaks=peaks)
    assert outcome.runs["D2 first"].status == "success" and seen(tmp_path, "D2") > LIMIT


@pytest.mark.thorough
def test_a_pulse_that_is_too_much_is_the_last_one(tmp_path: Path) -> None:
    """No instrument limits the current of a pulse. The first record shows it, and nine pulses more are not sent."""
    examples = Path(__file__).resolve().parents[3] / "examples"
    world, bench = ((examples / f"nbo2.{name}.toml").read_text("utf-8") for name in ("world", "bench"))
    (tmp_path / "nbo2.world.toml").write_text(
        re.sub(r"\[devices\.D1\][^[]*", '[devices.D1]\nmodel = "resistor"\nparameters = { r = 300 }\n', world), "utf-8")
    limits = "[device.limits]\nmax_current = 1e-3\n"
    (tmp_path / "b.bench.toml").write_text(re.sub(r"\[device\.limits\][^[]*", limits, bench), "utf-8")
    path = tmp_path / "c.campaign.toml"
    path.write_text('bench = "b.bench.toml"\ndevice = "D1"\n[[step]]\nname = "pulses"\nprotocol = "pulse_train"\n'
                    'amplitude = 0.7\ncount = 10\nrecord_span = "4 us"\n', "utf-8")
    (run,) = campaign(path, tmp_path / "out").run(accept=True, peaks=peaks).runs.values()
    assert run.status == "fail" and "D1 is not like the model nbo2" in run.reason and " of a record is" in run.reason
    stored = read_run(run.path)
    assert len({waveform.time for waveform in stored.waveforms}) == 1   # one record of ten
    most = stored.header.provenance["accepted"]["most"]["max_current"]
    records = map(json.loads, (tmp_path / "nbo2.witness.jsonl").read_text("utf-8").splitlines())
    assert 1e-3 < max(abs(one["current"]) for one in records if one["kind"] == "maxima") < most
