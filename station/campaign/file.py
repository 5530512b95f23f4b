"""A campaign as a TOML file, read into steps; a plain list of protocols is a campaign without conditions.

::

    bench = "wafer.bench.toml"          # relative to this file
    devices = ["W1_*"]                  # patterns over the devices of the bench
    map = "W1.csv"                      # or: the rows of a wafer map; its other columns are names in expressions

    [expected]                          # bounds of what is not measured yet, for the plan
    threshold_voltage = ["0.8 V", "1.3 V"]

    [[step]]
    name = "sweep"
    protocol = "iv_sweep"
    when = "contact == ok"
    stop = "1.5 V"

    [[step]]
    name = "pulses"
    protocol = "pulse_train"
    amplitude = "1.1 * threshold_voltage"
    sweep = { width = "100 ns to 10 us, 5 points, log" }

docs/campaigns.md describes every key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import Flag
from tsbench.station.campaign.names import Vocabulary
from tsbench.station.campaign.problems import Problems
from tsbench.station.campaign.selection import WaferMap, read_map
from tsbench.station.campaign.specs import CampaignFile
from tsbench.station.campaign.steps import Defaults, list_steps, read_steps
from tsbench.station.campaign.words import bounds, file_name, number, one_of, patterns, short_text
from tsbench.text_files import parse_toml, read_text

LARGEST = 2**20  #: [bytes] of a campaign
_TOP = ("name", "note", "bench", "device", "devices", "exclude", "map", "order", "on_interrupted", "leave_out",
        "fixture", "notify", "parameters", "expected", "check", "step", "protocol")
_CONTACTS = {"short": Flag.SHORT, "open": Flag.OPEN}


def read_campaign(path: Path | str) -> CampaignFile:
    """Read a campaign or a list of protocols; all that is wrong with its entries is in ``problems``.

    Raises
    ------
    ConfigurationError
        One line: it is no TOML file, or it has neither steps nor protocols.
    """
    path = Path(path)
    return campaign_of(read_text(path, "campaign", LARGEST), path)


def campaign_of(text: str, path: Path) -> CampaignFile:
    """Return the campaign of a text; files that it names are relative to the folder of ``path``.

    Raises
    ------
    ConfigurationError
        As :func:`read_campaign`.
    """
    content = parse_toml(text, path, "campaign")
    problems = Problems(str(path))
    for name in content:
        if name not in _TOP:
            problems.add("", f"unknown key '{name}'{nearest(name, _TOP)}")
    listed = "protocol" in content
    entries = content.get("protocol" if listed else "step")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(
            f"{path}: {problems.lines[0].partition(': ')[2] if problems.lines else _nothing(content)}")
    if listed and "step" in content:
        problems.add("", "[[step]] and [[protocol]] must not stand in one file. Write all of them as [[step]]")
    found_map = _map(content, path, problems)
    vocabulary = Vocabulary(
        number(content.get("parameters", {}), problems.below("[parameters]")),
        bounds(content.get("expected", {}), problems.below("[expected]")),
        columns=found_map.columns() if found_map is not None else {},
    )
    defaults = Defaults(path.parent, content.get("bench"), content.get("device"), content.get("fixture", {}))
    if listed:
        steps, check = list_steps(entries, defaults, problems), None
    else:
        steps, vocabulary, check = read_steps(entries, content.get("check"), defaults, vocabulary, problems)
    device = [content["device"]] if "device" in content else []
    return CampaignFile(
        path, text, file_name(content, path.name.removesuffix(".toml"), problems), tuple(steps),
        patterns(content.get("devices", device), problems.below("devices")),
        patterns(content.get("exclude", []), problems.below("exclude")), found_map,
        one_of(content, "order", ("device", "step"), problems), _contacts(content, problems),
        one_of(content, "on_interrupted", ("continue", "ask"), problems), short_text(content, "notify", problems),
        short_text(content, "note", problems), vocabulary, check, tuple(problems.lines), listed,
    )


def _nothing(content: Mapping[str, Any]) -> str:
    word = "list has no [[protocol]]" if "protocol" in content else "campaign has no [[step]] and no [[protocol]]"
    return f"the {word} table. Add at least one, and give it a name"


def _map(content: Mapping[str, Any], path: Path, problems: Problems) -> WaferMap | None:
    name = short_text(content, "map", problems)
    if not name:
        return None
    try:
        return read_map(path.parent / name)
    except ConfigurationError as error:
        problems.add("map", str(error))
        return None


def _contacts(content: Mapping[str, Any], problems: Problems) -> Flag:
    found, words = Flag.NONE, content.get("leave_out", ["short"])
    for word in words if isinstance(words, list) else [words]:
        if not isinstance(word, str) or word not in _CONTACTS:
            problems.add("leave_out", f'it must not contain {word!r}. Write "short", "open", both in a list, or []')
        else:
            found |= _CONTACTS[word]
    return found
