"""Tells the clients of a run what is known of each output while the run goes on; nothing is asked for it."""

import contextlib
from collections.abc import Iterator, Mapping

from tsbench.instruments.guard.told_outputs import KnownState, ToldOutputs
from tsbench.station.runner.events import Events

SWITCHED = "switched"  #: kind of the events; "output" says only what was read back when all was switched off


@contextlib.contextmanager
def outputs_told(bench: object, teller: Events) -> Iterator[None]:
    """Tell the states of the outputs of a bench now, and meanwhile after each change.

    Parameters
    ----------
    bench : RunnerBench
        One without connected instruments tells nothing.
    teller : Events
    """
    outputs = getattr(getattr(bench, "instruments", None), "outputs", None)
    if not isinstance(outputs, ToldOutputs):
        yield
        return

    def tell(states: Mapping[str, KnownState]) -> None:
        teller.tell(SWITCHED, ", ".join(f"{name} {state}" for name, state in states.items()), states)

    before, outputs.tell = outputs.tell, tell
    try:
        tell(dict(outputs.states))
        yield
    finally:
        outputs.tell = before
