"""Driver of the Keysight B1500A parameter analyser: which module is in which slot.

Commands follow the B1500A/B1505A Programming Guide edition 11.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import (
    InstrumentBase,
    OutputState,
    PulseMeasure,
    SourceMeter,
    SourceMeterPulses,
    SourceMeterSampling,
)
from tsbench.instruments.keysight_b1500a.data_sheet import MODULES
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser
from tsbench.instruments.keysight_b1500a.source_channel import SlotSourceMeter
from tsbench.instruments.keysight_b1500a.waveform_channel import WaveformTerminal
from tsbench.instruments.keysight_b1500a.waveform_sheet import PROTOTYPES
from tsbench.instruments.keysight_b1500a.waveform_unit import WaveformUnit
from tsbench.instruments.links.vendor_library import open_vendor_library
from tsbench.instruments.source_meters.records import accuracy_tables


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
    wgfmu_library : str, optional
        Name or path of the vendor's library for B1530A modules, which are not used without it.
    """

    title = "Keysight B1500A"

    def __init__(
        self, adapter: Any, name: str = "analyser", line_frequency: float = 50, high_resolution: bool = False,
        wgfmu_library: str | None = None, **kwargs: Any,
    ) -> None:
        if line_frequency not in (50, 60):
            raise ConfigurationError(f"{name}: line_frequency = {line_frequency!r} is not 50 or 60 Hz")
        self.channels: dict[int, SlotSourceMeter] = {}
        self.waveforms: dict[int, WaveformTerminal] = {}  #: of B1530A modules, by channel
        self.unit: WaveformUnit | None = None
        super().__init__(adapter, name, **kwargs)
        self.slots = self.questions.parsed("UNT?", modules)
        self.channels = {
            slot: SlotSourceMeter(self, slot, MODULES[model], float(line_frequency), high_resolution)
            for slot, model in self.slots.items() if model in MODULES}
        if not self.channels:
            raise ConfigurationError(f"{self.label} has no source meter module that tsbench knows. Its modules are "
                                     f"{', '.join(self.slots.values())}. Check the modules, and open the bench again")
        if wgfmu_library:
            self._open_waveforms(wgfmu_library)

    def _open_waveforms(self, file: str) -> None:
        library = open_vendor_library("wgfmu", file, self.adapter.connection, PROTOTYPES)
        self.unit = unit = WaveformUnit(library, self.resource, self.label, lambda: self.ask("ERR?"))
        self.waveforms = {
            channel: WaveformTerminal(self, unit, channel) for slot, model in self.slots.items() if model == "B1530A"
            for channel in (100 * slot + 1, 100 * slot + 2)}
        if not self.waveforms:
            raise ConfigurationError(f"{self.label} has no B1530A, but wgfmu_library is set. Remove wgfmu_library")
        unit.unknown.update(self.waveforms)

    def initialise(self) -> None:
        """After a reset: format with header, time stamps, no calibration by itself."""
        self.send("FMT 11,0", "TSC 1", "CM 0", "TSR")
        self.forget_modes()
        for channel in self.channels.values():
            channel.forget()
        if self.unit is not None:
            self.unit.initialise()
        for terminal in self.waveforms.values():
            terminal.forget()

    def lost_power(self) -> bool:
        """Whether it was switched off and on; not asked while it measures, because it then answers no query."""
        return not any(channel.sweep_running() for channel in self.channels.values()) and super().lost_power()

    # ------------------------------------------------------------------------------------------- outputs

    def terminal(self, channel: str) -> InstrumentBase:
        """Return the source meter in a slot ("": the first), or a channel of a B1530A."""
        known: dict[int, InstrumentBase] = {**self.channels, **self.waveforms}
        if not channel:
            return next(iter(known.values()))
        if not channel.isdigit() or int(channel) not in known:
            advice = "" if self.waveforms or "B1530A" not in self.slots.values() else (
                ". For the channels of its B1530A, set wgfmu_library in its options")
            raise ConfigurationError(f"{self.label} has no terminal {channel} that tsbench can use. It has "
                                     f"{', '.join(map(str, known))}{advice}")
        return known[int(channel)]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(f"{self.name}.{number}" for number in (*self.channels, *self.waveforms))

    def output_states(self) -> Sequence[OutputState]:
        """Read all output switches back; those of a B1530A are as last set."""
        closed = self.closed_switches()
        return [
            *(OutputState(f"{self.name}.{slot}", slot in closed) for slot in self.channels),
            *(state for terminal in self.waveforms.values() for state in terminal.output_states())]

    def abort(self) -> None:
        """Stop measurements and waveforms; outputs stay as they are."""
        super().abort()
        for terminal in self.waveforms.values():
            terminal.abort()

    def safe_state(self) -> None:
        """Stop, open all switches, forget data; the levels of all channels are then zero."""
        super().safe_state()
        for channel in self.channels.values():
            channel.switched_off()
        if self.unit is not None:
            self.unit.make_safe(self.waveforms)

    def close(self) -> None:
        """Close the session of the vendor's library, then the connection."""
        try:
            if self.unit is not None:
                self.unit.close()
        finally:
            super().close()

    # ------------------------------------------------------------------------------------------ run file

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of the channels that were configured, as last read back; of several, with their slots."""
        known: dict[int, InstrumentBase] = {**self.channels, **self.waveforms}
        used = {number: found for number, channel in known.items() if (found := channel.accepted_settings())}
        if len(used) == 1:
            return next(iter(used.values()))
        return {f"{slot}.{key}": value for slot, found in used.items() for key, value in found.items()}

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range of each source meter, with its slot: the modules differ."""
        return {f"{slot}.{key}": row for slot, channel in self.channels.items()
                for key, row in accuracy_tables(channel.capabilities).items()}


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = KeysightB1500A
    _as_source_meter: type[SourceMeter] = SlotSourceMeter
    _as_pulses: type[SourceMeterPulses] = SlotSourceMeter
    _as_sampling: type[SourceMeterSampling] = SlotSourceMeter
    _as_unit: type[PulseMeasure] = WaveformTerminal

