"""Run control of an oscilloscope: from arming to completion, once or again and again.

Running in AUTO sweep costs nothing: the scope then looks only when it is read or stopped. Armed otherwise (a single
acquisition, or running in NORMal sweep) it observes the circuit until its acquisition is complete.
"""

from collections.abc import Callable, Generator

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings

ACQUISITION = "acquisition"  #: name of the overlapped operation that *OPC and *WAI wait for
_PATIENCE = 1.0  #: [s] after which a free-running scope shows that it has nothing


class AcquisitionControl:
    """The acquisitions of one oscilloscope.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : ScopeDataSheet
    settings : what the user has set, read when an acquisition begins
    changed : is called when ``running`` or ``waiting_for_trigger`` may have changed
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: ScopeDataSheet, settings: OscilloscopeSettings,
        changed: Callable[[], None],
    ) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self._clock = instrument.clock
        self._sheet = sheet
        self._settings = settings
        self._changed = changed
        self.acquisition: Acquisition | None = None  #: what is being acquired
        self.finished: Acquisition | None = None  #: what can be read
        self.running = True
        self.continuous = True
        self.alone = False  #: whether the acquisition is one of ``single``: some models do not average it
        self.armed_event = self.triggered_event = False
        self.on_complete: Callable[[], None] = lambda: None  #: is called when an acquisition has ended
        self.memory_full = False   #: armed: the pre-trigger memory is full
        self._acquisitions = self._recorded = 0
        self._announced: float | None = None
        instrument.bench.add_jacks(instrument.name, inputs=["external"])

    def start_over(self) -> None:
        """After a reset: nothing acquired, running."""
        self.drop()
        self.finished = None
        self.running = self.continuous = True
        self._instrument.operations.end(ACQUISITION)
        self._changed()

    @property
    def waiting_for_trigger(self) -> bool:
        """Whether it is armed, its memory full and no trigger found."""
        return self.acquisition is not None and self.memory_full and self.acquisition.pending is None

    @property
    def waits_in_vain(self) -> bool:
        """Whether the circuit may skip whole periods although this scope is armed."""
        return self.acquisition is None or self.acquisition.waits_in_vain

    def arm(self, channels: list[int], automatic: bool) -> None:
        """Begin an acquisition now.

        Raises
        ------
        ScpiError
            -221: there are no channels.
        """
        self.drop()
        instrument, bench = self._instrument, self._bench
        bench.sync()
        if not channels:
            raise ScpiError(-221)
        external = self._settings.trigger_source == "EXT"
        line = bench.wired_to(f"{instrument.name}.external") if external else None
        self._acquisitions += 1
        rng = bench.rng(instrument.name, "trigger", str(self._acquisitions))
        acquisition = Acquisition(
            self._settings.plan(channels, automatic), self._clock.now, line, rng, self._recorded)
        acquisition.on_trigger = self._triggered
        acquisition.misses = instrument.misses_trigger
        self.acquisition = acquisition
        self._announced = None
        self.memory_full = self.armed_event = False
        bench.recorders.add(self)
        bench.lagging_circuit.add_observer(acquisition)
        self._clock.watch(self, self.look)
        self._clock.schedule(acquisition.eligible, self.look)
        self._changed()

    def _triggered(self) -> None:
        self.triggered_event = True

    def look(self) -> None:
        """See how far the acquisition has come; end it when it is complete."""
        acquisition = self.acquisition
        if acquisition is None:
            return
        self._bench.sync()
        begun = acquisition.pending is not None or bool(acquisition.records)
        if not self.memory_full and (begun or self._clock.now >= acquisition.eligible):
            self.memory_full = self.armed_event = True
        if acquisition.complete:
            self._complete(acquisition)
            return
        finish = acquisition.finish
        if finish is not None and finish != self._announced and finish > self._clock.now:
            self._announced = finish   # the clock then stops at that instant: a client may wait for it
            self._clock.schedule(finish, self.look)
        self._changed()

    def _complete(self, acquisition: Acquisition) -> None:
        self.finished = acquisition
        self.drop()
        if self.continuous and self.running and self._observes_when_running:
            self.arm(list(acquisition.plan.channels), False)
        else:
            self.running = self.running and self.continuous
            self._instrument.operations.end(ACQUISITION)
            first, last = acquisition.records[0].trigger, acquisition.records[-1].trigger
            plan = acquisition.plan
            self._bench.acquired(
                self._instrument.name, first - plan.pre, last + plan.post, first, len(acquisition.records))
        self.on_complete()
        self._changed()

    def drop(self) -> None:
        """Stop observing; what was being acquired is lost."""
        acquisition, self.acquisition = self.acquisition, None
        if acquisition is not None:
            self._recorded += len(acquisition.records)
            self._bench.lagging_circuit.remove_observer(acquisition)
            self._bench.recorders.discard(self)
            self._clock.unwatch(self)

    @property
    def _observes_when_running(self) -> bool:
        return self._settings.sweep == "NORM"

    def snapshot(self) -> Generator[float, None, None]:
        """Free-running and asked for data: acquire once, now."""
        if not (self.running and self.acquisition is None and self._settings.shown_channels()):
            return
        self.arm(self._settings.shown_channels(), self._settings.sweep == "AUTO")
        deadline = self._clock.now + _PATIENCE + 3 * self._settings.timebase_range
        before = self.finished
        while self.finished is before and self.acquisition is not None and self._clock.now < deadline:
            finish = self.acquisition.finish
            yield self._sheet.auto_timeout / 4 if finish is None else max(finish - self._clock.now, 1e-9)
            self.look()

    # ------------------------------------------------------------------------------------- as buttons do

    def run(self) -> None:
        """Acquire again and again."""
        self._instrument.operations.end(ACQUISITION)
        self.running, self.continuous, self.alone = True, True, False
        if self._observes_when_running:
            self.arm(self._settings.shown_channels(), False)
        else:
            self.drop()
        self._changed()

    def stop(self) -> Generator[float, None, None]:
        """Keep what was acquired last, the segments of an unfinished acquisition included."""
        if self.running and self.continuous and self.acquisition is None:
            yield from self.snapshot()
        self.look()
        if self.acquisition is not None and self.acquisition.records and not self.acquisition.plan.averaged:
            self.finished = self.acquisition
        self.abandon()

    def abandon(self) -> None:
        """Stop; what was being acquired is lost."""
        self.drop()
        self.running = False
        self._instrument.operations.end(ACQUISITION)
        self._changed()

    def single(self) -> None:
        """Acquire once, on a trigger only."""
        self._instrument.operations.end(ACQUISITION)
        self.running, self.continuous, self.alone = True, False, True
        self.arm(self._settings.shown_channels(), False)

    def acquire(self, channels: list[int]) -> None:
        """Acquire these channels once, as an overlapped operation."""
        self.running, self.continuous, self.alone = True, False, False
        self.arm(channels, self._settings.sweep == "AUTO")
        self._instrument.operations.begin(ACQUISITION)

    def force(self) -> None:
        """Trigger now."""
        if self.acquisition is not None:
            self._bench.sync()
            self.acquisition.force(self._clock.now)
            self.look()
