"""Acting on several instruments at once: one thread for each whose exchanges cannot hold up the others.

A VISA library whose calls exclude each other (the simulated bench in this process: every call moves its one clock)
says so by the attribute ``one_call_at_a_time``; its instruments then come one after the other, in the order given.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tsbench.instruments.driver import SOURCES
from tsbench.instruments.links.liveness import UNWATCHED, Liveness, ProgressOfThreads, ThreadProgress


class Reached(Protocol):
    """An instrument as far as its order and its turn matter."""

    @property
    def library(self) -> str:
        """Return the VISA library that reaches it."""

    @property
    def kind(self) -> str:
        """Return the kind of instrument, as its driver declares it."""


R = TypeVar("R", bound=Reached)


def sources_first(instruments: Sequence[R]) -> list[R]:
    """Return source meters, then generators, then all others."""
    return sorted(instruments, key=lambda one: (*SOURCES, one.kind).index(one.kind))


def groups(instruments: Sequence[R], managers: Mapping[str, Any]) -> list[list[R]]:
    """Return the instruments in groups that can be reached at once; in a group they take turns, sources first."""
    found: list[list[R]] = []
    taking_turns: dict[str, list[R]] = {}
    for one in sources_first(instruments):
        if not getattr(managers[one.library].visalib, "one_call_at_a_time", False):
            found.append([one])
        elif one.library in taking_turns:
            taking_turns[one.library].append(one)
        else:
            found.append(taking_turns.setdefault(one.library, [one]))
    return found


def at_once(acts: Sequence[Callable[[Liveness], None]], liveness: Liveness = UNWATCHED) -> None:
    """Do every act in a thread of its own (a single one in this thread) and wait for all.

    Parameters
    ----------
    acts : sequence of callable
        Each receives the object to report progress to, and raises no Exception.
    liveness : Liveness
        Hears of the act that is furthest behind.

    Raises
    ------
    KeyboardInterrupt
        It came meanwhile; all acts are done nevertheless, except where a single one was broken off.
    """
    if len(acts) <= 1:
        for act in acts:
            act(liveness)
        return
    progress_of_threads = ProgressOfThreads(liveness)
    threads = []
    for act in acts:
        progress = progress_of_threads.thread()

        def perform(act: Callable[[Liveness], None] = act, progress: ThreadProgress = progress) -> None:
            try:
                act(progress)
            finally:
                progress.end()

        thread = threading.Thread(target=perform, name="at once", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending: no more threads, one after the other then
            perform()
        else:
            threads.append(thread)
    interrupt: KeyboardInterrupt | None = None
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt as error:
                interrupt = error
    liveness.beat()
    if interrupt is not None:
        raise interrupt
