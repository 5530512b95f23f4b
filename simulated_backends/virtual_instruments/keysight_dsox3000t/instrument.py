"""The Keysight DSOX3054T as a message machine: the load of its inputs, what an acquisition needs, set-ups.

Its parts: ``_settings`` (what the commands set), ``_run`` (arming to completion), ``_acquisition`` and
``_trigger`` (what is observed), ``_front_end`` (volts to codes), ``_waveform`` (reading out).
"""

import ast
import math
from collections.abc import Mapping
from typing import ClassVar

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Element
from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Block
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import (
    Attachment,
    Placement,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.acquisition import (
    AcquisitionPlan,
    Digitiser,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.data_sheet import (
    FIFTY_OHM,
    INPUT_CAPACITANCE,
    KEYSIGHT_DSOX3054T,
    ONE_MEGOHM,
    Sampling,
    ScopeDataSheet,
    choose_sampling,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.front_end import (
    ChannelErrors,
    InputChannel,
    gaussian_sigma,
)
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.run import RunCommands
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.trigger import EdgeSettings
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.waveform import WaveformReadout


class VirtualDSOX3000T(RunCommands, WaveformReadout):
    """Four inputs, edge trigger, single and segmented acquisition; ``limits`` says which model."""

    limits: ClassVar[ScopeDataSheet]
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
        self.digitiser = Digitiser(self.limits, errors, (bench.seed, seed_of(self.name)), bench.imperfections)
        self.finished = None
        self._set_up_run_control()

    def _probe_options(self) -> dict[int, float]:
        """Read ``options.probes``: channel -> real attenuation of the probe on it."""
        for name in self.placement.options:
            if name != "probes":
                raise ConfigurationError(f"instruments.{self.name}.options: unknown '{name}'"
                                         f"{nearest(name, ['probes'])}")
        table = self.placement.options.get("probes", {})
        probes: dict[int, float] = {}
        for channel, value in (table if isinstance(table, Mapping) else {"": table}).items():
            attenuation = float(value) if isinstance(value, int | float) else math.nan
            if channel not in self.terminals or not 1 <= attenuation <= 1000:
                raise ConfigurationError(
                    f"instruments.{self.name}.options.probes: {channel!r} = {value!r}; give attenuations "
                    f"from 1 to 1000 by channel, as probes = {{ 1 = 10 }}")
            probes[int(channel)] = attenuation
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

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        model = self.limits
        return InputChannel(
            number=number, node=self.node(str(number)), scale=self.scale(number), offset=self.offset[number],
            probe=self.probe[number], divider=self.dividers.get(number, 1.0),
            bandwidth=model.limited_bandwidth if self.limited[number] else model.bandwidth,
            ac_coupled=self.coupling[number] == "AC", inverted=self.inverted[number],
        )

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now."""
        return choose_sampling(self.limits, self.timebase_range, self.paired(), self.segments)

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything the next acquisition needs to know."""
        averaged = self.acquire_type == "AVER"
        start = self.record_start()
        return AcquisitionPlan(
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

    def format_number(self, value: float) -> str:
        """Write a real number as the series does."""
        return f"{value:+.8E}"

    def format_integer(self, value: int) -> str:
        """Write a whole number as the series does."""
        return f"{value:+d}"

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self._start_over()
        self.trigger_levels.clear()
        for channel in range(1, self.limits.channels + 1):
            self.impedance_changed(channel)
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


class KeysightDSOX3054T(VirtualDSOX3000T):
    """DSOX3054T: four channels, 500 MHz, 5 GSa/s, 4 Mpts."""

    limits = KEYSIGHT_DSOX3054T
    manufacturer, model, firmware = limits.manufacturer, limits.name, limits.firmware
