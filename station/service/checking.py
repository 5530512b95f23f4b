"""Says at once what speaks against a job that will wait; nothing is sent to instruments, since a run may go on."""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import CommunicationError, ConfigurationError, TsbenchError
from tsbench.instruments.registry import DRIVERS
from tsbench.protocols import protocol_named
from tsbench.protocols.registry import PROTOCOLS
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.station.runner.planning import checked_plan, require_roles
from tsbench.station.service.jobs import Asked

_LOG = logging.getLogger(__name__)


class JobChecks:
    """Checks jobs in a thread of the process that measures, one after the other.

    Parameters
    ----------
    path : Path
        The bench file.
    opened : callable
        Returns the bench that is open and the text of its file; None where none is.
    tell : callable
        Gets the number of the check, and the name and the text of an error; two empty texts where nothing is wrong.
    """

    def __init__(
        self, path: Path, opened: Callable[[], tuple[Bench, str] | None], tell: Callable[[Any, str, str], None],
    ) -> None:
        self._path, self._opened, self._tell = path, opened, tell
        self._asked: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._file: BenchFile | None = None

    def start(self) -> None:
        """Begin to check. The lists of plug-ins are complete from now on: two threads must not fill them at once."""
        PROTOCOLS.offers()
        DRIVERS.offers()
        threading.Thread(target=self._serve, name="checks", daemon=True).start()

    def put(self, words: Mapping[str, Any]) -> None:
        """Check a job: its number ("check"), and what is asked for ("asked")."""
        self._asked.put(words)

    def _serve(self) -> None:
        while True:
            words = self._asked.get()
            error, text = "", ""
            try:
                self._check(Asked(**words["asked"]))
            except CommunicationError:   # not known now: its turn will show it
                pass
            except TsbenchError as refusal:
                error, text = type(refusal).__name__, str(refusal)
            except Exception:  # noqa: BLE001  a plug-in of a protocol failed: its turn will show it
                _LOG.warning("check %s could not be made", words["check"], exc_info=True)
            self._tell(words["check"], error, text)

    def _check(self, asked: Asked) -> None:
        """Raise what speaks against a job.

        Raises
        ------
        ConfigurationError
            The bench has no such device or role, or no value of the fixture of this name; or the protocol does not take
            a parameter.
        LimitError
            The plan is beyond a limit. Where the instruments are not open, this is not known yet. It is not asked
            where a person has accepted it, and not for a plan: its reader wants the reasons.
        """
        if not self._path.is_file():
            return
        protocol = protocol_named(asked.protocol).parse(dict(asked.parameters))
        fixture = fixture_values(asked.fixture)
        text = self._path.read_text("utf-8")
        opened = self._opened()
        bench = opened[0] if opened is not None and opened[1] == text else None
        file = bench.file if bench is not None else self._loaded(text)
        file.device(asked.device)
        require_roles(protocol, lambda role: role in file.table.roles)
        for quantity in fixture:
            if quantity not in file.table.fixture.control:
                raise ConfigurationError(f"nothing can set {quantity}. Add [fixture.control.{quantity}] to the bench "
                                         "file")
        if bench is not None and asked.accepted is None and not asked.plan_only:
            checked_plan(bench.planning_for(asked.device, bench.preparation.pending(fixture)), protocol)

    def _loaded(self, text: str) -> BenchFile:
        if self._file is None or self._file.text != text:
            self._file = BenchFile.load(self._path)
        return self._file
