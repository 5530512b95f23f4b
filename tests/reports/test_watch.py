"""The live page: what it serves, to whom, and that it follows the folder."""

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.report_folder import results_of, write_report_folder, write_sweep
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.reports.content import ReportOptions
from tsbench.reports.live import LiveReport, watched
from tsbench.reports.server import ReportServer

NOTHING = ReportOptions(("nothing",), ())   # no pictures: the tests are about what is served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report_folder(tmp_path_factory.mktemp("lab") / "runs", {"D1": "working", "D2": "open"})


@pytest.fixture(scope="module")
def live(folder: Path) -> LiveReport:
    found = LiveReport(lambda: folder, NOTHING)
    assert found.look() and not found.look()
    return found


@pytest.fixture(scope="module")
def server(live: LiveReport) -> Iterator[ReportServer]:
    with ReportServer(lambda: live.current, hosts=("lab.example",)) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def ask(server: ReportServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def test_the_page_is_served_with_its_run_files(server: ReportServer, folder: Path) -> None:
    status, headers, text = ask(server, "/")
    assert status == 200 and b"1 of 2 judged devices switch" in text and b"no campaign is running" in text
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
    assert ask(server, "/RUN1-0.nxs")[2] == (folder / "RUN1-0.nxs").read_bytes()
    assert ask(server, "/", "HEAD")[::2] == (200, b"")
    assert ask(server, "/version")[2].decode() in text.decode()
    assert b"token" not in text
    packed = ask(server, "/", **{"Accept-Encoding": "gzip, br"})
    assert packed[1]["Content-Encoding"] == "gzip" and gzip.decompress(packed[2]) == text


@pytest.mark.parametrize("path", ["/screen.tsc", "/../lab.txt", "/%2e%2e/lab.txt", "//etc/passwd", "/etc/passwd", "/.",
                                  "/RUN1-0.nxs/", "/reports", "/RUN1-0.nxs%00", "/link.nxs", "/page.html"])
def test_nothing_but_the_run_files_of_the_page_is_served(server: ReportServer, folder: Path, path: str) -> None:
    (folder.parent / "lab.txt").write_text("secret")
    link = folder / "link.nxs"
    link.symlink_to(folder.parent / "lab.txt")
    status, _, text = ask(server, path)
    link.unlink()
    assert status == 404 and b"secret" not in text


def test_a_file_that_became_a_link_is_not_served(server: ReportServer, folder: Path) -> None:
    (folder.parent / "lab.txt").write_text("secret")
    file = folder / "RUN1-1.nxs"
    file.rename(folder / "kept")
    file.symlink_to(folder.parent / "lab.txt")
    assert ask(server, "/RUN1-1.nxs")[0] == 404
    file.unlink()
    (folder / "kept").rename(file)
    assert ask(server, "/RUN1-1.nxs")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "EVIL"])
def test_only_get_is_answered(server: ReportServer, method: str) -> None:
    assert ask(server, "/", method)[0] == 501


@pytest.mark.parametrize(("host", "status"), [
    ("127.0.0.1:1", 200), ("localhost", 200), ("LOCALHOST:8765", 200), ("[::1]:80", 200), ("lab.example", 200),
    ("evil.example", 403), ("evil.example:80", 403), ("127.0.0.1.evil.example", 403), ("", 403),
    ("localhost:80:80", 403), ("evil@localhost", 403),
])
def test_the_name_of_the_host_is_checked(server: ReportServer, host: str, status: int) -> None:
    assert ask(server, "/", Host=host)[0] == status


def test_a_request_with_two_hosts_or_none_is_refused(server: ReportServer) -> None:
    for lines in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as line:
            line.sendall(lines)
            assert b" 403 " in line.makefile("rb").readline()


def test_it_listens_on_this_computer_only(server: ReportServer) -> None:
    assert server.server_address[0] == "127.0.0.1" and server.address.startswith("http://127.0.0.1:")


def test_silent_clients_do_not_keep_others_out(server: ReportServer) -> None:
    lines = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(20)]
    assert ask(server, "/version")[0] == 200
    for line in lines:
        line.close()


@pytest.mark.thorough
def test_the_page_follows_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there yet is waited for; a fault of the report is shown and does not end the watching."""
    folder = tmp_path / "later"
    found = LiveReport(lambda: folder, NOTHING)
    assert found.look() and b"does not exist" in found.current.page
    write_sweep(folder, "RUN1", "D1", results_of("working", 1.0), 1.0, "", campaign="")
    assert found.look() and b"1 of 1 judged device" in found.current.page and "RUN1.nxs" in found.current.files
    before = found.current.version

    def fail(*_: object) -> None:
        raise RuntimeError("<b>broken</b>")

    with monkeypatch.context() as patch:
        patch.setattr("tsbench.reports.live.report_of", fail)
        (folder / "touched.json").touch()
        assert found.look() and b"&lt;b&gt;broken" in found.current.page and found.current.version != before
    (folder / "touched.json").unlink()
    assert found.look() and found.current.version == before and not found.look()


def test_the_queue_of_a_bench_stands_first() -> None:
    job = {"job": 7, "state": "running", "protocol": "iv_sweep", "device": "<D1>", "user": "me", "since": "now"}
    found = LiveReport(lambda: None, NOTHING, queue=lambda: {"jobs": [job], "held": "by <me>"})
    found.look()
    text = found.current.page.decode()
    assert text.index("Queue of the bench") < text.index("Summary") and "&lt;D1&gt;" in text and "by &lt;me&gt;" in text


def test_what_is_neither_a_folder_nor_a_bench_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nxs").touch()
    with pytest.raises(ConfigurationError, match="neither a folder of runs nor a bench file"):
        watched(tmp_path / "a.nxs")


def test_a_port_that_is_taken_is_told(server: ReportServer, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(folder), "--port", str(server.server_port)]) == 2
    assert "Choose another one with --port" in capsys.readouterr().err


def test_a_loan_of_a_bench_names_no_folder() -> None:
    """A loan has no folder of runs; its queue entry once had the root of the disk."""
    from tsbench.station.service.jobs import Asked, Job

    asked = Asked("bench lent", "", "/")
    assert Job(1, asked, "now", lent=True).summary()["out"] == ""
    assert Job(1, Asked("iv_sweep", "D1", "/data"), "now").summary()["out"] == "/data"


def test_a_bench_without_a_service_says_so(nbo2_bench: Path) -> None:
    folder, queue, _ = watched(nbo2_bench)
    assert folder() is None and (queue() or {})["held"] == "no bench service runs for this bench"


@pytest.mark.thorough
@pytest.mark.browser
def test_a_browser_shows_the_page_follows_it_and_runs_no_script_of_a_name(
    server: ReportServer, live: LiveReport, folder: Path,
) -> None:
    """Chromium at the width of a phone: no script error, no scroll to the side, and a new run appears by itself."""
    from tests.fixtures.browser import browser

    with browser(390, 800) as page:
        page.get(server.address)
        assert "1 of 2 judged devices switch" in page.find_element("tag name", "body").text
        assert page.execute_script("return document.documentElement.scrollWidth") <= 390
        fold = page.find_element("css selector", "details#device-D1")
        page.execute_script("arguments[0].open = true", fold)
        (folder / "screen.tsc").rename(folder / "kept")   # a folder of runs without a campaign
        evil = "<script>document.title = 'evil'</script>"
        write_sweep(folder, "RUN9", evil, results_of("working", 1.0), 1.0, "")
        assert live.look()
        limit = time.monotonic() + 60
        while "2 of 3 judged devices switch" not in page.find_element("tag name", "body").text:
            assert time.monotonic() < limit, "the page did not follow"
            time.sleep(0.1)
        assert evil in page.find_element("tag name", "body").text and page.title == "screen"
        assert page.execute_script("return document.scripts.length") == 1   # its own
        assert page.find_element("css selector", "details#device-D1").get_attribute("open") is not None
        assert [line for line in page.get_log("browser") if line["level"] == "SEVERE"] == []
