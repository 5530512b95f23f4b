"""What a user names by mistake, or is handed to harm: one clear line, soon, and no more memory than it deserves."""

import os
import shutil
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files
from tsbench.protocols import PROTOCOLS, Protocol
from tsbench.simulated_backends.studies.simulate.simulate import simulate
from tsbench.simulated_backends.witness.witness_file import WitnessFile
from tsbench.simulated_backends.world.world_file import load_world_file
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.campaign.file import read_campaign
from tsbench.text_files import LARGEST, read_toml

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
READERS = {"bench": BenchFile.load, "world": load_world_file, "list": read_campaign, "netlist": simulate}


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def huge(folder: Path) -> Path:
    with (folder / "huge").open("wb") as file:
        file.truncate(10**12)  # a hole: it costs no disk
    return folder / "huge"


def written(text: str, folder: Path) -> Path:
    (folder / "file").write_text(text)
    return folder / "file"


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "made",
    [lambda _: Path("/dev/zero"), pipe, huge, lambda f: f, lambda f: f / "no\0name", lambda f: f / "none"],
    ids=["device", "pipe", "huge", "folder", "NUL", "missing"],
)
def test_what_is_no_text_file_is_refused_in_one_line(tmp_path: Path, read: object, made: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(made(tmp_path))  # type: ignore[operator]
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("read", [BenchFile.load, load_world_file, read_campaign])
@pytest.mark.parametrize(
    "text",
    [
        f"x = {'9' * 5000}",
        f"x = 0x{'f' * 5000}",
        f"x = {'9' * 30}",
        f"x = {'[' * 50_000}",
        f"x = {'[' * 60}{']' * 60}",
        ".".join(["a"] * 3000) + " = 1",
        'x = "a\\u0000b"',
        "x = " + "'" * 3 + "a" * (LARGEST + 9),
        "\0",
    ],
    ids=["digits", "hex", "64 bits", "depth", "closed depth", "dotted", "NUL", "long", "NUL byte"],
)
def test_toml_beyond_reason_is_refused_in_one_line(tmp_path: Path, read: object, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(written(text, tmp_path))  # type: ignore[operator]
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_toml_within_reason_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfx = 9_223_372_036_854_775_807\r\ny = [[1], {z = -1.5}]\r\n")
    assert read_toml(path, "file") == {"x": 2**63 - 1, "y": [[1], {"z": -1.5}]}


@pytest.mark.parametrize("content", [b"precious\n", b"{}\n", b"\0", b'{"kind":"start"}\n'])
def test_the_witness_does_not_append_to_what_is_not_its_own(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thesis.txt"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="has other content"):
        WitnessFile(path)
    assert path.read_bytes() == content
    with pytest.raises(ConfigurationError, match="not a regular file"):
        WitnessFile(pipe(tmp_path))
    with pytest.raises(ConfigurationError, match="cannot write to"):
        WitnessFile(path / "below")


def test_the_witness_goes_on_in_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "witness.jsonl"
    for _ in range(2):
        file = WitnessFile(path)
        file.write({"kind": "start", "t": 0.0})
        file.close()
    assert len(path.read_bytes().splitlines()) == 2


def test_checking_a_bench_leaves_a_foreign_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    world = tmp_path / "nbo2.world.toml"
    text = world.read_text("utf-8")
    (tmp_path / "thesis.txt").write_text("precious")
    world.write_text(text.replace("nbo2.witness.jsonl", "thesis.txt"), "utf-8")
    assert "thesis.txt" in world.read_text("utf-8")
    assert main(["check", str(tmp_path / "nbo2.bench.toml")]) == 2
    assert (tmp_path / "thesis.txt").read_text() == "precious"
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "thesis.txt" in line]
    assert "has other content" in line


def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path) -> None:
    long = tmp_path / "long.csv"
    long.write_text("voltage,current\n" + "1" * 3_000_000)
    with pytest.raises(UnreadableFile, match="line 2 has more than"):
        analyse_files([long])
    for path in (Path("/dev/zero"), pipe(tmp_path)):
        with pytest.raises(ConfigurationError, match="a device or a pipe, not a file"):
            analyse_files([path])


@pytest.mark.parametrize("protocol", PROTOCOLS.things().values(), ids=PROTOCOLS.names())
@pytest.mark.parametrize(
    "value", ["9" * 5000, "1e999", "nan", "1_" * 3000 + "1", "1.2 V\0", "[" * 100_000, 10**5000, [[[]]], {"a": 1}],
    ids=["digits", "1e999", "nan", "underscores", "NUL", "brackets", "integer", "list", "table"])
def test_a_parameter_beyond_reason_is_refused_in_one_line(protocol: type[Protocol], value: object) -> None:
    refused = 0
    for field in protocol.model_fields:
        try:
            protocol.parse({field: value})
        except ConfigurationError as error:
            refused += 1
            assert len(str(error)) < 500 and "\n" not in str(error) and "\0" not in str(error)
    assert refused >= len(protocol.model_fields) - 1


def test_a_netlist_of_more_nodes_than_memory_holds_is_refused() -> None:
    ladder = "\n".join(f"R{k} n{k} n{k + 1} 1k" for k in range(3000))
    with pytest.raises(ConfigurationError, match=r"3002 nodes are too many\. tsbench can solve at most 2000 nodes"):
        simulate(f"title\nV1 n0 0 1\n{ladder}\nRend n3000 0 1k\n.tran 1u 10u\n.end\n")
