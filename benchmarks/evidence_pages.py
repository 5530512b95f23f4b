"""The index of the evidence: ``python -m benchmarks.evidence_pages`` writes ``docs/evidence/README.md``.

Question and dates of a row are those of the page itself, so that each is written once.
"""

import argparse
import re
import sys
from pathlib import Path

EVIDENCE = Path(__file__).resolve().parents[1] / "docs" / "evidence"
SECTIONS = {
    "Extracted numbers": (
        "truth", "false_events", "switch_protocols", "pairs", "refractory", "adaptive", "spike_detection", "spiking",
        "averaged_oscillation", "lives", "statistics", "resistances", "measured_files"),
    "Studies of one device": ("study_nbo2", "study_vo2", "study_silver"),
    "Models of the devices": ("physics", "silver", "nanodots", "stochastic", "behaviours"),
    "The circuit engine": ("agreement", "operating_points", "ramps", "skipping", "solver", "door", "driven"),
    "Safety of the device": ("faults", "connection_lost", "silent", "watchdog", "owners", "campaign_limits",
                             "campaign_budget"),
    "Data on disk, and campaigns": ("storage", "kills", "file_edits", "readers", "archive", "campaign_kill",
                                    "wafer_night", "wafer_report", "scope_files", "fuzz_files"),
    "Drivers and virtual instruments": ("acceptance", "conform", "driver_mutations", "imperfections", "fuzz",
                                        "message_speed"),
    "The bench service": ("service", "service_users", "service_faces", "service_faults", "service_fuzz"),
}
_DAY = r"20\d\d-\d\d-\d\d"
INTRODUCTION = """# Evidence

*Reference.* Each page of this folder answers one question by measured figures, and names the command that measures
them again. The date is that of the figures. Two dates are those of the oldest and of the newest table of the page. The
program may have changed since. `python -m benchmarks.evidence_pages` writes this index from the pages.

A table has the columns *quantity*, *measured*, *required* and *verdict*. A row with "for information" has no required
value. A row with FAIL does not meet its required value.
"""


def question(text: str) -> str:
    """Return the question that a page answers; LookupError if it has none."""
    found = re.search(r"^\*Reference: (.*?\?)[ *]", text.replace("\n", " ")[text.index("*Reference"):])
    if found is None:
        raise LookupError("a page of evidence begins with '*Reference: ' and a question")
    return found[1][0].upper() + found[1][1:]


def dates(text: str) -> str:
    """Return the date of the figures of a page, or the oldest and the newest; LookupError if it has none.

    They are those below the headings of the results, as :func:`benchmarks.report.heading` writes them. A page without
    such a line has them in its text.
    """
    headings = [line for line in text.splitlines() if line.startswith("`python -m") and re.search(_DAY, line)]
    found = sorted(re.findall(_DAY, "\n".join(headings) if headings else text))
    if not found:
        raise LookupError("a page of evidence has the date of its figures")
    return found[0] if found[0] == found[-1] else f"{found[0]} to {found[-1]}"


def index() -> str:
    """Return the index in Markdown."""
    parts = [INTRODUCTION]
    for title, names in SECTIONS.items():
        rows = []
        for name in names:
            text = (EVIDENCE / f"{name}.md").read_text("utf-8")
            rows.append(f"| [{name}]({name}.md) | {question(text)} | {dates(text)} |\n")
        parts.append(f"## {title}\n\n| page | question | date of its figures |\n|---|---|---|\n{''.join(rows)}")
    return "\n".join(parts)


def main() -> int:
    """Write the index."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    path = EVIDENCE / "README.md"
    path.write_text(index(), "utf-8")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
