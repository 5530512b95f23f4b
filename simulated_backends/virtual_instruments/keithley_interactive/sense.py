"""Virtual interactive source meter: the commands SENSe."""

from typing import Any

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number, text_of
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for


class _SenseFunction(Choice):
    """``"CURR"``, ``"CURR:DC"``, ``'VOLTage'``, … ; answered as ``"CURR:DC"``."""

    def __init__(self) -> None:
        super().__init__(
            "VOLTage",
            "CURRent",
            "RESistance",
            quoted=True,
            answer=lambda f: '"RES"' if f == "RES" else f'"{f}:DC"',
        )

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw)
        for ending in (":DC", ":dc"):
            text = text.replace(ending, "")
        return super().parse(text.encode("latin-1"), owner, key)


class SenseCommands(MeterTable):
    """Function, range, aperture, zero, filter."""

    sense_function = Setting(
        "[:SENSe]:FUNCtion[:ON]", _SenseFunction(), part="settings", change="output.measuring_changed")
    sense_range = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:RANGe[:UPPer]",
        Number(high="highest_range", symmetric=True, units=("V", "A", "OHM")),
        lambda owner, f: owner.active_range(f), part="settings", coerce="_choose_sense_range",
        change="_sense_range_fixed",
    )
    sense_autorange = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:RANGe:AUTO", Boolean(), part="settings",
        change="_sense_range_changed",
    )
    autorange_lowest = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:RANGe:AUTO:LLIMit", Number(units=("V", "A", "OHM"), low=0.0), 0.0)
    autorange_highest = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:RANGe:AUTO:ULIMit", Number(units=("V", "A", "OHM"), low=0.0),
        lambda owner, f: owner.highest_range(f))
    line_sync = Setting("[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:LINE:SYNC", Boolean(), False)
    nplc = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:NPLCycles", Number("", 0.01, 10.0, 1.0), part="settings")
    auto_zero = Setting("[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:AZERo[:STATe]", Boolean(), part="settings")
    four_wire = Setting("[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:RSENse", Boolean(), part="settings")
    sense_user_delay = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0)
    filter_on = Setting("[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:AVERage[:STATe]", Boolean(), part="settings")
    filter_type = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:AVERage:TCONtrol", Choice("REPeat", "MOVing"), part="settings")
    filter_count = Setting(
        "[:SENSe]:{VOLTage|CURRent|RESistance}[:DC]:AVERage:COUNt", Integer("", 1, 100, 10), part="settings")
    offset_compensation = Setting("[:SENSe]:RESistance:OCOMpensated", Boolean(), False)

    @command("[:SENSe]:AZERo:ONCE")
    def _auto_zero_once(self) -> Handler:
        yield 2.0 * self.settings.nplc[self.settings.sense_function] / self.settings.line_frequency

    def highest_range(self, function: str) -> float:
        """Return the highest value the RANGe command takes."""
        sheet = self.data_sheet
        return sheet.resistance_ranges[-1] * 1.05 if function == "RES" else sheet.ranges[function][-1].top

    def active_range(self, function: str) -> float:
        """Return the measuring range in use."""
        if function == "RES":
            return self.data_sheet.resistance_ranges[-1]
        if function == self.settings.source_function:
            return self.output.source_range().full_scale
        return self.output.automatic[function].full_scale

    def _choose_sense_range(self, function: str, value: float) -> float:
        sheet = self.data_sheet
        if function == "RES":
            rows = sheet.resistance_ranges
            return next((row for row in rows if abs(value) <= 1.05 * row), rows[-1])
        return range_for(sheet.ranges[function], value).full_scale

    def _sense_range_fixed(self, function: str) -> None:
        self.settings.sense_autorange[function] = False
        self.output.measuring_changed()

    def _sense_range_changed(self, function: str) -> None:
        self.output.measuring_changed()
