"""Keithley 2450: the SOURce and OUTPut subsystems."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2450.state import MeterState


class SourceCommands(MeterState):
    """Level, range, limit, delay; the output relay."""

    source_function = Setting(
        ":SOURce:FUNCtion[:MODE]",
        Choice("VOLTage", "CURRent", quoted=True),
        "VOLT",
        coerce="_choose_function",
        change="_function_changed",
    )
    source_level = Setting(
        ":SOURce:{VOLTage|CURRent}[:LEVel][:IMMediate][:AMPLitude]",
        Number(
            low=lambda i, f: -i.output.top_level(f), high=lambda i, f: i.output.top_level(f), default=0.0,
            units=("V", "A"),
        ),
        0.0,
        change="output.level_changed",
    )
    source_range = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe",
        Number(
            low=lambda i, f: -i.data_sheet.ranges[f][-1].top,
            high=lambda i, f: i.data_sheet.ranges[f][-1].top,
            default=lambda i, f: i.data_sheet.ranges[f][0].full_scale,
            units=("V", "A"),
        ),
        lambda i, f: i.output.source_range(f).full_scale,
        coerce="_choose_source_range",
        change="output.range_changed",
    )
    source_autorange = Setting(
        ":SOURce:{VOLTage|CURRent}:RANGe:AUTO", Boolean(), True, change="output.level_changed"
    )
    current_limit = Setting(
        ":SOURce:VOLTage:ILIMit[:LEVel]",
        Number("A", 1e-9, 1.05, 105e-6),
        105e-6,
        coerce="_choose_current_limit",
        change="output.refresh",
    )
    voltage_limit = Setting(
        ":SOURce:CURRent:VLIMit[:LEVel]",
        Number("V", 0.02, 210.0, 21.0),
        21.0,
        coerce="_choose_voltage_limit",
        change="output.refresh",
    )
    source_delay = Setting(
        ":SOURce:{VOLTage|CURRent}:DELay", Number("s", 0.0, 1e4, 0.0), 0.0, change="_delay_fixed"
    )
    source_autodelay = Setting(":SOURce:{VOLTage|CURRent}:DELay:AUTO", Boolean(), True)
    source_user_delay = Setting(":SOURce:{VOLTage|CURRent}:DELay:USER<1-5>", Number("s", 0.0, 1e4, 0.0), 0.0)
    read_back = Setting(":SOURce:{VOLTage|CURRent}:READ:BACK", Boolean(), True)
    high_capacitance = Setting(
        ":SOURce:{VOLTage|CURRent}:HIGH:CAPacitance", Boolean(), False, change="_stage_changed"
    )
    protection = Setting(
        ":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]",
        Choice(
            "PROT2",
            "PROT5",
            "PROT10",
            "PROT20",
            "PROT40",
            "PROT60",
            "PROT80",
            "PROT100",
            "PROT120",
            "PROT140",
            "PROT160",
            "PROT180",
            "NONE",
        ),
        "NONE",
    )

    @command(":SOURce:VOLTage:ILIMit[:LEVel]:TRIPped?")
    def _current_limit_tripped(self) -> str:
        return str(int(self.source_function == "VOLT" and self.output.stage.limiting()))

    @command(":SOURce:CURRent:VLIMit[:LEVel]:TRIPped?")
    def _voltage_limit_tripped(self) -> str:
        return str(int(self.source_function == "CURR" and self.output.stage.limiting()))

    @command(":SOURce:{VOLTage|CURRent}:PROTection[:LEVel]:TRIPped?")
    def _protection_tripped(self, function: str) -> str:
        return "0"

    def fixed_source_range(self, function: str) -> float:
        """Return the full scale [V or A] of the source range that is set by hand."""
        return float(self.setting_values.get(("source_range", (function,)), 0.0))

    def _choose_function(self, function: str) -> str:
        self.refuse_while_running()
        return function

    def _choose_source_range(self, function: str, value: float) -> float:
        row = self.data_sheet.range_for(function, value)
        if abs(self.source_level[function]) > row.top:
            raise ScpiError(-221)
        return row.full_scale

    def _choose_current_limit(self, value: float) -> float:
        """Leave the limit as it is where the source range does not allow ``value`` (manual rev. B, p. 2-100)."""
        return value if value <= self.output.highest_limit("VOLT") else float(self.current_limit)

    def _choose_voltage_limit(self, value: float) -> float:
        return value if value <= self.output.highest_limit("CURR") else float(self.voltage_limit)

    def _function_changed(self) -> Handler:
        if self.output.stage.enabled:
            yield from self.output.switch_off()
        self.output.refresh()

    def _delay_fixed(self, function: str) -> None:
        self.source_autodelay[function] = False

    def _stage_changed(self, function: str) -> None:
        if function == self.source_function:
            self.output.refresh()

    # =============================================================================== output subsystem

    off_state = Setting(
        ":OUTPut:{VOLTage|CURRent}:SMODe",
        Choice("NORMal", "HIMPedance", "ZERO", "GUARd"),
        "NORM",
        change="output.off_state_changed",
    )

    @command(":OUTPut[:STATe]", Boolean())
    def _set_output(self, on: bool) -> Handler:
        if on and not self.output.stage.enabled:
            self.output.switch_on()
            yield self.data_sheet.switch_on_time
        elif not on:
            self.trigger_model.abort()
            yield from self.output.switch_off()

    @command(":OUTPut[:STATe]?")
    def _output_query(self) -> str:
        return str(int(self.output.stage.enabled))

    @command(":OUTPut:INTerlock:TRIPped?")
    def _interlock(self) -> str:
        return "0"
