"""Text and TOML files that a user names: what is refused, at the bound and one beyond it."""

from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError, LimitError, StorageError, UnreadableFile, nearest, sentences
from tsbench.text_files import parse_toml, read_text, read_toml, write_text


def test_a_file_is_read_up_to_the_largest_size(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2\r\n")
    assert read_text(path, "list", 17) == "x = 1\ny = 2\n"
    assert read_toml(path, "list") == {"x": 1, "y": 2}
    with pytest.raises(ConfigurationError, match="the largest size of a list"):
        read_text(path, "list", 16)


def test_integers_of_64_bits_are_the_largest() -> None:
    assert parse_toml(f"a = {2**63 - 1}\nb = {-2**63}", "f", "list") == {"a": 2**63 - 1, "b": -(2**63)}
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(ConfigurationError, match=r"f: t\.a is an integer of more than 64 bits"):
            parse_toml(f"t.a = {number}", "f", "list")


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ("{a=", "}")])
def test_tables_and_arrays_may_be_32_levels_deep(opened: str, closed: str) -> None:
    def text(levels: int) -> str:
        return "x = " + opened * levels + "1" + closed * levels

    parse_toml(text(31), "f", "list")
    with pytest.raises(ConfigurationError, match="has more than 32 levels of tables or arrays"):
        parse_toml(text(32), "f", "list")


def test_a_nul_character_is_refused_where_it_stands() -> None:
    with pytest.raises(ConfigurationError, match=r"f: a\.b contains a NUL"):
        parse_toml('[a]\nb = ["x", "\\u0000"]', "f", "list")


def test_errors_end_with_the_documented_exit_codes() -> None:
    """1 measurement failed but is on disk, 2 bad input, 3 unsafe and refused."""
    codes = {StorageError: 1, ConfigurationError: 2, UnreadableFile: 2, LimitError: 3}
    assert {error: error("").exit_code for error in codes} == codes


def test_one_nearest_name_is_offered() -> None:
    assert nearest("stpo", ["stop", "step", "start"]) == ". Did you mean 'stop'?"
    assert nearest("xyz", ["b", "a"]) == ". Known: a, b"
    assert nearest("xyz", []) == ""


def test_parts_of_a_message_become_sentences() -> None:
    assert sentences("one part; it stays") == "one part; it stays"
    assert sentences("it failed", "", "check it?", "source_meter (USB0) is on", "outputs off") == (
        "it failed. Check it? source_meter (USB0) is on. Outputs off")


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bench.toml"
    write_text(path, "a = 1\n", "bench file")
    assert path.read_text("utf-8") == "a = 1\n"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigurationError, match=r"cannot write bench file .*bench\.toml: No space left on device\. "
                                                 r"The file is as it was before"):
        write_text(path, "b = 2\n", "bench file")
    assert path.read_text("utf-8") == "a = 1\n" and [one.name for one in tmp_path.iterdir()] == ["bench.toml"]
