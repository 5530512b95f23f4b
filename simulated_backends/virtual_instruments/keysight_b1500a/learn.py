"""B1500A: ``*LRN?``, which answers with commands that would restore the settings (Programming Guide, 4-112).

A command in a reply has no space between its name and its first number.
"""

from collections.abc import Sequence

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.capacitance_commands import CapacitanceCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import (
    PulseSource,
    StairSource,
    SweepSetup,
)


def _number(value: float) -> str:
    return f"{value:.4E}"


def _letter(function: str) -> str:
    return "V" if function == "VOLT" else "I"


class LearnCommand:
    """Answers ``*LRN?``.

    Parameters
    ----------
    frame : Mainframe
    setup : SweepSetup
    capacitance : CapacitanceCommands
    """

    def __init__(self, frame: Mainframe, setup: SweepSetup, capacitance: CapacitanceCommands) -> None:
        self._frame = frame
        self._setup = setup
        self._capacitance = capacitance

    @property
    def _channels(self) -> Sequence[SourceChannel]:
        return list(self._frame.slots.sources.values())

    @flex("*LRN?", Whole(0, 110))
    def _learn(self, kind: int) -> str:
        if 1 <= kind <= 10:
            return self._channel(kind)
        makers = {
            0: self._switches, 30: self._filters, 31: self._modes, 32: self._ranges, 33: self._stairs,
            34: self._pulses, 40: self._mapping, 46: self._operations, 47: self._sampling, 53: self._resistors,
            54: self._rules, 55: self._converters, 56: self._integration, 57: self._waits, 59: self._others,
            60: self._stamps, 110: self._parallel}
        if (text := self._capacitance.learn(kind)) is not None:
            return text
        if kind not in makers:
            raise FlexError(120)
        return makers[kind]()

    def _channel(self, slot: int) -> str:
        channel = self._frame.slots.source(slot)
        if not channel.is_on:
            return f"CL{slot}"
        force = channel.force_now
        return (f"D{_letter(force.function)}{slot},{force.code},{_number(force.level)},{_number(force.compliance)},"
                f"{force.polarity},{force.compliance_code}")

    def _switches(self) -> str:
        closed = [channel.slot for channel in self._channels if channel.is_on]
        closed += [number for number, output in self._frame.slots.pulsers.items() if output.is_on]
        return "CN" + ",".join(map(str, closed)) if closed else "CL"

    def _filters(self) -> str:
        off = [str(channel.slot) for channel in self._channels if not channel.filtered]
        on = [str(channel.slot) for channel in self._channels if channel.filtered]
        if not on:
            return "FL0"
        return ";".join(f"FL{state},{','.join(slots)}" for state, slots in ((0, off), (1, on)) if slots)

    def _modes(self) -> str:
        frame, setup = self._frame, self._setup
        texts = [f"TM{frame.trigger_mode}", frame.converters.samples_text, f"CM{int(frame.auto_calibration)}",
                 f"FMT{frame.data.format.number},{frame.data.format.mode}"]
        if setup.mode is not None:
            texts.append("MM" + ",".join(map(str, [setup.mode, *(channel.slot for channel in setup.channels)])))
        return ";".join(texts)

    def _ranges(self) -> str:
        return ";".join(f"RI{channel.slot},{channel.range_codes['CURR']};RV{channel.slot},{channel.range_codes['VOLT']}"
                        for channel in self._channels)

    def _stair(self, name: str, source: StairSource, middle: str) -> str:
        power = "" if source.power is None else f",{_number(source.power)}"
        return (f"{name}{_letter(source.function)}{source.channel.slot},{middle}"
                f",{_number(source.compliance)}{power}")

    def _stairs(self) -> str:
        setup, timing = self._setup, self._setup.timing
        texts = [
            f"WM{2 if setup.abort else 1},{setup.ends_at}",
            f"WT{timing.hold:.2f},{timing.delay:.4f},{timing.step_delay:.4f},{timing.step_trigger_delay:.4f},"
            f"{timing.measure_trigger_delay:.4f}"]
        if (source := setup.primary) is not None:
            texts.append(self._stair("W", source, f"{setup.stair_mode},{source.code},{_number(source.start)},"
                                     f"{_number(source.stop)},{setup.steps}"))
            if (other := setup.synchronous) is not None:
                texts.append(self._stair("WS", other, f"{other.code},{_number(other.start)},{_number(other.stop)}"))
        return ";".join(texts)

    def _pulse(self, name: str, source: PulseSource) -> str:
        return (f"{name}{_letter(source.function)}{source.channel.slot},{source.code},{_number(source.base)},"
                f"{_number(source.top)},{_number(source.compliance)}")

    def _pulses(self) -> str:
        setup, times = self._setup, self._setup.pulse_times
        texts = [f"PT{times.hold:.2f},{times.width:.4f},{times.period:.4f},{times.delay:.4f}"]
        if setup.pulse is not None:
            texts.append(self._pulse("P", setup.pulse))
        if (source := setup.pulsed) is not None:
            texts.append(self._stair("PW", source, f"{setup.stair_mode},{source.code},{_number(source.base)},"
                                     f"{_number(source.start)},{_number(source.stop)},{setup.steps}"))
        return ";".join(texts)

    def _mapping(self) -> str:
        return ";".join(f"ACH{actual},{program}" for program, actual in self._frame.slots.mapping.items()) or "ACH"

    def _operations(self) -> str:
        return ";".join(f"CMM{channel.slot},{channel.operation}" for channel in self._channels)

    def _sampling(self) -> str:
        setup, times = self._setup, self._setup.sampling
        texts = [f"MSC{2 if setup.sampling_abort else 1},{setup.sampling_ends_at}", f"ML{setup.sampling_mode}",
                 f"MT{times.bias_hold:.4f},{times.interval:.5f},{times.number},{times.base_hold:.2f}"]
        return ";".join(texts + [self._pulse("M", source) for source in setup.samplers.values()])

    def _resistors(self) -> str:
        return ";".join(f"SSR{channel.slot},{int(bool(channel.output.stage.series_resistance))}"
                        for channel in self._channels)

    def _rules(self) -> str:
        return ";".join(
            f"RM{channel.slot},{channel.ranging_rule[0]}"
            + ("" if channel.ranging_rule[0] == 1 else f",{channel.ranging_rule[1]}") for channel in self._channels)

    def _converters(self) -> str:
        return ";".join(f"AAD{channel.slot},{channel.converter}" for channel in self._channels)

    def _integration(self) -> str:
        converters = self._frame.converters
        return ";".join([*(f"AIT{kind},{mode},{n:g}" for kind, (mode, n) in converters.setup.items()),
                         f"AZ{int(converters.zero)}"])

    def _waits(self) -> str:
        return ";".join(f"WAT{kind},{factor:g},{offset:g}"
                        for kind, (factor, offset) in self._frame.converters.waits.items())

    def _others(self) -> str:
        return ";".join(
            f"WNX{number},{source.channel.slot},{1 if source.function == 'VOLT' else 2},{source.code},"
            f"{_number(source.start)},{_number(source.stop)},{_number(source.compliance)}"
            for number, source in sorted(self._setup.others.items())) or "WNCC"

    def _stamps(self) -> str:
        return f"TSC{int(self._frame.data.stamped)}"

    def _parallel(self) -> str:
        return f"PAD{int(self._frame.parallel)}"
