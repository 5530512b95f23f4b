"""A run for another program: through the bench service where one runs, else in this process."""

from pathlib import Path

from tsbench.protocols import Protocol
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.process import run_protocol
from tsbench.station.service.client import connect
from tsbench.station.service.performing import run_through
from tsbench.station.service.place import place_of


def perform(
    bench: Path, device: str, protocol: Protocol, out: Path, events: Listener | None = None,
    control: Control | None = None,
) -> RunOutcome:
    """Perform one run; arguments, outcome and errors as for :func:`~tsbench.station.runner.process.run_protocol`."""
    if not place_of(bench).lives:
        return run_protocol(bench, device, protocol, out, events=events, control=control)
    with connect(bench, start=False) as service:
        return run_through(service, device, protocol, out, events=events, control=control)
