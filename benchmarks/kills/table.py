"""The table of kills and errors, from the rows that are done."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills.calls import Disturbance
from benchmarks.kills.cases import ERRORS, MOMENTS, SHARES, Row
from benchmarks.report import INFORMATION, Line

POWER = "loss of power"
KILL = Disturbance(kill=True).name


@dataclass(frozen=True)
class Noticed:
    """What came of one protection that was removed."""

    name: str
    lived: int
    bad: int
    first: str


def read_sabotages(kept: Path) -> list[Noticed]:
    """Return what was noticed so far."""
    lines_ = kept.read_text().splitlines() if kept.exists() else []
    return [Noticed(**json.loads(line)) for line in lines_]


def lines(rows: Sequence[Row], sabotages: Sequence[Noticed], wanted: int, left: int | None) -> list[Line]:
    """Return the lines of the table."""
    made = []
    kills = [row for row in rows if row.kills]
    total = sum(row.kills for row in kills)
    made.append(Line("processes killed", f"{total} ({sum(_is(row, MOMENTS) * row.kills for row in kills)} at random "
                     f"moments, {sum(_is(row, KILL) for row in kills)} at one of their calls)", f"at least {wanted}",
                     total >= wanted))
    for name in SHARES:
        mine = [row for row in rows if row.key.startswith(f"{name}/")]
        killed = [row for row in mine if row.kills]
        if killed:
            deaths, items = sum(row.kills for row in killed), sum(row.acknowledged for row in killed)
            broken = sum(row.interrupted for row in killed)
            more = f"; {broken} runs marked as interrupted" if name == "campaign" else ""
            made.append(_line(f"{name}: SIGKILL", killed, f"{deaths} kills, {items} items acknowledged{more}"))
    for error in ERRORS:
        mine = [row for row in rows if _is(row, error.name)]
        if mine:
            calls = ", ".join(f"{kind} {sum(row.call == kind for row in mine)}"
                              for kind in sorted({row.call for row in mine if row.call}))
            refused = sum(row.refused for row in mine)
            made.append(_line(f"{error.name}", mine, f"{len(mine)} calls ({calls}), {refused} told"))
    power = [row for row in rows if row.key.startswith(f"{POWER}/")]
    if power:
        made.append(_line(f"{POWER} at a call", power, f"{sum(row.acknowledged for row in power)} states of the disk "
                          f"on {len(power)} paths"))
    made += [Line(f"sabotage: {one.name}", f"{one.bad} of {one.lived} bad: {_short(one.first)}", "noticed", one.bad > 0)
             for one in sabotages]
    if left is not None:
        made.append(Line("cases to come", str(left), INFORMATION, True))
    return made


def _is(row: Row, how: str) -> bool:
    return row.key.split("/")[-2] == how


def _line(figure: str, rows: Sequence[Row], text: str) -> Line:
    lost, bad = sum(row.lost for row in rows), [row for row in rows if row.problems]
    said = f"; {len(bad)} with problems: {_short(bad[0].problems[0])}" if bad else ""
    return Line(figure, f"{text}; {lost} lost{said}", "0 lost, no problem", not lost and not bad)


def _short(text: str) -> str:
    words = " ".join(text.split()).replace("|", "/")
    return words if len(words) <= 120 else f"{words[:117]}..."
