"""The socket of a run: a loopback socket over which any client of the same user follows and stops it.

The run never waits for a client: each client has a thread that reads its requests and one that writes its lines, and
misses points where it is far behind. A client that comes later first gets the earlier events, as far as they are kept.
"""

import contextlib
import heapq
import hmac
import itertools
import os
import secrets
import socket
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from tsbench.records import RunEvent
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import JsonLinesEvents
from tsbench.station.runner.messages import REQUESTS, VERSION, read_object
from tsbench.storage.run_address import write_address

_HOST = "127.0.0.1"
_LONGEST = 4096  #: [bytes] of a request
_GREETING = 5.0  #: [s] for the first line of a client
_MOST = 16  #: clients at once
_LEAVING = 2.0  #: [s] the clients have to take what is left when the run is over
_KEPT_POINTS = 40_000  #: for clients that come later; the journal has all
_KEPT_EVENTS = 5_000
_KEPT_WAVEFORMS = 16


Told = TypeVar("Told")  #: an event, or a line that says one


class EventHistory(Generic[Told]):
    """The events that a late client gets first: the beginning, and the latest points, waveforms and other events."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._first: tuple[int, Told] | None = None
        self._events: deque[tuple[int, Told]] = deque(maxlen=_KEPT_EVENTS)
        self._points: deque[tuple[int, Told]] = deque(maxlen=_KEPT_POINTS)
        self._waveforms: deque[tuple[int, Told]] = deque(maxlen=_KEPT_WAVEFORMS)
        self._progress: deque[tuple[int, Told]] = deque(maxlen=1)
        self._switched: deque[tuple[int, Told]] = deque(maxlen=1)  #: the latest says what is known of all outputs
        self.points = 0  #: in all, kept or not

    def keep(self, event: Told, kind: str) -> None:
        """Keep an event of a kind."""
        numbered = (next(self._numbers), event)
        kinds = {"point": self._points, "waveform": self._waveforms, "progress": self._progress,
                 "switched": self._switched}
        self.points += kind == "point"
        if self._first is None:
            self._first = numbered
        else:
            kinds.get(kind, self._events).append(numbered)

    @property
    def points_left_out(self) -> int:
        """Return how many points are no longer kept."""
        return self.points - len(self._points)

    def told(self) -> Iterator[Told]:
        """Return the events kept now, in order. The call is cheap: they are sorted while they are iterated over."""
        first = [] if self._first is None else [self._first]
        kept = [first, *(list(part) for part in (
            self._events, self._points, self._waveforms, self._progress, self._switched))]
        return (event for _, event in heapq.merge(*kept, key=lambda numbered: numbered[0]))


class _Face:
    """One connection: its lines are written by a thread of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._stream = connection.makefile("w", encoding="utf-8", newline="\n")
        self.write = JsonLinesEvents(self._stream, of_process=False)

    def say(self, kind: str, message: str = "", **data: Any) -> None:
        """Send one line to this client alone."""
        self.write(RunEvent(kind, message, data=data))

    def close(self) -> None:
        """Close the connection; its threads end."""
        self.write.close()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):
            self._stream.close()
        self.connection.close()


class RunSocket:
    """Listens for clients of one run; a listener of its events.

    Parameters
    ----------
    path : Path
        Of the address file: run, process, host, port and token, readable for this user alone.
    run, bench : str
        The run's identifier; the path of its bench file.
    control : Control
        Gets the requests of the clients.

    Raises
    ------
    OSError
        There is no loopback, or the file cannot be written.
    """

    def __init__(self, path: Path, run: str, bench: str, control: Control) -> None:
        self.path = path
        self._run, self._control = run, control
        self._token = secrets.token_hex(32)
        self._history: EventHistory[RunEvent] = EventHistory()
        self._faces: list[_Face] = []
        #: over history and clients, so that no client misses an event or gets it twice; never held for long, since the
        #: measuring thread waits for it
        self._lock = threading.Lock()
        self._places = threading.Semaphore(_MOST)
        self._over = False
        self._listener = socket.create_server((_HOST, 0))
        try:
            facts = {
                "version": VERSION, "run": run, "bench": bench, "process": os.getpid(), "host": _HOST,
                "port": self._listener.getsockname()[1], "token": self._token,
            }
            write_address(path, facts)
        except BaseException:
            self._listener.close()
            raise
        self._door = threading.Thread(target=self._receive, name="run socket", daemon=True)
        self._door.start()

    def __call__(self, event: RunEvent) -> None:
        """Pass an event on to every client."""
        with self._lock:
            self._history.keep(event, event.kind)
            for face in self._faces:
                face.write(event)

    def close(self) -> None:
        """End with the run: let the clients read what is left, close the connections, remove the address file."""
        self.path.unlink(missing_ok=True)
        self._over = True
        with contextlib.suppress(OSError):  # ends the wait in ``accept``
            socket.create_connection(self._listener.getsockname(), timeout=1.0).close()
        self._door.join(_LEAVING)
        self._listener.close()
        with self._lock:
            faces, self._faces = self._faces, []
        longest_wait = _LEAVING / max(len(faces), 1)
        for face in faces:
            face.write.flush(longest_wait)
            face.close()

    def _receive(self) -> None:
        while not self._over:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._over or not self._places.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="face", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Check a client's greeting, send it the earlier events, then do its requests until it closes."""
        face = _Face(connection)
        try:
            connection.settimeout(_GREETING)
            with connection.makefile("rb") as lines:
                greeting = read_object(lines.readline(_LONGEST)) or {}
                if refusal := self._refusal(greeting):
                    face.say("refused", refusal, version=VERSION)
                    face.write.flush(_LEAVING)
                    return
                connection.settimeout(None)
                self._admit(face)
                while line := lines.readline(_LONGEST):
                    self._do(face, line)
        except (OSError, ValueError):  # the client has gone
            pass
        finally:
            with self._lock:
                if face in self._faces:
                    self._faces.remove(face)
            face.close()
            self._places.release()

    def _refusal(self, greeting: dict[str, Any]) -> str:
        token = str(greeting.get("token", "")).encode("utf-8", "replace")
        if not hmac.compare_digest(token, self._token.encode()):
            return "the token does not belong to this run"
        if greeting.get("version") != VERSION:
            return f"this run uses version {VERSION} of the messages, not {greeting.get('version')!r}"
        return ""

    def _admit(self, face: _Face) -> None:
        with self._lock:
            face.say(
                "welcome", self._run, version=VERSION, process=os.getpid(),
                points_left_out=self._history.points_left_out,
            )
            face.write.all_of(self._history.told())
            face.say("caught_up")
            self._faces.append(face)
            over = self._over
        if over:  # it came as the run ended: it has all, and no more will come
            face.write.flush(_LEAVING)
            raise OSError("the run is over")

    def _do(self, face: _Face, line: bytes) -> None:
        asked = read_object(line) or {}
        request = asked.get("request")
        act = REQUESTS.get(request) if isinstance(request, str) else None
        if act is not None:
            act(self._control)
        said = "" if act is not None else f". The requests are {', '.join(REQUESTS)}"
        face.say("answer", f"{request}{said}", id=asked.get("id"), accepted=act is not None)
