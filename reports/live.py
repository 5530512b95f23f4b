"""The report of a folder that is measured into: made again when something has changed, for ``tsbench watch``."""

import contextlib
import functools
import gzip
import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.file_lock import is_held
from tsbench.plugins import in_words
from tsbench.reports.content import ReportOptions, report_of
from tsbench.reports.curves import CurveCache
from tsbench.reports.document import Cell, Note, Report, Section, Sheet
from tsbench.reports.folder import CampaignRecord, Folder, RunCache, read_folder
from tsbench.reports.html import Drawings, live_content, live_page
from tsbench.reports.report import chosen_campaigns
from tsbench.reports.words import clock
from tsbench.station.campaign.state import LOCK
from tsbench.storage.campaign_files import STATE_SUFFIX
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX

_LOOK = 0.5  #: [s] between two looks at the folder
_LEVEL = 5  #: of the compression
_SHARE = 4.0  #: times as long as it takes to make a page, the processor is left to the measurement


@dataclass(frozen=True)
class LivePage:
    """A page as it is served."""

    version: str  #: differs where the content does
    page: bytes
    content: bytes  #: what stands between header and footer
    files: Mapping[str, Path] = field(default_factory=dict)  #: relative path of a run file -> the file

    @functools.cached_property
    def packed(self) -> Mapping[bytes, bytes]:
        """Page and content -> the same compressed (gzip): pictures shrink to a sixth, for slow tunnels."""
        return {text: gzip.compress(text, _LEVEL, mtime=0) for text in (self.page, self.content)}


class LiveReport:
    """Makes the page of a folder again whenever it has changed, in a thread of its own.

    Parameters
    ----------
    folder : returns the folder to show, None where there is none yet
    options : what is shown
    campaign : the campaign to show; "": the one that was measured last
    queue : returns the state of a bench service (``ServiceClient.status``), None where there is none
    """

    def __init__(
        self, folder: Callable[[], Path | None], options: ReportOptions, campaign: str = "",
        queue: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> None:
        self._folder, self._options, self._campaign, self._queue = folder, options, campaign, queue
        self._runs, self._curves, self._drawings = RunCache(), CurveCache(), Drawings()
        self._ended = threading.Event()
        self._seen: object = None
        self.current = self._page(_nothing("The page is being made"), {})
        self._thread = threading.Thread(target=self._go_on, name="report", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End; a page that is being made is not waited for."""
        self._ended.set()

    def _go_on(self) -> None:
        while not self._ended.is_set():
            before = time.thread_time()
            changed = self.look()
            self._ended.wait(max(_LOOK, _SHARE * (time.thread_time() - before)) if changed else _LOOK)

    def look(self) -> bool:
        """Make the page again if something has changed; return whether it has."""
        path, queue = self._folder(), self._queue()
        now = (path, _signature(path), repr(queue))
        if now == self._seen:
            return False
        self._seen = now
        try:
            self.current = self._made(path, queue)
        except Exception as error:  # noqa: BLE001  a page that cannot be made must not end the watching
            self.current = self._page(_with_queue(_nothing(
                f"The report cannot be made ({in_words(error)}). It is tried again when something changes"), queue), {})
        return True

    def _made(self, path: Path | None, queue: Mapping[str, Any] | None) -> LivePage:
        if path is None:
            return self._page(_with_queue(_nothing("Nothing was measured on this bench yet"), queue), {})
        try:
            folder = read_folder(path, self._runs)
            report = self._report(folder)
        except TsbenchError as error:
            return self._page(_with_queue(_nothing(str(error)), queue), {})
        measured = is_held(path / LOCK)
        report = replace(report, headline=(Cell("a campaign is running" if measured else "no campaign is running"),
                                           *report.headline))
        return self._page(_with_queue(report, queue), {one.path: path / one.path for one in folder.runs})

    def _report(self, folder: Folder) -> Report:
        chosen = [one for one in chosen_campaigns(folder, self._campaign) if one is not None]
        if not chosen:
            return report_of(folder, None, self._options, self._curves)

        def changed(one: CampaignRecord) -> int:
            with contextlib.suppress(OSError):
                return (folder.path / one.file).stat().st_mtime_ns
            return 0

        return report_of(folder, max(chosen, key=changed), self._options, self._curves)

    def _page(self, report: Report, files: Mapping[str, Path]) -> LivePage:
        text = live_content(report, self._drawings)
        content = text.encode("utf-8", "replace")
        version = hashlib.sha256(content).hexdigest()[:16]
        return LivePage(version, live_page(report.title, text, version).encode("utf-8", "replace"), content, files)


def _signature(path: Path | None) -> tuple[object, ...]:
    """Return what differs when the folder has changed: names, sizes and times of its files."""
    if path is None:
        return ()
    found = []
    for place, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            if name.endswith((RUN_SUFFIX, ".json", STATE_SUFFIX, LOCK)):
                with contextlib.suppress(OSError):
                    facts = (Path(place) / name).stat()
                    found.append((place, name, facts.st_size, facts.st_mtime_ns))
    return tuple(found)


def _nothing(what: str) -> Report:
    return Report("tsbench", "", False, (), (Section("summary", "Summary", (Note(f"{what}."),)),))


def _with_queue(report: Report, state: Mapping[str, Any] | None) -> Report:
    """Return a report that begins with the queue of a bench service."""
    if state is None:
        return report
    rows = tuple((Cell(str(job.get("job", ""))),
                  Cell(str(job.get("status") or job.get("state", "")), mark=str(job.get("status") or "")),
                  Cell(str(job.get("protocol", ""))), Cell(str(job.get("device", ""))), Cell(str(job.get("user", ""))),
                  Cell(clock(str(job.get("since", "")))), Cell(str(job.get("reason") or "-")))
                 for job in state.get("jobs", ()))
    blocks = (Sheet(("job", "state", "protocol", "device", "user", "asked", "reason"), rows),) if rows else (
        Note("The queue is empty."),)
    held = (Note(f"Nothing is begun: {state['held']}.", loud=True),) if state.get("held") else ()
    return replace(report, sections=(Section("queue", "Queue of the bench", (*held, *blocks)), *report.sections))


def watched(target: Path) -> tuple[Callable[[], Path | None], Callable[[], Mapping[str, Any] | None], Path]:
    """Return what gives the folder, what gives the queue, and the folder or bench file itself.

    Parameters
    ----------
    target : a folder of runs, or the bench file of a bench that a service owns

    Raises
    ------
    ConfigurationError
        It is neither.
    """
    if target.suffix != ".toml":
        if target.exists() and not target.is_dir():
            raise ConfigurationError(f"{target}: this is neither a folder of runs nor a bench file (.toml)")
        return (lambda: target), (lambda: None), target
    from tsbench.station.bench.bench_file import BenchFile

    BenchFile.load(target)
    watcher = _BenchWatcher(target)
    return watcher.folder, watcher.queue, target


class _BenchWatcher:
    """Asks the service of a bench what it measures, with the right to look on only."""

    def __init__(self, bench: Path) -> None:
        self._bench = bench
        self._last: Path | None = None

    def queue(self) -> Mapping[str, Any] | None:
        """Return the state of the service; None where none runs."""
        from tsbench.station.service.client import connect

        try:
            with connect(self._bench, start=False, view_only=True) as service:
                state = service.status()
        except TsbenchError:
            return {"jobs": [], "held": "no bench service runs for this bench"}
        return {"jobs": state.get("jobs", []), "held": state.get("held", "")}

    def folder(self) -> Path | None:
        """Return the folder of the run that goes on, or of the last one."""
        jobs = list((self.queue() or {}).get("jobs", ()))
        running = [job for job in jobs if job.get("state") == "running" and job.get("out")]
        ended = [job for job in jobs if job.get("state") == "ended" and job.get("out")]
        found = running or sorted(ended, key=lambda job: int(job.get("job", 0)))
        if found:
            self._last = Path(str(found[-1]["out"]))
        return self._last
