"""The command ``review``: stars, rejections and notes of runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json


def declare(commands: Any) -> None:
    """Declare ``review``."""
    review = add_command(
        commands, "review", "reviewing:review", "give runs a star, reject them with a reason, or write notes on them",
        '  tsbench review runs/20261203T101512123Z-iv_sweep-D1-3fa9c1.nxs --reject "the needle slipped"\n'
        '  tsbench review runs/*.nxs')
    review.add_argument("files", type=Path, nargs="+", metavar="RUN", help="run files (.nxs)")
    asked = review.add_mutually_exclusive_group()
    asked.add_argument("--star", action="store_true", help="give each run a star")
    asked.add_argument("--unstar", action="store_true", help="take the star away")
    asked.add_argument("--reject", metavar="REASON", help="leave each run out of queries, statistics and reports")
    asked.add_argument("--accept", action="store_true", help="count a rejected run again")
    asked.add_argument("--note", metavar="TEXT", help="write a note on each run")
    add_json(review, "the reviews")


def review(options: argparse.Namespace) -> int:
    """Write the decision, if there is one, and print the review of each run."""
    from tsbench.cli.printing import print_json
    from tsbench.errors import ConfigurationError
    from tsbench.extraction.paths import named_files
    from tsbench.storage.nexus.schema import SUFFIX
    from tsbench.storage.provenance import user_name
    from tsbench.storage.review import KINDS, WITH_TEXT, decide, read_review

    files = named_files(options.files, (SUFFIX,))
    for path in files:   # all are looked at before the first is changed
        if path.suffix != SUFFIX or not path.is_file():
            raise ConfigurationError(f"{path}: this is no run file ({SUFFIX}). Only stored runs have a review")
    kind = next((name for name in KINDS if getattr(options, name) not in (None, False)), "")
    text = getattr(options, kind) if kind in WITH_TEXT else ""
    found = {path: decide(path, kind, text, user_name()) if kind else read_review(path) for path in files}
    if options.json:
        print_json([{"file": str(path), "starred": one.starred, "rejected": one.rejected, "notes": list(one.notes),
                     "decisions": [vars(each) for each in one.decisions]} for path, one in found.items()])
    else:
        for path, one in found.items():
            sys.stdout.write(f"{path}: {one.in_words()}\n")
    problems = [one.problem for one in found.values() if one.problem]
    for problem in problems:
        sys.stderr.write(f"tsbench: {problem}\n")
    return 1 if problems else 0
