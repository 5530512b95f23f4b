"""``--log``, ``--verbose`` and ``--trace``."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    for name in ("resistor.bench.toml", "resistor.world.toml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    return tmp_path / "resistor.bench.toml"


def test_a_command_is_logged_and_its_messages_are_traced(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    before = [list(logging.getLogger(name).handlers) for name in ("tsbench", "tsbench.wire")]
    log, trace = tmp_path / "new" / "a.log", tmp_path / "new" / "a.trace"
    assert main(["check", str(bench), "--log", str(log), "--trace", str(trace), "--verbose"]) == 0
    lines = log.read_text("utf-8").splitlines()
    assert "INFO tsbench.cli.log_file: tsbench " in lines[0] and lines[-1].endswith("the command ends with exit code 0")
    assert any("tsbench.station.bench.connection: source_meter (Keithley 2450, " in line for line in lines)
    assert any("outputs read back: source_meter off, generator.1 off, generator.2 off" in line for line in lines)
    assert capsys.readouterr().err.splitlines() == lines
    assert "\tsource_meter\tread\t" in trace.read_text("utf-8")
    assert [logging.getLogger(name).handlers for name in ("tsbench", "tsbench.wire")] == before


def test_a_second_command_adds_to_the_files(bench: Path, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for _ in range(2):
        main(["instruments", "--log", str(log)])
    assert log.read_text("utf-8").count("the command ends with exit code 0") == 2


def test_a_command_that_fails_is_logged_with_its_traceback(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert main(["check", str(tmp_path / "none.toml"), "--log", str(log)]) == 2
    text = log.read_text("utf-8")
    assert "ERROR tsbench.cli.log_file: the command ends with ConfigurationError: " in text and "Traceback" in text


@pytest.mark.parametrize("option", ["--log", "--trace"])
def test_a_file_that_cannot_be_written_is_one_line(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["protocols", option, str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"tsbench: {tmp_path}: Is a directory\n"


def test_a_run_is_logged_by_its_events(bench: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    code = main(["measure", "iv_sweep", "--bench", str(bench), "--device", "R1", "--set", "stop=0.2 V", "--set",
                 "step=0.1 V", "--set", "compliance=1 mA", "--out", str(tmp_path / "runs"), "--log", str(log)])
    text = log.read_text("utf-8")
    assert code == 0 and "INFO tsbench.station.runner.events: state: " in text
    assert "INFO tsbench.station.runner.events: output: " in text and " point: " not in text


def test_logging_alone_prints_nothing_on_standard_error() -> None:
    """A command prints its warnings itself; logging's fallback would print each of them a second time."""
    text = ("import logging\nimport tsbench.cli.listing as listing\nfrom tsbench.cli import main\n"
            "protocols = listing.protocols\ndef warned(options):\n"
            "    logging.getLogger('tsbench.station').warning('a second time')\n    return protocols(options)\n"
            "listing.protocols = warned\nmain(['protocols'])\n")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert "iv_sweep" in done.stdout and done.stderr == ""
