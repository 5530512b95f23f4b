"""The process that ``benchmarks.campaign_kill`` kills: one campaign, with a line for every item that is on the disk."""

import json
import os
import sys

from tsbench.records import RunEvent
from tsbench.station.campaign import campaign


def say(words: dict[str, object]) -> None:
    """Write a line at once: what was said before the process died is known."""
    os.write(1, f"{json.dumps(words)}\n".encode())


def main(path: str, out: str) -> int:
    """Begin or resume a campaign."""
    run = ""

    def hear(event: RunEvent) -> None:
        nonlocal run
        if event.kind == "state" and event.data.get("run"):
            run = str(event.data["run"])
            say({"run": run})
        elif event.kind in ("point", "waveform"):
            say({"item": event.kind, "index": event.data["index"], "crc": event.data["crc"], "run": run})

    say({"begun": os.getpid()})
    outcome = campaign(path, out).run(resume=any(out.glob("*.tsc")), events=hear)
    say({"counts": outcome.counts, "ended": outcome.ended})
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
