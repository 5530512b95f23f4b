"""Virtual interactive source meter: lists of stored settings of the source or of the measurement.

An entry holds the settings of the function that was active when it was stored. The state of the output is not one of
them.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.tree import SettingValues
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

_BY_FUNCTION = {
    "SOUR": (
        "source_level", "source_range", "source_autorange", "source_delay", "source_autodelay", "read_back",
        "high_capacitance", "off_state", "protection"),
    "SENS": (
        "sense_range", "sense_autorange", "nplc", "auto_zero", "four_wire", "filter_on", "filter_type",
        "filter_count"),
}
#: settings of the command tables whose first key is the function
_OF_TABLES = {
    "SOUR": ("source_user_delay",),
    "SENS": (
        "autorange_lowest", "autorange_highest", "sense_unit", "sense_user_delay", "relative", "relative_on",
        "math_format", "math_on", "math_offset", "math_factor", "math_reference", "math_unit", "limit_low",
        "limit_high", "limit_on", "limit_sound", "limit_clears"),
}
_COUNT = ("count", ())   #: of readings in one measurement, for every function
_LIMITS = {"VOLT": "current_limit", "CURR": "voltage_limit"}
MOST_ENTRIES = 1_000_000


@dataclass(frozen=True)
class Entry:
    """Settings of one function, by name."""

    function: str
    by_function: Mapping[str, Any]
    of_tables: Mapping[tuple[str, tuple[Any, ...]], Any]
    limit: float | None = None  #: of a source entry [A or V]


@dataclass
class ConfigurationList:
    """The entries of one list."""

    side: str  #: "SOUR" or "SENS"
    entries: list[Entry] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Return how many entries it has."""
        return len(self.entries)


@dataclass
class SweepList(ConfigurationList):
    """The list of a sweep: one entry, and levels that replace its level."""

    levels: Sequence[float] = ()

    @property
    def size(self) -> int:
        return len(self.levels)


class ConfigurationLists:
    """All lists of an instrument by name; a name that it does not have is error -224.

    Parameters
    ----------
    settings : what the user has set
    values : those settings that the command tables hold
    output : SourceOutput
    """

    def __init__(
        self, settings: SourceMeterSettings, values: SettingValues, output: SourceOutput,
    ) -> None:
        self._settings = settings
        self._values = values
        self._output = output
        self.lists: dict[str, ConfigurationList] = {}

    def named(self, name: str, side: str = "") -> ConfigurationList:
        """Return a list (of one side). ScpiError(-224) if there is none."""
        found = self.lists.get(name)
        if found is None or side not in {"", found.side}:
            raise ScpiError(-224)
        return found

    def size(self, name: str) -> int:
        """Return how many entries a list has; -221 if it is empty, because nothing can be recalled."""
        size = self.named(name).size
        if size == 0:
            raise ScpiError(-221)
        return size

    def present(self, side: str) -> Entry:
        """Return the settings of one side as they are."""
        settings, values = self._settings, self._values
        function = settings.source_function if side == "SOUR" else settings.sense_function
        return Entry(
            function,
            {name: getattr(settings, name)[function] for name in _BY_FUNCTION[side]},
            {key: value for key, value in values.items() if self._belongs(key, side, function)},
            getattr(settings, _LIMITS[function]) if side == "SOUR" else None,
        )

    @staticmethod
    def _belongs(key: tuple[str, tuple[Any, ...]], side: str, function: str) -> bool:
        """Return whether a setting of the command tables is part of an entry."""
        if key == _COUNT:
            return side == "SENS"
        return key[0] in _OF_TABLES[side] and key[1][0] == function

    def recall(self, name: str, index: int) -> Generator[float, None, None]:
        """Take over one entry (1 is the first). ScpiError(-222) if the list does not have it."""
        found = self.named(name)
        if not 1 <= index <= found.size:
            raise ScpiError(-222)
        if isinstance(found, SweepList):
            entry, level = found.entries[0], found.levels[index - 1]
            if self._taken is not found:
                yield from self._take(found.side, entry)
                self._taken = found
            self._settings.source_level[entry.function] = level
            self._output.level_changed(entry.function)
        else:
            yield from self._take(found.side, found.entries[index - 1])

    _taken: ConfigurationList | None = None  #: the sweep whose other settings hold already

    def begin(self) -> None:
        """A trigger model starts: take over all settings of a sweep's list at its first level."""
        self._taken = None

    def _take(self, side: str, entry: Entry) -> Generator[float, None, None]:
        settings, values, output = self._settings, self._values, self._output
        if side == "SOUR" and entry.function != settings.source_function and output.stage.enabled:
            yield from output.switch_off()
        for name, value in entry.by_function.items():
            getattr(settings, name)[entry.function] = value
        for key in [key for key in values if self._belongs(key, side, entry.function)]:
            del values[key]
        values.update(entry.of_tables)
        if side == "SENS":
            settings.sense_function = entry.function
            output.measuring_changed()
            return
        settings.source_function = entry.function
        setattr(settings, _LIMITS[entry.function], entry.limit)
        output.level_changed(entry.function)
