"""The watchdog for what drives outputs and is no run: the fixture check, the comparison with the twins, a script."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tsbench.instruments.links.liveness import UNWATCHED, Liveness
from tsbench.station.protection.control import Control, EndsAtOnce
from tsbench.station.protection.watched import NoWatch, Watch, WatchedBench, needs_watchdog, watched


@contextlib.contextmanager
def protected(bench: Any, what: str, interrupts: EndsAtOnce) -> Iterator[NoWatch]:
    """Have a watchdog, as a run has one, from now on; ``interrupts`` is installed already.

    Parameters
    ----------
    bench : the open bench
    what : is done, as the watchdog calls it
    interrupts : hears the signals, and of the end of the watchdog
    """
    with watched(bench, interrupts.control, wanted=True) as watch:
        watch.begin(what, None)
        interrupts.look()
        yield watch
        interrupts.look()


class Standby:
    """The watchdog of a script: started before the first output goes on, where nothing else watches.

    It acts when the process dies, and not when the process rests: a script may wait for its user.

    Parameters
    ----------
    bench : WatchedBench
    """

    def __init__(self, bench: WatchedBench) -> None:
        self._bench = bench
        self._control = Control()
        self._watch: Watch | None = None

    def begin(self, liveness: Liveness) -> None:
        """Start it, unless it is there, ``liveness`` is that of another watch, or it is not wanted.

        Raises
        ------
        ConfigurationError
            It did not start.
        """
        if liveness is not UNWATCHED or (self._watch is not None and self._control.stopped is None):
            return
        self.end()
        if not needs_watchdog(self._bench) or not self._bench.watchdog_order()["enabled"]:
            return
        self._control = Control()
        self._watch = Watch(self._bench, self._control, progress=False)
        try:
            self._watch.begin("script", None)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Let it go: all outputs are off, or another watch has begun."""
        if self._watch is not None:
            self._watch.farewell()
            self._watch = None
