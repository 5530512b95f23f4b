"""The command ``conform``: safe messages to each instrument, compared with its virtual twin."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import add_command, add_json
from tsbench.errors import ConfigurationError

if TYPE_CHECKING:
    from tsbench.conform import Finding

_EXAMPLE = """\
  tsbench conform examples/resistor.bench.toml --resistor source_meter=10k --resistor generator.1=10k
Without --resistor, all outputs stay off. With it, tsbench drives at most 1 V into the resistor.
The command writes the report and one transcript for each instrument to the folder --out."""


def declare(commands: Any) -> None:
    """Declare ``conform``."""
    found = add_command(
        commands, "conform", "conforming:conform",
        "compare each instrument with its virtual twin: replies, numbers, times, errors", _EXAMPLE)
    found.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")
    found.add_argument(
        "--resistor", action="append", default=[], metavar="TERMINAL=OHM",
        help="a resistor that is connected between this terminal and ground, for example source_meter=10k")
    found.add_argument(
        "--tolerance", default="0.1%", metavar="PART",
        help="tolerance of the resistors, for example 0.01%% if you have measured them (default: 0.1%%)")
    found.add_argument("--out", type=Path, default=Path("conformity"), metavar="DIR", help="the folder of the report "
                       "and of the transcripts (default: %(default)s)")
    found.add_argument("--yes", action="store_true", help="do not ask before the outputs drive the resistors")
    add_json(found, "the differences")


def conform(options: argparse.Namespace) -> int:
    """Take the steps, write transcripts and report; 1 if there is a difference."""
    from tsbench.cli.printing import print_json
    from tsbench.conform import conform as hold

    resistors = _resistors(options.resistor)
    tolerance = _tolerance(options.tolerance)
    _ask(resistors, options)
    findings: list[Finding] = []
    options.out.mkdir(parents=True, exist_ok=True)

    def keep(finding: "Finding") -> None:
        finding.transcript.write(options.out / f"{finding.name}.transcript.jsonl")
        findings.append(finding)

    try:
        hold(options.bench, resistors, lambda line: print(line, file=sys.stderr), tolerance, keep)   # noqa: T201
    except BaseException as error:   # the comparisons that are done took minutes
        from tsbench.plugins import in_words

        if findings:
            (options.out / "report.txt").write_text(report(options.bench, findings, in_words(error)), "utf-8")
            sys.stderr.write(f"wrote {options.out / 'report.txt'} with what was compared before\n")
        raise
    text = report(options.bench, findings)
    (options.out / "report.txt").write_text(text, "utf-8")
    if options.json:
        print_json([{"instrument": finding.name, "problem": finding.problem,
                     "differences": [vars(one) for one in finding.differences]} for finding in findings])
    else:
        sys.stdout.write(text)
        sys.stdout.write(f"wrote {options.out / 'report.txt'} and {len(findings)} "
                         f"transcript{'' if len(findings) == 1 else 's'}\n")
    return 1 if any(finding.differences or finding.problem for finding in findings) else 0


def report(bench: Path, findings: "Sequence[Finding]", ended: str = "") -> str:
    """Return the report as text; ``ended``: why the comparison ended before its last instrument."""
    lines = [f"Instruments of {bench} compared with their virtual twins"]
    for finding in findings:
        exchanges = sum(len(step.exchanges) for step in finding.transcript.steps)
        count = len(finding.differences)
        lines += ["", f"{finding.name}: {finding.transcript.identity}",
                  f"  {len(finding.transcript.steps)} steps, {exchanges} messages, {count or 'no'} "
                  f"difference{'' if count == 1 else 's'}"]
        if finding.problem:
            lines.append(f"  nothing was compared: {finding.problem}. Please send us the transcript")
        lines += [f"  {difference.line}" for difference in finding.differences]
    if ended:
        lines += ["", f"The comparison ended here: {ended}"]
    return "\n".join(lines) + "\n"


def _resistors(texts: Sequence[str]) -> dict[str, float]:
    """Return terminal -> resistance [Ohm]; each terminal has one."""
    found: dict[str, float] = {}
    for terminal, ohms in map(_resistor, texts):
        if terminal in found:
            raise ConfigurationError(
                f"--resistor gives two resistances for {terminal}: {found[terminal]:g} Ohm and {ohms:g} Ohm. Give the "
                "one that is connected")
        found[terminal] = ohms
    return found


def _resistor(text: str) -> tuple[str, float]:
    from tsbench.quantities import parse_quantity

    terminal, given, value = text.partition("=")
    if not (terminal and given):
        raise ConfigurationError(f"--resistor {text}: write the terminal and the resistance, for example "
                                 "source_meter=10k")
    ohms = parse_quantity(value, "Ohm")
    if not 100.0 <= ohms <= 1e9:
        raise ConfigurationError(f"--resistor {text}: the resistance must be between 100 Ohm and 1 GOhm")
    return terminal, ohms


def _tolerance(text: str) -> float:
    number = text.strip().removesuffix("%")
    try:
        found = float(number) * (0.01 if "%" in text else 1.0)
    except ValueError:
        found = -1.0
    if not 0.0 <= found <= 0.1:
        raise ConfigurationError(f"--tolerance {text}: write a part between 0 and 10 %, for example 0.1% or 0.001")
    return found


def _ask(resistors: dict[str, float], options: argparse.Namespace) -> None:
    """Let the operator confirm what is connected; without a terminal ``--yes`` must do it."""
    if not resistors or options.yes:
        return
    said = ", ".join(f"{value:g} Ohm at {terminal}" for terminal, value in resistors.items())
    if not sys.stdin.isatty():
        raise ConfigurationError(f"the outputs will drive resistors ({said}). Confirm this with --yes")
    sys.stderr.write(f"Only these resistors and no device may be connected: {said}. Type yes to go on: ")
    if input().strip().lower() != "yes":
        raise ConfigurationError("not confirmed. Nothing was sent")
