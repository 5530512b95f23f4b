"""Which faults are injected, and at which messages, writes and steps of a run."""

import os
import random
from collections.abc import Iterator
from typing import Any

from benchmarks.fault_benches import short_run
from benchmarks.fault_cases import AT_STEPS, Case

#: how a connection is lost: what the fault plan is told beside the message
LOSSES: dict[str, dict[str, Any]] = {
    "before delivery": {},
    "after delivery": {"after": True},
    "of all instruments": {"everything": True},
}
#: faults that may come at any message
AT_MESSAGES: dict[str, dict[str, Any]] = {
    **{f"connection lost {how}": details for how, details in LOSSES.items()},
    "no answer, message lost": {"kind": "timeout"},
    "no answer, message received": {"kind": "timeout", "after": True},
    "contact lost": {"kind": "contact_lost"},
    "contact lost for 2 ms": {"kind": "contact_lost", "seconds": 2e-3},
    "device open": {"kind": "device_open"},
    "device short": {"kind": "device_short"},
    "device stuck on": {"kind": "device_stuck_on"},
    "clock set back 1 h": {"kind": "clock_jump", "seconds": -3600},
    "clock set ahead 1 h": {"kind": "clock_jump", "seconds": 3600},
}
#: faults that come to a reply
AT_READS: dict[str, dict[str, Any]] = {
    "connection lost in the reply": {"bytes": 1},
    "reply at the end of the timeout": {"kind": "late"},
    "reply 1 ms after the timeout": {"kind": "late", "seconds": 1e-3},
    **{f"garbled: {how}": {"kind": "garbled", "how": how} for how in ("flip", "truncate", "extra", "digits")},
}
#: faults of one instrument, at its messages
OF_INSTRUMENTS: dict[str, dict[str, Any]] = {
    "power cycle": {"kind": "power_cycle"},
    "power cycle, connection kept": {"kind": "power_cycle", "silent": True},
}
TRIGGERS = {"trigger missed": {"kind": "trigger_missed"}}
#: kinds of fault that need no line where what was recorded is what an undisturbed run records
QUIET = frozenset({
    "contact_lost", "device_open", "device_short", "device_stuck_on", "clock_jump", "trigger_missed", "digits", "extra",
})
_OF_DEVICES = frozenset({"contact_lost", "device_open", "device_short", "device_stuck_on"})
#: the variants of each kind of fault that has several
_WAYS = (
    tuple(f"connection lost {how}" for how in LOSSES), tuple(OF_INSTRUMENTS),
    *(
        tuple(kind for kind in (*AT_MESSAGES, *AT_READS) if kind.startswith(begin))
        for begin in ("no answer", "contact lost", "clock set", "reply", "garbled")
    ),
)


def drawn(what: str, count: int, every: int, offset: int) -> range:
    """Return which of ``count`` places are disturbed: each ``every``-th, from one on that is drawn for ``what``.

    It is the same at each call. The offsets from 0 to ``every`` - 1 together give all places.
    """
    most = min(every, count)
    first = (int(random.Random(what).random() * most) + offset) % most if most else 0
    return range(first, count, every)


def cases_of(
    name: str, clean: Case, writes: int, every: int, turns: bool = False, offset: int = 0,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (figure, key, arguments of ``run_case``) of every case of a protocol.

    ``every``, ``offset``: as of :func:`drawn`, for messages; of writes and steps, four times as many are disturbed.
    ``turns``: inject only one variant of a kind of fault at each message, and the next variant at the next message.
    Every kind is still injected at every message. An example of variants is a connection that is lost before delivery,
    after delivery, or for all instruments.
    """
    counts: dict[str, int] = {}
    run = short_run(name)
    triggered, unmarked = run.triggered, run.unmarked
    places = []  # number, instrument, number among the instrument's, whether a read
    for number, (instrument, reading) in enumerate(clean.trail):
        places.append((number, instrument, counts.get(instrument, 0), reading))
        counts[instrument] = counts.get(instrument, 0) + 1
    for what, details in {**AT_MESSAGES, **AT_READS, **OF_INSTRUMENTS, **TRIGGERS}.items():
        chosen = places
        if not run.judges_device and details.get("kind") in _OF_DEVICES:
            continue
        if what in AT_READS:
            chosen = [place for place in places if place[3]]
        elif what in TRIGGERS:
            chosen = [place for place in places if place[1] in triggered]
        elif details.get("silent"):
            chosen = [place for place in places if place[1] not in unmarked]
        if turns:
            ways = next((ways for ways in _WAYS if what in ways), (what,))
            chosen = chosen[ways.index(what) :: len(ways)]
        for place in (chosen[k] for k in drawn(f"{name} {what}", len(chosen), every, offset)):
            fault = {"message": place[0], **details}
            if what in OF_INSTRUMENTS or what in TRIGGERS:
                fault |= {"message": place[2], "instrument": place[1]}
            yield what, f"{name}/{what}/{place[0]}", {"fault": fault}
    rarely = max(1, every // 4)
    for once in (False, True):
        what = f"disk full{' for one write' if once else ''}"
        for number in drawn(f"{name} {what}", writes, rarely, offset):
            yield what, f"{name}/{what}/{number}", {"full": (number, once)}
    for what in AT_STEPS:
        if what == "ctrl-c" and os.name == "nt":
            continue
        for step in drawn(f"{name} {what}", clean.steps, rarely, offset):
            yield f"{what} at a step", f"{name}/{what}/{step}", {"at": step, "what": what}
