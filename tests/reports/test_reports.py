"""A report says what the run files and the state of the campaign say, in a page that nothing in them can break."""

import html
import html.parser
import json
import math
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.fixtures.report_folder import results_of, write_odd_sweep, write_report_folder, write_sweep
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.records import Flag, Result
from tsbench.reports import content
from tsbench.reports.bench_facts import bench_facts
from tsbench.reports.content import ReportOptions, report_of
from tsbench.reports.devices import STATES, DeviceRun, device_of, parts_of, reported_devices
from tsbench.reports.document import Folded, Note, Picture, Report, Sheet, ValueMap
from tsbench.reports.folder import RunCache, of_campaign, read_folder
from tsbench.reports.html import page
from tsbench.reports.numbers import reported_quantities, with_nominal_conditions
from tsbench.reports.pictures import run_cells
from tsbench.reports.report import write_reports
from tsbench.reports.words import FLAGS, file_link, percent, place_name
from tsbench.reports.yields import yields
from tsbench.station.campaign.state import StateFile
from tsbench.storage.review import decide

DEVICES = {"D1": "working", "D2": "working", "D3": "working", "D4": "open", "D5": "shorted", "D6": "quiet",
           "D7": "conducting", "D8": "interrupted", "D9": "left out", "D10": "unsure", "D11": "knee", "D12": "working"}


class Links(html.parser.HTMLParser):
    """Collects what a page has of tags, addresses and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.names: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), "an attribute that is a script"
            if name in {"href", "xlink:href", "src"} and not (value or "").startswith("data:image/png;base64,"):
                self.targets.append(value or "")
            if name == "id":
                assert value not in self.names, f"two places with the name {value}"
                self.names.add(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def blocks_of(report: Report, section: str) -> list[object]:
    return list(next(one.blocks for one in report.sections if one.name == section))


def cells(report: Report, section: str) -> list[list[str]]:
    return [[cell.text for cell in row] for block in blocks_of(report, section) if isinstance(block, Sheet)
            for row in block.rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report_folder(tmp_path_factory.mktemp("runs") / "r", DEVICES)


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    read = read_folder(folder)
    return report_of(read, read.campaigns[0])


def test_each_device_has_the_state_that_its_runs_show(folder: Path) -> None:
    read = read_folder(folder)
    found = {one.name: one.state for one in reported_devices(read.campaigns[0], of_campaign(read, read.campaigns[0]))}
    assert found == {"D1": "working", "D2": "working", "D3": "working", "D12": "working", "D4": "open", "D5": "shorted",
                     "D6": "no switching", "D7": "conducting", "D8": "not known", "D9": "not known",
                     "D10": "not known", "D11": "not known"}


def test_only_the_stress_of_a_rejected_run_counts(tmp_path: Path) -> None:
    path = write_report_folder(tmp_path / "r", {"D1": "working", "D2": "working"})
    decide(path / "RUN1-0.nxs", "reject", "the needle slipped")
    read = read_folder(path)
    found = {one.name: one for one in reported_devices(read.campaigns[0], read.runs)}
    assert {name: one.state for name, one in found.items()} == {"D1": "not known", "D2": "working"}
    assert found["D1"].dose == found["D2"].dose.__class__(cycles=1.0, charge=1e-6, energy=1e-6,
                                                          max_voltage=found["D1"].dose.max_voltage, max_current=1e-3)
    words = " ".join(block.text for block in blocks_of(report_of(read, read.campaigns[0]), "summary")
                     if isinstance(block, Note))
    assert "Only the stress of RUN1-0.nxs counts, because a person has rejected this run: the needle slipped" in words


@pytest.mark.thorough
def test_the_yield_counts_only_devices_that_are_decided(report: Report) -> None:
    rows = cells(report, "summary")
    assert rows[0][:4] == ["switch at the end", "50 %", "22 % to 78 %", "4 of 8"]   # Wilson's interval of 4 of 8
    assert rows[2][3:] == ["4 of 6", "the same without devices that look open or conduct from the start"]
    words = " ".join(block.text for block in blocks_of(report, "summary") if isinstance(block, Note))
    assert "Of 4 devices it is not known whether they switch" in words


def test_a_device_that_switched_and_then_shorted_does_not_work_at_the_end() -> None:
    good = DeviceRun("D a", "a", "D", "success", results=results_of("working", 1.0))
    bad = DeviceRun("D b", "b", "D", "success", contact=("short",), results=results_of("shorted", 1.0), run_id="R2")
    found = device_of("D", [good, bad])
    assert (found.state, found.switched) == ("shorted", True) and found.reason.startswith("It switched before.")
    counted = yields([found, device_of("E", [good])])
    assert (counted.at_end.works, counted.ever.works, counted.at_end.of) == (1, 2, 2)


def test_results_of_an_interrupted_run_decide_nothing() -> None:
    lost = DeviceRun("D a", "a", "D", "interrupted", results=results_of("working", 1.0))
    assert device_of("D", [lost]).state == "not known"


@pytest.mark.parametrize("flag", [Flag.AMBIGUOUS, Flag.IMPLAUSIBLE, Flag.NO_HYSTERESIS])
def test_an_event_that_something_else_may_be_is_no_evidence(flag: Flag) -> None:
    one = Result("threshold_voltage", "V", 1.0, 0.9, 1.1, "step", {}, flag)
    found = device_of("D", [DeviceRun("D a", "a", "D", "success", results=(one,))])
    assert found.state == "not known" and str(flag.name).lower() in found.reason


def test_every_flagged_device_has_a_reason_and_a_remedy(report: Report) -> None:
    rows = {row[0]: row[1:] for row in cells(report, "flagged")}
    assert set(rows) == {f"D{number}" for number in range(4, 12)}
    assert all(len(reason) > 20 for _, reason in rows.values())
    assert "Make the contact again" in rows["D4"][1] and "raise the compliance" in rows["D7"][1]
    assert rows["D8"][1] == "D8 screen was interrupted. Measure it again with --again"
    assert rows["D9"][1].startswith("It was not measured. Its condition is not met")


def test_numbers_are_those_of_the_run_files(folder: Path, report: Report) -> None:
    read = read_folder(folder)
    values = [one.run.results[0].value or 0.0 for one in read.runs
              if one.run.header.device.identifier in {"D1", "D2", "D3", "D12"}]
    found = reported_quantities([run for one in reported_devices(read.campaigns[0], read.runs) for run in one.runs])
    first = found[0]
    assert first.quantity == "threshold_voltage" and first.population is not None
    assert math.isclose(first.population.mean.value or 0.0, sum(values) / 4)
    assert first.value("D1") == values[0] and first.value("D6") is None
    named = [row for row in cells(report, "results") if row[0] == "threshold voltage (polarity +)"]
    assert named[0][1] == "4" and len(named) == 1   # four values are too few for a fit


def test_steps_skipped_and_interrupted_are_listed_with_their_reasons(report: Report) -> None:
    rows = cells(report, "steps")
    assert rows[0] == ["screen", "iv_sweep", "10", "1", "1"]
    assert rows[1][:2] == ["D8 screen", "interrupted"]
    assert rows[2] == ["screen", "1", "its condition is not met: contact == ok (with contact open)", "D9 screen"]


def test_limits_budgets_and_calibrations_come_from_the_bench_file_of_the_runs(report: Report) -> None:
    exposure = {row[0]: row[1:] for row in cells(report, "exposure")}
    assert exposure["largest voltage"][:2] == ["2 V", "1.5 V (planned worst case of D8 screen, not measured)"]
    assert exposure["cycles in all runs"][0] == "100"
    instrument = cells(report, "provenance")[0]
    assert instrument[0] == "source_meter" and "2026-01-15, due 2026-06-30, OVERDUE when it measured" in instrument


def test_provenance_has_the_hash_of_every_run_file(folder: Path, report: Report) -> None:
    import hashlib

    fold = next(block for block in blocks_of(report, "provenance") if isinstance(block, Folded))
    table = fold.blocks[0]
    assert isinstance(table, Sheet) and len(table.rows) == 10
    for row in table.rows:
        file = folder / unquote(row[0].link)
        assert row[4].text == hashlib.sha256(file.read_bytes()).hexdigest()


def test_every_picture_links_to_the_run_files_that_it_shows(folder: Path, report: Report) -> None:
    pictures = [block for section in report.sections for block in section.blocks if isinstance(block, Picture)]
    assert {one.name.partition("-")[0] for one in pictures} == {"map", "distribution", "iv"}
    listing = {f"#{one.name}": one for one in pictures if one.runs}
    for one in pictures:
        assert one.runs or one.name == "map-states" or (
            one.lists_runs_of is not None and one.lists_runs_of.link in listing)
        assert all((folder / unquote(cell.link)).is_file() for cell in one.runs)
    shown = next(one.drawn for one in pictures if isinstance(one.drawn, ValueMap))
    assert len(shown.dies) == 12   # D9 was left out: its die is on the map too
    assert {place.device: place.value is None for place in shown.places}["D6"] is True


@pytest.mark.thorough
def test_a_list_of_run_files_stands_once_on_a_page(report: Report) -> None:
    pictures = [block for section in report.sections for block in section.blocks if isinstance(block, Picture)]
    lists = [one.runs for one in pictures if len(one.runs) > 3]
    assert len(set(lists)) == len(lists) and any(one.lists_runs_of for one in pictures)
    written = re.findall(r'<ul class="runs">(.*?)</ul>', page(report), re.DOTALL)
    assert written and len(set(written)) == len(written) == len(lists)


def test_a_picture_lists_only_runs_with_its_quantity(tmp_path: Path) -> None:
    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "working"})
    contact = (Result("resistance", "Ohm", 1e3, 9e2, 1.1e3, "line"),)
    write_sweep(folder, "CONTACT", "D1", contact, 1.0, "", campaign="")
    read = read_folder(folder)
    devices = reported_devices(None, read.runs)
    found = next(one for one in reported_quantities([run for device in devices for run in device.runs])
                 if one.quantity == "threshold_voltage")
    assert {cell.text for cell in run_cells(devices, found)} == {"RUN1-0", "RUN1-1"}


def test_the_page_needs_no_network_and_its_links_lead_somewhere(folder: Path, report: Report) -> None:
    text = page(report)
    found = Links(text)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(found.tags)
    for target in found.targets:
        if target.startswith("#"):
            assert target[1:] in found.names, target
        else:
            assert target.startswith("./") and (folder / unquote(target)).is_file(), target
    assert found.tags.count("svg") == text.count('<svg role="img" aria-label="') >= 5
    assert "default-src 'none'" in html.unescape(text) and "SIMULATED" in found.words
    assert not re.search(r"url\((?!#)", text) and "http-equiv=\"refresh\"" not in text


EVIL = "<script>alert(1)</script>\"'&$x_{$ \\ \u202e\u2028 {{7*7}}"


def test_names_and_notes_from_files_are_only_shown(tmp_path: Path) -> None:
    folder = write_report_folder(tmp_path / "r", {EVIL: "working", "a b": "working", "c": "working", "d$e$f$": "open"},
                                 name="javascript:alert(2)<img src=x onerror=alert(3)>", note="<script>note</script>")
    read = read_folder(folder)
    text = page(report_of(read, read.campaigns[0], ReportOptions(("hold_voltage",), ())))
    found = Links(text)
    assert "script" not in found.tags and "img" not in found.tags and "b" not in found.tags
    assert "{{7*7}}" in found.words and "<script>note</script>" in found.words
    assert all(target.startswith(("#", "./")) for target in found.targets)


@pytest.mark.thorough
def test_a_pdf_has_the_same_numbers_and_takes_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_report_folder(tmp_path / "r", {EVIL: "working", "\u0416\u4e2d": "working", "c": "shorted"})
    assert main(["report", str(folder), "--json", "--quantity", "hold_voltage"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert [Path(one).name for one in found["files"]] == ["report.html", "report.pdf"]
    assert found["headline"][0] == "2 of 3 judged devices switch"
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert not list(folder.glob("*.part"))


@pytest.mark.thorough
def test_a_folder_without_a_campaign_has_a_report_of_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    tmp_path.joinpath("deeper").mkdir()
    write_sweep(tmp_path / "deeper", "RUN1", "D1", results_of("working", 1.0), 1.0, "", campaign="")
    write_sweep(tmp_path, "RUN2", "D2", results_of("open", 1.0), 1.0, "", campaign="")
    (tmp_path / "broken.nxs").write_bytes(b"nothing")
    assert main(["report", str(tmp_path), "--no-pdf"]) == 1
    told = capsys.readouterr()
    assert "1 of 2 judged devices switch" in told.out and "broken.nxs" in told.err
    text = (tmp_path / "report.html").read_text("utf-8")
    assert 'href="./deeper/RUN1.nxs"' in text and "Not in this report" in text


def test_several_campaigns_have_a_report_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report_folder(tmp_path, {"D1": "left out"}, name="one", seed=1)
    write_report_folder(tmp_path, {"D2": "left out"}, name="two", seed=2)
    assert main(["report", str(tmp_path), "--no-pdf"]) == 0
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["report-one.html", "report-two.html"]
    assert main(["report", str(tmp_path), "--no-pdf", "--campaign", "three"]) == 2
    assert "no campaign 'three'" in capsys.readouterr().err


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "neither a campaign nor run files" in capsys.readouterr().err


def test_a_damaged_state_of_a_campaign_is_told_and_the_runs_are_reported(tmp_path: Path) -> None:
    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "open"})
    (folder / "screen.tsc").write_bytes(b"\x00" * 100)
    read = read_folder(folder)
    assert len(read.runs) == 2 and "screen.tsc" in read.problems[0]


@pytest.mark.thorough
def test_the_newest_extraction_counts(tmp_path: Path) -> None:
    from tsbench.storage import append_extraction

    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "working"})
    append_extraction(folder / "RUN1-0.nxs", results_of("working", 2.5))
    read = read_folder(folder, cache := RunCache())
    assert (read.runs[0].run.results[0].value, read.runs[0].extraction) == (2.5, 2)
    append_extraction(folder / "RUN1-0.nxs", results_of("working", 3.5))
    assert read_folder(folder, cache).runs[0].run.results[0].value == 3.5


def test_odd_run_files_of_others_do_not_break_the_report(tmp_path: Path) -> None:
    """A sweep with other columns, conditions and facts that are no plain values."""
    odd = Result("threshold_voltage", "V", 1.0, 0.9, 1.1, "", {"at": {"a": 1}, "list": [1, 2]})
    write_odd_sweep(tmp_path, "RUN1", (odd,))
    write_odd_sweep(tmp_path, "RUN2", (odd,))
    read = read_folder(tmp_path)
    made = report_of(read, None, ReportOptions((), ()))
    assert made.headline[0].text == "1 of 1 judged device switch"
    told = [block.text for block in blocks_of(made, "curves") if isinstance(block, Note)]
    assert len(told) == 1 and "its curve cannot be drawn" in told[0]


def test_conditions_that_were_read_back_are_one_condition() -> None:
    from tsbench.extraction.observations import Observation

    levels = [0.0500269, 0.0500273, 0.0250231, 0.051]
    made = [Observation(Result("resistance", "Ohm", 1e3, 9e2, 1.1e3, "line", {"up to": level}), place, False,
                        {"device": f"D{place}", "up to": level}) for place, level in enumerate(levels)]
    found = [one.result.conditions["up to"] for one in with_nominal_conditions(made)]
    assert found == [0.05, 0.05, 0.0250231, 0.051]


def test_names_of_runs_are_taken_apart() -> None:
    assert parts_of("a b series r2 t3", ["a"], ["series"]) == ("a b", "series")
    assert parts_of("W1/D series before", [], ["series"]) == ("W1/D", "series (check)")
    assert parts_of("W1/D other p2", ["W1/D"], []) == ("W1/D", "other")


def test_facts_of_a_bench_file_that_is_broken_are_left_out() -> None:
    assert not bench_facts("[").dies
    odd = bench_facts('[device.budget]\ncycles = "x"\n[devices.A]\ndie = [1, 2, 3, 4]\n[instruments]\na = 3\n')
    assert not odd.budgets and not odd.dies and not odd.calibrated


def test_words() -> None:
    assert {percent(0.0), percent(0.002), percent(0.998), percent(1.0)} == {"0 %", "0.2 %", "99.8 %", "100 %"}
    assert file_link("a:b/ö#.nxs") == "./a%3Ab/%C3%B6%23.nxs"
    assert place_name("device", "a_b") != place_name("device", "a b")
    assert set(FLAGS) == {flag for flag in Flag if flag} and len(STATES) == 7


def test_the_table_of_results_has_the_number_of_the_only_device(folder: Path) -> None:
    read = read_folder(folder)
    devices = reported_devices(read.campaigns[0], read.runs)
    alone = next(one for one in devices if one.switched)
    for one in reported_quantities(alone.runs[:2]):
        cells = [cell.text for cell in content._number_row(one)]
        assert one.population is None and cells[2] not in {"-", "- (median)"}, cells


def test_a_name_that_is_no_quantity_replaces_no_report(folder: Path) -> None:
    file = folder / "report.html"
    file.write_text("kept", "utf-8")
    with pytest.raises(ConfigurationError, match="Did you mean 'threshold_voltage'"):
        write_reports(folder, options=ReportOptions(("threshold_volt",), ()), with_pdf=False)
    assert file.read_text("utf-8") == "kept"
    file.unlink()


def test_a_wanted_quantity_without_a_result_is_told(folder: Path) -> None:
    read = read_folder(folder)
    made = report_of(read, read.campaigns[0], ReportOptions(("threshold_volt",), ()))
    told = [block.text for block in blocks_of(made, "results") if isinstance(block, Note) and block.loud]
    assert told == ["No run has a result of the quantity 'threshold_volt'. Did you mean 'threshold_voltage'?"]


@pytest.mark.thorough
def test_only_wanted_quantities_have_pictures(folder: Path) -> None:
    read = read_folder(folder)
    made = report_of(read, read.campaigns[0], ReportOptions(("hold_voltage",), ("normal",)))
    names = [block.title for section in made.sections for block in section.blocks if isinstance(block, Picture)]
    assert "Wafer map of hold voltage (polarity +)" in names and not any("threshold" in name for name in names)


def _changed(folder: Path, noted: bool) -> None:
    """A campaign of one device whose file is changed between two of its three runs; the third repeats the second."""
    states = StateFile(folder, "c")
    states.note("begin", id="C1", name="c", file="c.toml", text="# the first file", items=1,
                time="2026-11-24T22:00:00.000+00:00")
    for number, fingerprint in enumerate(("former", "latest", "latest"), start=1):
        if number == 2 and noted:
            states.note("file", file="c.toml", text="# the latest file", time="2026-11-24T22:01:00.000+00:00", items=1,
                        gone=["D1 screen"])
        dose = {"cycles": 10.0, "charge": 1e-3, "energy": 1e-3, "max_voltage": float(number), "max_current": 1e-3}
        run = f"RUN{number}"
        states.note("intent", key="D1 screen", device="D1", fingerprint=fingerprint, charge=f"C1:{number}",
                    time=f"2026-11-24T22:0{number}:00.000+00:00", protocol="iv_sweep", parameters={},
                    dose={**dose, "max_voltage": 9.0}, **({"repeated": number == 3} if noted else {}))
        states.note("run", key="D1 screen", run=run)
        write_sweep(folder, run, "D1", results_of("working", 1.0), 1.0, "")
        states.note("outcome", key="D1 screen", status="success", reason="", run=run, path=f"{run}.nxs", results=[],
                    contact=[], dose=dose, safe=True)
    states.note("end", time="2026-11-24T22:10:00.000+00:00", reason="")
    states.close()


@pytest.mark.thin(2)
@pytest.mark.parametrize("noted", [True, False])   # False: by a version that did not note that the file was changed
def test_all_that_a_device_has_seen_counts_whatever_became_of_its_file(tmp_path: Path, noted: bool) -> None:
    _changed(tmp_path, noted)
    read = read_folder(tmp_path)
    (device,) = reported_devices(read.campaigns[0], read.runs)
    assert (device.dose.cycles, device.dose.charge, device.dose.max_voltage) == (30.0, pytest.approx(3e-3), 3.0)
    assert [run.run_id for run in device.runs] == ["RUN1", "RUN3"]   # RUN3 stands in the place of RUN2 only
    text = html.unescape(page(report_of(read, read.campaigns[0])))
    assert "1 of 1 runs decided" in text and "1 run was measured again" in text and "# the first file" in text
    assert ("# the latest file" in text) is noted and ("The file of the campaign was changed" in text) is noted


@pytest.mark.thorough
def test_a_worst_case_that_was_only_planned_is_said_to_be_planned(tmp_path: Path) -> None:
    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "interrupted"})
    read = read_folder(folder)
    text = html.unescape(page(report_of(read, read.campaigns[0])))
    assert "1.5 V (planned worst case of D2 screen, not measured)" in text


def test_run_files_that_are_gone_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "working"})
    gone = sorted(folder.glob("*.nxs"))[0]
    gone.unlink()
    assert main(["report", str(folder), "--no-pdf"]) == 1
    assert f"1 run file is missing: {gone.name}" in capsys.readouterr().err
    text = (folder / "report.html").read_text("utf-8")
    assert "1 run file is missing" in text and "Not in this report" not in text   # its results are in the report
