"""Run control of the Rigol oscilloscopes: run, stop, single, forced trigger, the state of the trigger."""

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.channels import next_step
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable


class RigolRunning(RigolTable):
    """From arming to completion.

    Parameters
    ----------
    scope : RigolBase
    settings : RigolAcquiring
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, settings: RigolAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    @command(":RUN")
    def _run(self) -> None:
        """``:RUN``: acquire again and again; in the sweep SINGle once."""
        if self.settings.trigger.trigger_sweep == "SING":
            self.control.single()
        else:
            self.control.run()

    @command(":STOP")
    def _stop(self) -> Handler:
        """``:STOP``: keep what was acquired last."""
        yield from self.control.stop()

    @command(":SINGle")
    def _single(self) -> None:
        """``:SING``: one acquisition; the sweep is SINGle then."""
        self.settings.trigger.trigger_sweep = "SING"
        self.control.single()

    @command(":TFORce")
    def _force(self) -> None:
        """``:TFOR``: trigger now, in the sweeps NORMal and SINGle."""
        self.control.force()

    @command(":CLEar")
    def _clear(self) -> None:
        """``:CLE``: clear the screen."""

    @command(":AUToscale")
    def _autoscale(self) -> Handler:
        """``:AUT``: show each channel that is on with its whole signal, triggered at its middle."""
        self.settings.trigger.trigger_sweep = "AUTO"
        self.control.run()
        yield 1.0
        for number in self.settings.shown_channels():
            self.settings.channels.scale[number] = 10.0 * self.settings.channels.probe[number]
            self.settings.channels.position[number] = 0.0
        yield from self.control.snapshot()
        for number in self.settings.shown_channels():
            trace = self.memory.trace(number, self.settings.screen_start(), self.settings.timebase_range, 10_000)
            if trace is None:
                continue
            low, high = trace.extremes
            least = self.data_sheet.min_scale * self.settings.channels.probe[number]
            scale = next_step(max((high - low) / 6.0, least))
            self.settings.channels.scale[number] = scale
            most = self.data_sheet.max_offset(scale / self.settings.channels.probe[number])
            middle = (low + high) / 2
            self.settings.channels.position[number] = min(max(-middle, -most), most)
            self.scope.trigger_levels[f"CHAN{number}"] = middle
        self.control.drop()

    @command(":TRIGger:STATus?")
    def _state(self) -> str:
        """``:TRIG:STAT?``: STOP, RUN (filling), WAIT, TD (triggered) or AUTO."""
        control = self.control
        control.look()
        if not control.running:
            return "STOP"
        acquisition = control.acquisition
        if acquisition is not None:
            if not control.continuous:
                self.clock.busy()
                control.look()
                if not control.running:
                    return "STOP"
            if not control.memory_full:
                return "RUN"
            return "WAIT" if control.waiting_for_trigger else "TD"
        finished = control.finished
        return "TD" if finished is not None and not finished.records[-1].automatic else "AUTO"
