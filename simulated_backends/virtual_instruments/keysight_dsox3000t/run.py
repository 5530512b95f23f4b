"""Run control and status of the InfiniiVision 3000T X-Series: run, stop, single, digitize, armed, triggered.

Running in AUTO sweep costs nothing: the scope then looks only when it is read or stopped. Armed otherwise
(``:SING``, ``:DIG``, or running in NORMal sweep) it observes the circuit until its acquisition is complete.
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.acquisition import Acquisition, AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.settings import ScopeSettings

RUN_BIT = 0x08  #: of the operation status condition register
WAIT_TRIGGER_BIT = 0x20
_OPERATION = "digitize"
_PATIENCE = 1.0  #: [s] after which a free-running scope shows that it has nothing


class RunCommands(ScopeSettings):
    """From arming to completion; mixed into the scope."""

    has_trigger = True
    dividers: dict[int, float]  #: real attenuation of the probe on each channel that has one
    finished: Acquisition | None  #: what can be read

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know (the scope's own)."""
        raise NotImplementedError

    def _set_up_run_control(self) -> None:
        self.acquisition: Acquisition | None = None  #: what is being acquired
        self.running = True
        self.continuous = True
        self.armed_event = self.triggered_event = False
        self._memory_full = False   #: armed: the pre-trigger memory is full
        self._acquisitions = 0
        self._announced: float | None = None

    def _start_over(self) -> None:
        """After a reset: nothing acquired, running."""
        self._drop()
        self.finished = None
        self.running = self.continuous = True
        self.end_operation(_OPERATION)
        self._update_status()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self._drop()

    def _arm(self, channels: list[int], automatic: bool) -> None:
        self._drop()
        self.bench.sync()
        if not channels:
            raise ScpiError(-221, text="Settings conflict")
        line = self.bench.wired_to(f"{self.name}.external") if self.trigger_source == "EXT" else None
        self._acquisitions += 1
        rng = self.bench.rng(self.name, "trigger", str(self._acquisitions))
        acquisition = Acquisition(self.plan(channels, automatic), self.clock.now, line, rng)
        acquisition.on_trigger = self._triggered
        acquisition.misses = self.misses_trigger
        self.acquisition = acquisition
        self._announced = None
        self._memory_full = self.armed_event = False
        self.bench.recorders.add(self)
        self.bench.lagging_circuit.add_observer(acquisition)
        self.clock.watch(self, self.look)
        self.clock.schedule(acquisition.eligible, self.look)
        self._update_status()

    def _triggered(self) -> None:
        self.triggered_event = True

    def look(self) -> None:
        """See how far the acquisition has come; end it when it is complete."""
        acquisition = self.acquisition
        if acquisition is None:
            return
        self.bench.sync()
        begun = acquisition.pending is not None or bool(acquisition.records)
        if not self._memory_full and (begun or self.clock.now >= acquisition.eligible):
            self._memory_full = self.armed_event = True
        if acquisition.complete:
            self._complete(acquisition)
            return
        finish = acquisition.finish
        if finish is not None and finish != self._announced and finish > self.clock.now:
            self._announced = finish   # so that whoever waits is told at the right instant
            self.clock.schedule(finish, self.look)
        self._update_status()

    def _complete(self, acquisition: Acquisition) -> None:
        self.finished = acquisition
        self._drop()
        if self.continuous and self.running and self._observes_when_running:
            self._arm(list(acquisition.plan.channels), False)
        else:
            self.running = self.running and self.continuous
            self.end_operation(_OPERATION)
        self._update_status()

    def _drop(self) -> None:
        """Stop observing; what was being acquired is lost."""
        acquisition, self.acquisition = self.acquisition, None
        if acquisition is not None:
            self.bench.lagging_circuit.remove_observer(acquisition)
            self.bench.recorders.discard(self)
            self.clock.unwatch(self)

    @property
    def waits_in_vain(self) -> bool:
        """Whether the circuit may skip whole periods although this scope is armed."""
        return self.acquisition is None or self.acquisition.waits_in_vain

    @property
    def _observes_when_running(self) -> bool:
        return bool(self.sweep == "NORM")

    def _update_status(self) -> None:
        bits = RUN_BIT if self.running else 0
        if self.acquisition is not None and self._memory_full and self.acquisition.pending is None:
            bits |= WAIT_TRIGGER_BIT
        self.status.operation.set_condition(bits)
        self.status.update()

    def snapshot(self) -> Handler:
        """Free-running and asked for data: acquire once, now."""
        if not (self.running and self.acquisition is None):
            return
        self._arm(self.shown_channels(), self.sweep == "AUTO")
        deadline = self.clock.now + _PATIENCE + 3 * self.timebase_range
        before = self.finished
        while self.finished is before and self.acquisition is not None and self.clock.now < deadline:
            finish = self.acquisition.finish
            step = self.limits.auto_timeout / 4 if finish is None else max(finish - self.clock.now, 1e-9)
            yield step
            self.look()

    # --------------------------------------------------------------------------------------- run control

    @command(":RUN")
    def run(self) -> None:
        """``:RUN``: acquire again and again."""
        self.end_operation(_OPERATION)
        self.running = self.continuous = True
        if self._observes_when_running:
            self._arm(self.shown_channels(), False)
        else:
            self._drop()
        self._update_status()

    @command(":STOP")
    def stop(self) -> Handler:
        """``:STOP``: keep what was acquired last, the segments of an unfinished acquisition included."""
        if self.running and self.continuous and self.acquisition is None:
            yield from self.snapshot()
        self.look()
        if self.acquisition is not None and self.acquisition.records and not self.acquisition.plan.averaged:
            self.finished = self.acquisition
        self._abandon()

    def _abandon(self) -> None:
        self._drop()
        self.running = False
        self.end_operation(_OPERATION)
        self._update_status()

    @command(":SINGle")
    def single(self) -> None:
        """``:SING``: one acquisition, on a trigger only."""
        self.end_operation(_OPERATION)
        self.running, self.continuous = True, False
        self._arm(self.shown_channels(), False)

    @command(":DIGitize", Many(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4")))
    def digitize(self, *sources: str) -> Handler:
        """``:DIG``: one acquisition; nothing else is executed until it is complete."""
        channels = sorted({int(source[-1]) for source in sources}) or self.shown_channels()
        for channel in range(1, self.limits.channels + 1):
            if sources:
                self.displayed[channel] = channel in channels
        self.running, self.continuous = True, False
        self._arm(channels, self.sweep == "AUTO")
        self.begin_operation(_OPERATION)
        yield IDLE

    @command(":TRIGger:FORCe")
    def force(self) -> None:
        """``:TRIG:FORC``: trigger now."""
        if self.acquisition is not None:
            self.bench.sync()
            self.acquisition.force(self.clock.now)
            self.look()

    @command(":AUToscale", Many(Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4")))
    def autoscale(self, *sources: str) -> Handler:
        """``:AUT``: a range for each wired channel that fits what is there now."""
        self._abandon()
        yield 2.0
        for number in range(1, self.limits.channels + 1):
            node = self.node(str(number))
            self.displayed[number] = node is not None
            if node is not None:
                level = abs(self.bench.circuit.voltage(node)) / self.dividers.get(number, 1.0)
                wanted = max(level * self.probe[number] * 2, 8e-3 * self.probe[number])
                largest = 8 * self.limits.max_scale[self.impedance[number]] * self.probe[number]
                self.vertical_range[number] = min(wanted, largest)
                self.offset[number] = 0.0
        if not self.shown_channels():
            self.displayed[1] = True
        self.run()

    def trigger(self) -> None:
        """``*TRG``: as ``:DIG`` without waiting; the series treats it as a single acquisition."""
        self.single()

    def cleared(self) -> None:
        """A device clear ends a digitize; running goes on."""
        if _OPERATION in self.pending_operations:
            self._abandon()

    # -------------------------------------------------------------------------------------------- status

    @command(":OPERegister:CONDition?")
    def operation_condition(self) -> str:
        """``:OPER:COND?``: bit 3 while running, bit 5 while waiting for a trigger."""
        self.look()
        if self.acquisition is not None and not self.continuous:
            self.clock.busy()
            self.look()
        return f"{self.status.operation.condition:+d}"

    @command(":OPERegister[:EVENt]?")
    def operation_event(self) -> str:
        """``:OPER?``."""
        self.look()
        return f"{self.status.operation.read_event():+d}"

    @command(":AER?")
    def arm_event(self) -> str:
        """``:AER?``: whether it has been armed (pre-trigger memory full) since asked last."""
        self.look()
        if self.acquisition is not None and not self._memory_full:
            self.clock.busy()
            self.look()
        armed, self.armed_event = self.armed_event, False
        return f"{int(armed):+d}"

    @command(":TER?")
    def trigger_event(self) -> str:
        """``:TER?``: whether it has triggered since asked last."""
        self.look()
        if self.acquisition is not None and not self.triggered_event:
            self.clock.busy()
            self.look()
        triggered, self.triggered_event = self.triggered_event, False
        return f"{int(triggered):+d}"
