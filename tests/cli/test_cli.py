"""The command line: what is understood, what is printed where, exit codes, and that --help costs nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench.cli import main, parser
from tsbench.cli.measuring import parse_settings
from tsbench.errors import ConfigurationError, LimitError, TsbenchError
from tsbench.protocols import Protocol
from tsbench.protocols.registry import PROTOCOLS

COMMANDS = [
    "demo",
    "measure",
    "run",
    "analyse",
    "validate",
    "recover",
    "devices",
    "instruments",
    "protocols",
    "simulate",
    "check",
    "gui",
]
HEAVY = {"numpy", "pydantic", "pyvisa", "pymeasure", "h5py", "numba", "rich", "matplotlib", "PyQt5"}


def refused(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code)


def raising(error: BaseException):
    def command(options):
        raise error

    return command


@pytest.fixture
def one_line(capsys):
    """Return a function that says what was written to standard error, which must be one line."""

    def line() -> str:
        text = capsys.readouterr().err
        assert text.startswith("tsbench: ")
        assert text.count("\n") == 1
        assert "Traceback" not in text
        return text

    return line


# ------------------------------------------------------------------------------------------------ help


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom tsbench.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(','.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.strip().split(","))
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.thorough
def test_a_command_computes_with_one_thread_unless_its_user_says_otherwise():
    code = (
        "import os\nfrom tsbench.cli import main\nmain(['instruments'])\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    for given, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")):
        environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | given
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert refused([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "example:" in text
    assert f"tsbench {command}" in text.partition("example:")[2]


def test_every_command_leads_to_a_function_that_exists():
    import importlib

    arguments = {
        "measure": ["iv_sweep", "--bench", "b", "--device", "d"],
        "run": ["l"],
        "analyse": ["f"],
        "validate": ["f"],
        "recover": ["d"],
        "check": ["b"],
    }
    for command in COMMANDS:
        options = parser.build_parser().parse_args([command, *arguments.get(command, [])])
        module, _, function = options.command_function.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), command


def test_measure_help_lists_the_parameters_of_the_protocol(capsys):
    assert refused(["measure", "iv_sweep", "--help"]) == 0
    text = capsys.readouterr().out
    dwell = next(line for line in text.splitlines() if line.strip().startswith("dwell"))
    assert " s " in dwell
    assert "1 ms" in dwell
    assert "100 s" in dwell
    assert "time at a level" in dwell
    assert "--set" in text


def test_measure_help_of_a_protocol_without_parameters(capsys, monkeypatch):
    nothing = type("Nothing", (Protocol,), {
        "__doc__": "Does nothing.", "name": "nothing", "title": "Nothing", "roles": (), "columns": (),
        **dict.fromkeys(("plan", "run", "extract"), lambda *_: None)})
    monkeypatch.setitem(vars(PROTOCOLS.offers()["iv_sweep"]), "thing", nothing)
    assert refused(["measure", "iv_sweep", "--help"]) == 0
    assert "iv_sweep has no parameters" in capsys.readouterr().out


def test_measure_help_of_an_unknown_protocol_names_the_nearest(one_line):
    assert refused(["measure", "iv_swep", "--help"]) == 2
    assert "Did you mean 'iv_sweep'?" in one_line()


# -------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mesure"], "Did you mean 'measure'?"),
        ([], "COMMAND"),
        (["measure", "iv_sweep"], "--bench"),
        (["measure", "iv_sweep", "--bench", "b", "--device", "d", "--json", "--events"], "not allowed"),
        (["demo", "--seed", "one"], "invalid int value: 'one'"),
    ],
)
def test_wrong_arguments_give_one_line_and_code_2(arguments, said, one_line):
    assert refused(arguments) == 2
    assert said in one_line()


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (["stop=1.2 V", "biases=1.8,2.2,2.6"], {"stop": "1.2 V", "biases": "1.8,2.2,2.6"}),
        ([" stop = 1.2 "], {"stop": "1.2"}),
        (["note=a=b"], {"note": "a=b"}),
        ([], {}),
    ],
)
def test_settings(settings, values):
    assert parse_settings(settings) == values


@pytest.mark.parametrize("settings", [["stop"], ["=1"], ["stop=1", "stop=2"]])
def test_settings_refused(settings):
    with pytest.raises(ConfigurationError):
        parse_settings(settings)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("stopp=1", "Did you mean 'stop'?"),
        ("stop=1.2 A", "the unit must be V"),
        ("cycles=0", "cycles"),
        ("dwell=fast", "dwell"),
    ],
)
def test_a_wrong_parameter_gives_one_line_and_code_2(setting, said, one_line, nbo2_bench):
    assert main(["measure", "iv_sweep", "--bench", str(nbo2_bench), "--device", "D1", "--set", setting]) == 2
    assert said in one_line()


# ------------------------------------------------------------------------------------ errors, exit codes


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (TsbenchError("it failed"), 1, "tsbench: it failed"),
        (ConfigurationError("two\nlines"), 2, "tsbench: two lines"),
        (LimitError("3.2 V exceeds 2.5 V"), 3, "3.2 V exceeds 2.5 V"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("division by zero"), 1, "run with --debug for the traceback"),
        (FileNotFoundError(2, "No such file or directory", "nowhere.toml"), 2, "nowhere.toml: No such file"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(error, code, said, one_line, monkeypatch):
    monkeypatch.setattr("tsbench.cli.listing.protocols", raising(error))
    assert main(["protocols"]) == code
    assert said in one_line()


@pytest.mark.parametrize("arguments", [["--debug", "protocols"], ["protocols", "--debug"]])
def test_debug_shows_the_traceback(arguments, monkeypatch):
    monkeypatch.setattr("tsbench.cli.listing.protocols", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(arguments)


@pytest.mark.thin(4)
@pytest.mark.parametrize("arguments", [
    ["protocols", "--json"], ["protocols"], ["devices"], ["instruments"], ["--debug", "protocols"]])
def test_a_closed_pipe_is_no_error(arguments):
    code = f"import sys; from tsbench.cli import main; sys.exit(main({arguments!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


def test_a_run_goes_on_when_nobody_reads_its_progress():
    code = ("from tsbench.cli.printing import ProgressPrinter\nfrom tsbench.records import RunEvent\n"
            "with ProgressPrinter('run') as shown:\n    for _ in range(3): shown(RunEvent('warning', 'hot'))\n"
            "print('measured')")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stderr.close()
        assert child.stdout.read() == "measured\n"
    assert child.returncode == 0


# ------------------------------------------------------------------------------------ listing and files


def test_protocols_as_json(capsys):
    assert main(["protocols", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert {"iv_sweep", "pulse_train", "oscillation"} <= {protocol["name"] for protocol in described}
    sweep = next(protocol for protocol in described if protocol["name"] == "iv_sweep")
    parameters = {parameter["name"]: parameter for parameter in sweep["parameters"]}
    assert parameters["dwell"]["unit"] == "s"


def test_protocols_as_tables(capsys):
    assert main(["protocols", "--all"]) == 0
    text = capsys.readouterr().out
    assert "compliance" in text
    assert "1 mA" in text


def test_analyse_a_table(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["v,i"]
    for level in [step / 100 for step in range(101)]:
        lines.append(f"{level},{1e-4 if level > 0.8 else level * 1e-9}")
    for level in [step / 100 for step in range(100, -1, -1)]:
        lines.append(f"{level},{1e-4 if level > 0.4 else level * 1e-9}")
    table = tmp_path / "iv.csv"
    table.write_text("\n".join(lines))
    assert (
        main(["analyse", str(table), "--columns", "voltage=v,current=i", "--rule", "above=10n", "--json"])
        == 0
    )
    rows = json.loads(capsys.readouterr().out)
    threshold = next(row for row in rows if row["quantity"] == "threshold_voltage")
    assert threshold["low"] <= 0.81 <= threshold["high"] + 1e-9
    assert {"device", "protocol", "run", "quantity", "unit", "conditions", "value", "method", "flags"} <= set(
        threshold
    )
    assert main(["analyse", str(table), "--columns", "voltage=v,current=i"]) == 0
    assert "threshold voltage" in capsys.readouterr().out
    assert (tmp_path / "analysed" / "iv_iv.png").is_file()


@pytest.mark.parametrize("columns", ["voltage=u,current=i", "volts=v"])
def test_analyse_with_wrong_columns(columns, tmp_path: Path, one_line):
    table = tmp_path / "iv.csv"
    table.write_text("v,i\n0,0\n1,1\n")
    assert main(["analyse", str(table), "--columns", columns]) == 2
    assert one_line()


def test_analyse_a_missing_file(tmp_path: Path, one_line):
    assert main(["analyse", str(tmp_path / "nothing.csv")]) == 2
    assert "nothing.csv" in one_line()


@pytest.mark.thin(3)
@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(range(200)), b"no HDF5 at all"])
def test_validate_what_is_not_a_run_file(content, tmp_path: Path, capsys):
    file = tmp_path / "run.nxs"
    file.write_bytes(content)
    assert main(["validate", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("tsbench: 1 of 1 files")
    assert captured.err.count("\n") == 1
    assert main(["validate", str(file), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)[0]["problems"]


def test_recover_an_empty_folder(tmp_path: Path, capsys):
    assert main(["recover", str(tmp_path)]) == 0
    assert "nothing to recover" in capsys.readouterr().out
    assert main(["recover", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"recovered": [], "problems": []}


def test_recover_a_folder_that_is_not_there(tmp_path: Path, one_line):
    assert main(["recover", str(tmp_path / "nowhere")]) == 2
    assert "this folder does not exist" in one_line()


def test_gui_without_a_display_says_so(monkeypatch, one_line):
    if sys.platform != "linux":
        pytest.skip("Windows and macOS always have a display")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["gui"]) == 2
    assert "display" in one_line()
