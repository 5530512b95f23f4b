"""A bench service whose simulated bench gets one fault in each run, for ``benchmarks.service_faces``.

``python -m benchmarks.service_injected BENCH``. Before each run, the measuring process reads the next fault from the
file that ``TSBENCH_NEXT_FAULT`` names; its message is counted from the begin of the run. After each run, one line is
appended to the file of that name with the ending ``.told``: what happened and when, and the outputs by the witness of
the bench.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.fault_check import driven
from tsbench.simulated_backends.witness.witness import Witness
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench
from tsbench.station.protection.control import Control
from tsbench.station.service.child import MeasuringChild
from tsbench.station.service.jobs import Asked
from tsbench.station.service.measuring import MeasuringProcess
from tsbench.station.service.process import serve

NEXT = "TSBENCH_NEXT_FAULT"
#: after these the bench is opened anew for the next run: the device is not what it was, or the clock
_LEAVE_TRACES = frozenset({"contact_lost", "device_open", "device_short", "device_stuck_on", "clock_jump",
                           "power_cycle", "trigger_missed"})


class InjectedProcess(MeasuringProcess):
    """Measures with a fault in each run."""

    #: [s] wall time and time of the bench at which the last output went off after the fault, by the witness
    _off: tuple[float, float] | None = None
    _world: Any = None
    _begun = 0  #: messages before the run
    _at: tuple[float, float] | None = None  #: [s] wall time and time of the bench of the fault
    _fault: Mapping[str, Any] | None = None

    def _bench_with(self, device: str | None, contact_again: bool = False) -> Bench:
        bench = super()._bench_with(device, contact_again)
        world = next(iter(bench.instruments.managers.values())).visalib.world
        if world is not self._world:
            self._world = world
            world.faults._tell = self._heard(world.faults._tell)
        counts = world.faults.counts
        self._begun, self._at = world.faults.total, None
        world.faults.pending = ()
        if self._fault is not None:
            fault = dict(self._fault)
            fault["message"] += counts[fault["instrument"]] if "instrument" in fault else self._begun
            world.faults.add(Fault(**fault))
        return bench

    def _heard(self, tell: Any) -> Any:
        def heard(*arguments: Any) -> None:
            if self._at is None:
                self._at, InjectedProcess._off = (time.time(), self._world.bench.clock.now), None
            tell(*arguments)

        return heard

    def _run(self, asked: Asked, control: Control) -> dict[str, Any]:
        place = Path(os.environ[NEXT])
        self._fault = json.loads(place.read_text("utf-8"))
        try:
            return super()._run(asked, control)
        finally:
            self._report(place.with_suffix(".told"))
            if self._fault is not None and self._fault["kind"] in _LEAVE_TRACES:
                self._doubtful = True

    def _report(self, place: Path) -> None:
        world = self._world
        words: dict[str, Any] = {"at": self._at}
        if world is not None:
            count = world.faults.total - self._begun
            trail = list(world.faults.trail)[-count:] if count else []
            words |= {"on": [*world.witness.outputs_on(), *driven(world.instruments)], "off": InjectedProcess._off,
                      "trail": trail if self._fault is None else []}
        with place.open("a") as file:
            file.write(json.dumps(words) + "\n")


def note_outputs() -> None:
    """Keep the times at which the witness saw the last output go off."""
    real = Witness.output

    def output(self: Witness, instrument: str, channel: str, enabled: bool, time_: float) -> None:
        was_on = bool(self.outputs_on())
        real(self, instrument, channel, enabled, time_)
        if was_on and not self.outputs_on():
            InjectedProcess._off = time.time(), time_

    Witness.output = output  # type: ignore[method-assign]


if __name__ == "__main__":
    MeasuringChild.module = "benchmarks.service_injected_child"
    serve(sys.argv[1])
