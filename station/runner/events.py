"""The events of a run while it runs: to a callable, or as JSON lines to another process."""

import contextlib
import logging
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray, Point, RunEvent, Waveform
from tsbench.samples import envelope
from tsbench.station.runner.messages import event_line
from tsbench.storage.codec import plain
from tsbench.storage.record_data import point_crc

Listener = Callable[[RunEvent], None]

_LOG = logging.getLogger(__name__)
PREVIEW = 500  #: points of a waveform's preview
_PROGRESS_EVERY = 0.1  #: [s]
_COLLECTING = 0.02  #: [s] for which points wait for others, before they are written together
_MANY = frozenset({"point", "waveform", "progress"})
#: a retry is a warning where it happens (``InstrumentConnection.note``): here it would be printed twice
_LEVELS = {"warning": logging.WARNING, "result": logging.DEBUG, "switched": logging.DEBUG}
_PAGE, _BREATH = 50, 0.001  #: lines, [s]: writing a long history leaves the measuring thread its turns
_BACKLOG = 5000  #: lines that a reader may be behind before it misses some


class Events:
    """Passes events to listeners; a listener that fails is removed, and the run goes on.

    Parameters
    ----------
    listener : callable or None
    """

    def __init__(self, listener: Listener | None) -> None:
        self._listeners = [] if listener is None else [listener]
        self._also: Listener = lambda event: None
        self._last_progress = -math.inf
        self._began = time.monotonic()
        self.now = 0.0  #: [s] on the bench's clock, kept by the runner

    def also(self, hear: Listener) -> None:
        """Pass every event to the run itself as well."""
        self._also = hear

    def follow(self, listener: Listener) -> None:
        """Pass events to one more listener from now on."""
        self._listeners.append(listener)

    def tell(self, kind: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Pass on one event, at the bench's present time."""
        self.pass_on(RunEvent(kind, message, self.now, data or {}))

    def pass_on(self, event: RunEvent) -> None:
        """Pass on an event as it is."""
        if event.kind not in _MANY:
            _LOG.log(_LEVELS.get(event.kind, logging.INFO), "%s: %s", event.kind, event.message)
        self._also(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  a listener must not end the measurement
                self._listeners.remove(listener)
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.write(f"tsbench: an event listener of this run failed and was removed ({error}). The "
                                     "run continues\n")

    def progress(self, done: int, total: int, message: str, paused: float = 0.0) -> None:
        """Report progress at most ten times a second: ``done`` of ``total`` items, with the remaining wall time [s].

        ``paused`` [s] is the time of pauses, which does not count for the estimate.
        """
        now = time.monotonic()
        if now - self._last_progress < _PROGRESS_EVERY and done < total:
            return
        self._last_progress = now
        spent = now - self._began - paused
        eta = spent / done * (total - done) if done > 0 else None
        self.tell("progress", " ".join(str(message).split()), {"done": done, "total": total, "eta": eta})

    def item(self, kind: str, index: int, item: Point | Waveform | RunEvent, crc: int) -> None:
        """Report an item that is on the disk, with its number and a CRC that identifies it.

        Parameters
        ----------
        kind : "point", "waveform" or "event"
        index : number of the item among those of its kind, from 0
        item : as it was recorded
        crc : of a waveform
        """
        if isinstance(item, RunEvent):
            self.pass_on(item)
        elif isinstance(item, Point):
            self.tell(
                "point",
                "",
                {
                    "index": index,
                    "values": list(item.values),
                    "flags": item.flags.names(),
                    "crc": point_crc(item),
                },
            )
        else:
            self.tell(
                "waveform",
                item.channel,
                {
                    "index": index,
                    "crc": crc,
                    "channel": item.channel,
                    "unit": item.unit,
                    "segments": int(item.codes.shape[0]),
                    "samples": int(item.codes.shape[1]),
                    "conditions": plain(item.conditions),
                    "flags": item.flags.names(),
                    "preview": preview(item),
                },
            )


def preview(waveform: Waveform, length: int = PREVIEW) -> dict[str, list[float]]:
    """Return samples of the last segment that show all of it in at most ``length`` points: time [s] and value.

    A long segment is cut into bins; of each the lowest and the highest sample are kept, at their own times and so
    in the order in which they were taken. The first and the last sample are always there.
    """
    if not waveform.codes.size:
        return {"time": [], "value": []}
    codes = waveform.codes[-1]
    chosen: npt.NDArray[np.intp]
    if len(codes) <= length:
        chosen = np.arange(len(codes))
    else:
        # two samples a bin; first and last sample beside them
        edges = np.linspace(0, len(codes), (length - 2) // 2 + 1).astype(int)
        lowest, highest = envelope(codes, edges.tolist())
        chosen = np.unique(np.concatenate([[0], lowest, highest, [len(codes) - 1]]))
    values: FloatArray = codes[chosen] * float(waveform.scale) + waveform.offset
    # not Waveform.times: the axis of a record of 10^7 samples takes longer than its envelope
    return {"time": (waveform.t0 + waveform.dt * chosen).tolist(), "value": values.tolist()}


class JsonLinesEvents:
    """Writes each event as one line of JSON: ``{"kind", "message", "time", "data"}``.

    Made and written by a thread of its own, so that a reader that hangs holds up no measurement: where it is far
    behind, points, waveforms and progress are left out (the journal has them). A reader that went away is no
    reason to stop either: the lines are dropped from then on.

    Parameters
    ----------
    stream : text stream, optional
        Standard output where it is not given.
    of_process : bool
        Whether it is an output of this process itself: then the end of a run waits until its reader has every
        line.
    """

    def __init__(self, stream: TextIO | None = None, of_process: bool = True) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._of_process = of_process
        self._lines: queue.Queue[RunEvent | Iterable[RunEvent] | None] = queue.Queue()
        self._gone = False
        threading.Thread(target=self._write, name="events", daemon=True).start()

    def __call__(self, event: RunEvent) -> None:
        """Write one event; waits for the reader only at the end of a run, and not for long."""
        if self._gone or (event.kind in _MANY and self._lines.qsize() > _BACKLOG):
            return
        self._lines.put(event)
        if self._of_process and event.data.get("state") == "done":
            self.flush()

    def all_of(self, events: Iterable[RunEvent]) -> None:
        """Write events of which none may be left out, however many; they are looked at by the writing thread."""
        self._lines.put(events)

    def flush(self, longest_wait: float = 5.0) -> None:
        """Wait until the reader has every line, at most ``longest_wait`` [s]."""
        deadline = time.monotonic() + longest_wait
        while self._lines.unfinished_tasks and not self._gone and time.monotonic() < deadline:
            time.sleep(0.002)

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._lines.put(None)

    def _write(self) -> None:
        open_still = True
        while open_still:
            items = self._waiting_items()
            try:
                for item in items:
                    if item is None:
                        open_still = False
                        break
                    self._write_all([item] if isinstance(item, RunEvent) else item)
                self._stream.flush()
            except (OSError, TypeError, ValueError):
                self._gone = True
                if self._of_process:
                    _into_nothing(self._stream)
                return
            finally:
                for _ in items:
                    self._lines.task_done()

    def _waiting_items(self) -> list[RunEvent | Iterable[RunEvent] | None]:
        """Wait for an item and return all that are there.

        Points come one by one and fast: they are collected for a moment, so that neither this thread nor the reader
        wakes up for each and takes the processor from the measurement.
        """
        items = [self._lines.get()]
        if isinstance(items[0], RunEvent) and items[0].kind in _MANY:
            time.sleep(_COLLECTING)
        with contextlib.suppress(queue.Empty):
            while len(items) < _PAGE:
                items.append(self._lines.get_nowait())
        return items

    def _write_all(self, events: Iterable[RunEvent]) -> None:
        for number, event in enumerate(events, start=1):
            self._stream.write(f"{event_line(event)}\n")
            if number % _PAGE == 0:
                time.sleep(_BREATH)


def _into_nothing(stream: TextIO) -> None:
    """Send what is still buffered to the null device, so that it raises nothing at the end of the process."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
