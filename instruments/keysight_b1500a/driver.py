"""Driver of the Keysight B1500A parameter analyser: the mainframe, and which module is in which slot.

Commands follow the B1500A/B1505A Programming Guide edition 11. The measurement mode and the integration times are
those of the whole mainframe: the channel that measures sets them again if another one has changed them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError, InstrumentError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import OutputState, SourceMeter, SourceMeterPulses, SourceMeterSampling
from tsbench.instruments.keysight_b1500a.data_sheet import MODULES, accuracy_tables
from tsbench.instruments.keysight_b1500a.source_channel import SlotSourceMeter
from tsbench.instruments.languages.flex import FlexInstrument


def modules(reply: str) -> dict[int, str]:
    """Return the models by slot of a reply to ``UNT?``: ``B1517A,0;0,0;...``; ValueError if it is none."""
    parts = [part.split(",") for part in reply.strip().split(";")]
    if not all(len(part) == 2 for part in parts):
        raise ValueError(f"the reply {reply!r} is not a list of modules")
    return {slot: model.strip() for slot, (model, _) in enumerate(parts, 1) if model.strip() != "0"}


class KeysightB1500A(FlexInstrument):
    """The mainframe.

    Parameters
    ----------
    line_frequency : float
        [Hz] of the mains. The instrument does not tell it.
    high_resolution : bool
        Whether the high-resolution converter takes the readings (1 NPLC and more), or the high-speed converter.
    """

    title = "Keysight B1500A"

    def __init__(
        self, adapter: Any, name: str = "analyser", line_frequency: float = 50.0, high_resolution: bool = False,
        **kwargs: Any,
    ) -> None:
        if line_frequency not in (50, 60):
            raise ConfigurationError(f"{name}: line_frequency = {line_frequency!r} is not 50 or 60 Hz")
        self.channels: dict[int, SlotSourceMeter] = {}
        self.mode = ""  #: the measurement mode (MM) as it was last sent
        self.converter = ""  #: the integration (AIT) as it was last sent
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

    def forget_modes(self) -> None:
        """The measurement mode and the integration must be sent again."""
        self.mode = self.converter = ""

    def lost_power(self) -> bool:
        """Whether it was switched off and on; not asked while it measures, because it then answers no query."""
        return not any(channel.sweep_running() for channel in self.channels.values()) and super().lost_power()

    def set_mode(self, mode: str) -> None:
        """Set the measurement mode, as "MM 1,2", if another one is set."""
        if mode != self.mode:
            self.write(mode)
            self.mode = mode

    def set_converter(self, command: str) -> None:
        """Set the integration of a converter, as "AIT 0,2,1", if another one is set."""
        if command != self.converter:
            self.write(command)
            self.converter = command

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

    def closed_switches(self) -> set[int]:
        """Read back which output switches are closed, as channel numbers."""
        def parsed(reply: str) -> set[int]:
            text = reply.strip()
            if text == "CL":
                return set()
            if not text.startswith("CN"):
                raise ValueError(f"{reply!r} is not a list of switches")
            return {int(part) for part in text.removeprefix("CN").split(",")}

        return self.questions.parsed("*LRN? 0", parsed)

    def output_states(self) -> Sequence[OutputState]:
        """Read all output switches back."""
        closed = self.closed_switches()
        return [OutputState(f"{self.name}.{slot}", slot in closed) for slot in self.channels]

    def safe_state(self) -> None:
        """Stop, open all switches, forget data; the levels of all channels are then zero."""
        self.send("AB", "CL", "BC")
        for channel in self.channels.values():
            channel.switched_off()

    def abort(self) -> None:
        """Stop a measurement; outputs stay as they are."""
        self.send("AB", "BC")

    def require_closed(self, slot: int, closed: bool) -> None:
        """Raise InstrumentError if an output switch is not as it should be."""
        if (slot in self.closed_switches()) != closed:
            raise InstrumentError(f"{self.label}: the output switch of slot {slot} did not "
                                  f"{'close' if closed else 'open'}. Check the interlock and the module")

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

