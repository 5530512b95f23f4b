"""Driver of the Keysight B1500A parameter analyser: which module is in which slot.

Commands follow the B1500A/B1505A Programming Guide edition 11.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import OutputState, SourceMeter, SourceMeterPulses, SourceMeterSampling
from tsbench.instruments.keysight_b1500a.data_sheet import MODULES, accuracy_tables
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser
from tsbench.instruments.keysight_b1500a.source_channel import SlotSourceMeter


def modules(reply: str) -> dict[int, str]:
    """Return the models by slot of a reply to ``UNT?``: ``B1517A,0;0,0;...``; ValueError if it is none."""
    parts = [part.split(",") for part in reply.strip().split(";")]
    if not all(len(part) == 2 for part in parts):
        raise ValueError(f"the reply {reply!r} is not a list of modules")
    return {slot: model.strip() for slot, (model, _) in enumerate(parts, 1) if model.strip() != "0"}


class KeysightB1500A(ParameterAnalyser):
    """The mainframe with its modules.

    Parameters
    ----------
    line_frequency : float
        [Hz] of the mains. The instrument does not tell it.
    high_resolution : bool
        Whether the high-resolution converter takes the readings (1 NPLC and more), or the high-speed converter.
    """

    title = "Keysight B1500A"

    def __init__(
        self, adapter: Any, name: str = "analyser", line_frequency: float = 50, high_resolution: bool = False,
        **kwargs: Any,
    ) -> None:
        if line_frequency not in (50, 60):
            raise ConfigurationError(f"{name}: line_frequency = {line_frequency!r} is not 50 or 60 Hz")
        self.channels: dict[int, SlotSourceMeter] = {}
        super().__init__(adapter, name, **kwargs)
        self.slots = self.questions.parsed("UNT?", modules)
        self.channels = {
            slot: SlotSourceMeter(self, slot, MODULES[model], float(line_frequency), high_resolution)
            for slot, model in self.slots.items() if model in MODULES}
        if not self.channels:
            raise ConfigurationError(f"{self.label} has no source meter module that tsbench knows. Its modules are "
                                     f"{', '.join(self.slots.values())}")

    def initialise(self) -> None:
        """After a reset: format with header, time stamps, no calibration by itself."""
        self.send("FMT 11,0", "TSC 1", "CM 0", "TSR")
        self.forget_modes()
        for channel in self.channels.values():
            channel.forget()

    def lost_power(self) -> bool:
        """Whether it was switched off and on; not asked while it measures, because it then answers no query."""
        return not any(channel.sweep_running() for channel in self.channels.values()) and super().lost_power()

    # ------------------------------------------------------------------------------------------- outputs

    def terminal(self, channel: str) -> SlotSourceMeter:
        """Return the source meter in a slot ("": the first)."""
        if not channel:
            return next(iter(self.channels.values()))
        if not channel.isdigit() or int(channel) not in self.channels:
            raise ConfigurationError(
                f"{self.label} has no source meter in slot {channel}. Source meters are in the slots "
                f"{', '.join(map(str, self.channels))}")
        return self.channels[int(channel)]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(f"{self.name}.{slot}" for slot in self.channels)

    def output_states(self) -> Sequence[OutputState]:
        """Read all output switches back."""
        closed = self.closed_switches()
        return [OutputState(f"{self.name}.{slot}", slot in closed) for slot in self.channels]

    def safe_state(self) -> None:
        """Stop, open all switches, forget data; the levels of all channels are then zero."""
        super().safe_state()
        for channel in self.channels.values():
            channel.switched_off()

    # ------------------------------------------------------------------------------------------ run file

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of the channels that were configured, as last read back; of several, with their slots."""
        used = {slot: found for slot, channel in self.channels.items() if (found := channel.accepted_settings())}
        if len(used) == 1:
            return next(iter(used.values()))
        return {f"{slot}.{key}": value for slot, found in used.items() for key, value in found.items()}

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range of the first source meter."""
        return accuracy_tables(self.terminal("").capabilities)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = KeysightB1500A
    _as_source_meter: type[SourceMeter] = SlotSourceMeter
    _as_pulses: type[SourceMeterPulses] = SlotSourceMeter
    _as_sampling: type[SourceMeterSampling] = SlotSourceMeter

