"""The Keysight DSOX3054T as a message machine: run control, arming, triggering, the load of its inputs.

Running in AUTO sweep costs nothing: the scope then looks only when it is read or stopped. Armed otherwise
(``:SING``, ``:DIG``, or running in NORMal sweep) it observes the circuit until its acquisition is complete.
"""

import ast
from collections.abc import Mapping
from typing import ClassVar

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Element
from tsbench.simulated_backends.bench_services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import (
    Attachment,
    Placement,
    VirtualInstrument,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_acquisition import (
    Acquisition,
    Digitiser,
    Plan,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_front_end import (
    Channel,
    ChannelErrors,
    gaussian_sigma,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_models import (
    FIFTY_OHM,
    INPUT_CAPACITANCE,
    KEYSIGHT_DSOX3054T,
    ONE_MEGOHM,
    Sampling,
    ScopeModel,
    choose_sampling,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_settings import ScopeSettings
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_trigger import EdgeSettings
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_waveform import WaveformReadout
from tsbench.simulated_backends.virtual_instruments.message import IDLE, Handler
from tsbench.simulated_backends.virtual_instruments.scpi_errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.scpi_parameters import Block, Choice, Many
from tsbench.simulated_backends.virtual_instruments.scpi_syntax import definite_block
from tsbench.simulated_backends.virtual_instruments.scpi_tree import command

RUN_BIT = 0x08  #: of the operation status condition register
WAIT_TRIGGER_BIT = 0x20
_OPERATION = "digitize"
_PATIENCE = 1.0  #: [s] after which a free-running scope shows that it has nothing


class KeysightDSOX3000T(ScopeSettings, WaveformReadout, VirtualInstrument):
    """Four inputs, edge trigger, single and segmented acquisition; ``limits`` says which model."""

    limits: ClassVar[ScopeModel]
    terminals = ("1", "2", "3", "4")
    error_queue_depth = 30

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.trigger_levels = {}
        self.dividers = self._probe_options()
        errors = {
            number: ChannelErrors.draw(self.limits, bench.rng(self.name, "input", str(number)))
            if bench.imperfections else ChannelErrors() for number in range(1, self.limits.channels + 1)
        }
        self.timebase_error = self.calibration("timebase", self.limits.timebase_accuracy, 0.0).gain
        self.digitiser = Digitiser(self.limits, errors, (bench.seed, 3054), bench.imperfections)
        self.acquisition: Acquisition | None = None  #: what is being acquired
        self.finished: Acquisition | None = None  #: what can be read
        self.running = True
        self.continuous = True
        self.armed_event = self.triggered_event = False
        self._memory_full = False   #: armed: the pre-trigger memory is full
        self._acquisitions = 0
        self._announced: float | None = None

    def _probe_options(self) -> dict[int, float]:
        """Read ``options.probes``: channel -> real attenuation of the probe on it."""
        for name in self.placement.options:
            if name != "probes":
                raise ConfigurationError(f"instruments.{self.name}.options: unknown '{name}'"
                                         f"{nearest(name, ['probes'])}")
        table = self.placement.options.get("probes", {})
        probes: dict[int, float] = {}
        for channel, value in (table if isinstance(table, Mapping) else {"": table}).items():
            good = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 1000
            if channel not in self.terminals or not good:
                raise ConfigurationError(
                    f"instruments.{self.name}.options.probes: {channel!r} = {value!r}; give attenuations "
                    f"from 1 to 1000 by channel, as probes = {{ 1 = 10 }}")
            probes[int(channel)] = float(value)
        return probes

    # ------------------------------------------------------------------------------------------ circuit

    def attachment(self) -> Attachment:
        """Return what each wired input puts on its node: 1 MOhm (or 50 Ohm) and 14 pF, divided by a probe."""
        elements: list[Element] = []
        for channel in self.terminals:
            node = self.node(channel)
            if node is None:
                continue
            divider = self.dividers.get(int(channel), 1.0)
            elements.append(Element(
                "R", self.element_name("R", channel, "input"), (node, "0"), 0, value=ONE_MEGOHM * divider))
            elements.append(Element(
                "C", self.element_name("C", channel, "input"), (node, "0"), 0,
                value=INPUT_CAPACITANCE / divider))
        return Attachment(tuple(elements))

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self._drop()

    def impedance_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm."""
        fifty = self.impedance[channel] == "FIFT"
        if fifty:
            self.coupling[channel] = "DC"
            most = 8 * self.limits.max_scale["FIFT"] * self.probe[channel]
            self.vertical_range[channel] = min(self.vertical_range[channel], most)
            self._range_changed(channel)
        if self.node(str(channel)) is not None:
            resistance = FIFTY_OHM if fifty else ONE_MEGOHM
            self.bench.circuit.set_resistance(
                self.element_name("R", str(channel), "input"), resistance * self.dividers.get(channel, 1.0))
            self.bench.changed()

    # ----------------------------------------------------------------------------------------- acquiring

    def channel(self, number: int) -> Channel:
        """Return one input as it is set now."""
        model = self.limits
        return Channel(
            number=number, node=self.node(str(number)), scale=self.scale(number), offset=self.offset[number],
            probe=self.probe[number], divider=self.dividers.get(number, 1.0),
            bandwidth=model.limited_bandwidth if self.limited[number] else model.bandwidth,
            ac_coupled=self.coupling[number] == "AC", inverted=self.inverted[number],
        )

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now."""
        return choose_sampling(self.limits, self.timebase_range, self.paired(), self.segments)

    def plan(self, channels: list[int], automatic: bool) -> Plan:
        """Return everything the next acquisition needs to know."""
        averaged = self.acquire_type == "AVER"
        start = self.record_start()
        return Plan(
            channels={number: self.channel(number) for number in channels}, sampling=self.sampling(),
            pre=-start, post=start + self.timebase_range, trigger=self._edge(),
            records=int(self.average_count) if averaged else self.segments, averaged=averaged,
            high_resolution=self.acquire_type == "HRES", peak_detect=self.acquire_type == "PEAK",
            automatic=self.limits.auto_timeout if automatic else None, holdoff=self.holdoff,
            rearm=self.limits.rearm_time, timebase_error=self.timebase_error,
        )

    def _edge(self) -> EdgeSettings:
        source = self.trigger_source
        model = self.limits
        slope = {"ALT": "EITH"}.get(self.slope, self.slope)
        jitter = model.trigger_jitter if self.bench.imperfections else 0.0
        if not source.startswith("CHAN"):
            level = self.trigger_level(source) / self.external_probe if source == "EXT" else float("nan")
            return EdgeSettings(None, level, slope, 0.0, 0.0, jitter, 0.0)
        channel = self.channel(int(source[-1]))
        to_node = channel.divider / channel.probe
        sign = -1.0 if channel.inverted else 1.0
        if channel.inverted:
            slope = {"POS": "NEG", "NEG": "POS"}.get(slope, slope)
        noise = model.noise(channel.scale / channel.probe) * channel.divider
        return EdgeSettings(
            channel.node if channel.node is not None else "0",
            sign * self.trigger_level(source) * to_node, slope,
            model.hysteresis * (2.0 if self.noise_reject else 1.0) * channel.scale * to_node,
            gaussian_sigma(channel.bandwidth), jitter, noise if self.bench.imperfections else 0.0,
        )

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
        """``:STOP``: keep what was acquired last."""
        if self.running and self.continuous and self.acquisition is None:
            yield from self.snapshot()
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

    def format_number(self, value: float) -> str:
        """Write a real number as the series does."""
        return f"{value:+.8E}"

    def format_integer(self, value: int) -> str:
        """Write a whole number as the series does."""
        return f"{value:+d}"

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self._drop()
        self.finished = None
        self.trigger_levels.clear()
        self.running = self.continuous = True
        self.end_operation(_OPERATION)
        for channel in range(1, self.limits.channels + 1):
            self.impedance_changed(channel)
        self._update_status()
        return None

    @command(":SYSTem:PRESet")
    def preset(self) -> Handler:
        """``:SYST:PRES``: the default set-up."""
        yield from self._reset()

    @command(":SYSTem:SETup?")
    @command("*LRN?")
    def get_setup(self) -> bytes:
        """``:SYST:SET?``: all settings as a block."""
        state = repr((self.setting_values, self.trigger_levels)).encode("latin-1")
        return definite_block(state, 8)

    @command(":SYSTem:SETup", Block())
    def set_setup(self, payload: bytes) -> None:
        """``:SYST:SET``: settings that ``:SYST:SET?`` gave."""
        try:
            values, levels = ast.literal_eval(payload.decode("latin-1"))
            self.setting_values, self.trigger_levels = dict(values), dict(levels)
        except (ValueError, SyntaxError, TypeError):
            raise ScpiError(-161) from None
        for channel in range(1, self.limits.channels + 1):
            self.impedance_changed(channel)


class KeysightDSOX3054T(KeysightDSOX3000T):
    """DSOX3054T: four channels, 500 MHz, 5 GSa/s, 4 Mpts."""

    limits = KEYSIGHT_DSOX3054T
    manufacturer, model, firmware = limits.manufacturer, limits.name, limits.firmware
