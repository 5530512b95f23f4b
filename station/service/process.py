"""The process of a bench service: in the foreground, or started in the background by whoever needs it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.file_lock import FileBusy, FileLock
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.ownership import this_process
from tsbench.station.service.place import holder, living_service, place_of
from tsbench.station.service.service import IDLE, BenchService

_STARTING = 60.0  #: [s] a service may take to start, on a busy computer
_LOOK = 0.05  #: [s]
_LAST_WORDS = 2000  #: [bytes] of the log that tell why it did not start


def serve(bench: Path | str, idle: float = IDLE, told: Any = lambda words: None) -> str:
    """Be the service of a bench until it is ended; returns why it ended.

    Parameters
    ----------
    bench : Path
        The bench file.
    idle : float
        [s] without a run after which the instruments are given free. After as long again, the service ends if no client
        is attached.
    told : callable
        Gets one line as soon as clients can come.

    Raises
    ------
    ConfigurationError
        The bench file is wrong, another service has the bench, or there is no loopback.
    """
    place = place_of(bench)
    BenchFile.load(place.bench)
    owner = this_process(place.bench)
    try:
        lock = FileLock(place.lock, json.dumps(asdict(owner)), mode=0o644)
    except FileBusy:
        raise ConfigurationError(f"{bench}: a bench service has this bench already ({holder(place)}). "
                                 f"'tsbench station status {bench}' shows its queue") from None
    except OSError as error:
        raise ConfigurationError(f"{place.lock}: this lock file cannot be written ({error.strerror})") from None

    def announce(run: str, address: str) -> None:
        """Let windows find the run that goes on."""
        with contextlib.suppress(OSError):
            lock.write(json.dumps(asdict(replace(owner, run=run, address=address))))

    with lock:
        try:
            return asyncio.run(_serve(BenchService(place, idle, announce), told))
        except OSError as error:
            raise ConfigurationError(f"{bench}: the bench service cannot listen or write {place.address} "
                                     f"({error.strerror or error})") from error


async def _serve(service: BenchService, told: Any) -> str:
    """Serve; the signals that end a process end the service in order."""
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends the loop
                loop.add_signal_handler(getattr(signal, name), service.end, f"interrupted ({name})")
    told(f"the bench service of {service.place.bench} is ready (process {os.getpid()})")
    return await service.serve()


def start(bench: Path | str, idle: float | None = None) -> None:
    """Start the service of a bench in the background, unless it is there; returns when clients can come.

    Parameters
    ----------
    bench : its file
    idle : [s] without a run after which the instruments are given free; None: as usual

    Raises
    ------
    ConfigurationError
        It did not start; the message gives its reason.
    """
    place = place_of(bench)
    if living_service(bench) is not None:
        return
    BenchFile.load(place.bench)
    options = [] if idle is None else ["--idle", f"{idle:g}"]
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    place.log.unlink(missing_ok=True)
    with os.fdopen(os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tsbench", "station", str(place.bench), *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=log, **apart)
    until = time.monotonic() + _STARTING
    while living_service(bench) is None:
        if process.poll() is not None and living_service(bench) is None and not place.lives:
            raise ConfigurationError(f"{bench}: the bench service did not start ({_last_words(place.log)})")
        if time.monotonic() > until:
            process.kill()
            raise ConfigurationError(f"{bench}: the bench service did not start within {_STARTING:g} s. Its log is "
                                     f"{place.log}")
        time.sleep(_LOOK)


def _last_words(log: Path) -> str:
    try:
        lines = log.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("tsbench: ") if lines else "it said nothing"


