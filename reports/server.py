"""Serves a live report on this computer: GET only, no token, and nothing but the page and the run files it links to."""

import http.server
import socketserver
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from tsbench.errors import ConfigurationError
from tsbench.reports.html import policy
from tsbench.reports.live import LivePage

_LOOPBACK = "127.0.0.1"
_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_PATIENCE = 10.0  #: [s] for a request of a client
_MOST = 32  #: connections at once
_PIECE = 2**18  #: [bytes] of a file that are sent at once
_SCRIPT = (Path(__file__).parent / "live.js")


class ReportServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The server; ``serve_forever`` serves, ``shutdown`` ends it.

    The name in the header Host must be one of this computer or of ``hosts``: a page of another site, whose name leads
    to this computer (DNS rebinding), has another one.

    Parameters
    ----------
    page : returns the page as it is now
    port : 0: any that is free
    hosts : further names under which the page may be asked for, such as that of a tunnel

    Raises
    ------
    ConfigurationError
        The port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, page: Callable[[], LivePage], port: int = 0, hosts: Sequence[str] = ()) -> None:
        self.page = page
        self.hosts = _HOSTS | {host.lower() for host in hosts}
        self._places = threading.BoundedSemaphore(_MOST)
        try:
            super().__init__((_LOOPBACK, port), _Answer)
        except OSError as error:
            raise ConfigurationError(f"port {port} cannot be used ({error.strerror or error}). Choose another one with "
                                     "--port") from error

    @property
    def address(self) -> str:
        """Return the address of the page."""
        return f"http://{_LOOPBACK}:{self.server_port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, if not too many are busy."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer the requests of one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is no error."""


class _Answer(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    server: ReportServer
    timeout = _PATIENCE
    server_version, sys_version = "tsbench", ""

    def do_GET(self) -> None:
        """Answer a GET."""
        if not self._is_ours():
            self._say(HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8",
                      b"this name is not one of this computer. Name it with tsbench watch --host NAME\n")
            return
        page, path = self.server.page(), urlsplit(self.path).path
        if path == "/":
            self._text(page, page.page)
        elif path == "/content":
            self._text(page, page.content)
        elif path == "/version":
            self._say(HTTPStatus.OK, "text/plain; charset=utf-8", page.version.encode())
        elif path == "/live.js":
            self._say(HTTPStatus.OK, "text/javascript; charset=utf-8", _SCRIPT.read_bytes())
        else:
            self._file(page, path)

    def do_HEAD(self) -> None:
        """Answer a HEAD: as a GET, without the content."""
        self.do_GET()

    def _is_ours(self) -> bool:
        """Whether the client asks under a name of this computer."""
        given = self.headers.get_all("Host") or []
        if len(given) != 1:
            return False
        name, colon, port = given[0].strip().lower().rpartition(":")
        if not colon or not port.isdigit():
            name = given[0].strip().lower()
        return name in self.server.hosts

    def _file(self, page: LivePage, path: str) -> None:
        """Send a run file that the page links to; no other name is looked up on the disk."""
        name = unquote_to_bytes(path.lstrip("/")).decode("utf-8", "surrogateescape")
        file = page.files.get(name)
        try:
            if file is None or file.is_symlink() or not file.is_file():
                raise OSError
            with file.open("rb") as content:
                self._head(HTTPStatus.OK, "application/x-hdf5", file.stat().st_size, "attachment")
                if self.command == "GET":
                    while piece := content.read(_PIECE):
                        self.wfile.write(piece)
        except OSError:
            self._say(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found\n")

    def _text(self, page: LivePage, content: bytes) -> None:
        """Send a page, compressed if the browser takes that."""
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            self._say(HTTPStatus.OK, "text/html; charset=utf-8", page.packed[content], "gzip")
        else:
            self._say(HTTPStatus.OK, "text/html; charset=utf-8", content)

    def _say(self, status: HTTPStatus, kind: str, content: bytes, encoding: str = "") -> None:
        self._head(status, kind, len(content), encoding=encoding)
        if self.command == "GET":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int, disposition: str = "", encoding: str = "") -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind), ("Content-Length", str(length)), ("Cache-Control", "no-store"),
            ("Content-Security-Policy", f"{policy(True)}; frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Content-Disposition", disposition), ("Content-Encoding", encoding),
            ("Vary", "Accept-Encoding"),
        ):
            if value:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write no log."""
