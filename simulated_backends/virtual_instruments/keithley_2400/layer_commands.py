"""Virtual 2400 family: the commands INITiate, ABORt, ARM and TRIGger (manual, section 18)."""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Many, Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_POINTS
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_settings import Layer

_SOURCE = ":SOURce:{VOLTage|CURRent}"
_LEVEL = Number(high="highest", symmetric=True, default=0.0)
_LAYER = ":TRIGger[:SEQuence]"
_ARM = ":ARM[:SEQuence][:LAYer]"


class LayerTable(SourceMeterTable):
    """Base of the tables of the two layers."""

    @property
    def _arm(self) -> Layer:
        return self.trigger_model.settings.arm

    @property
    def _trigger(self) -> Layer:
        return self.trigger_model.settings.trigger


class Arm2400(LayerTable):
    """The arm layer."""

    @command(f"{_ARM}:COUNt", Number("", 1, MOST_POINTS, 1, infinite=True))
    def _set_arm_count(self, count: float) -> None:
        if not math.isinf(count) and int(count) * self._trigger.count > MOST_POINTS:
            raise ScpiError(-221)
        self._arm.count = count if math.isinf(count) else int(count)

    @command(f"{_ARM}:COUNt?")
    def _arm_count(self) -> str:
        return "+9.900000E+37" if math.isinf(self._arm.count) else str(int(self._arm.count))

    @command(f"{_ARM}:TIMer", Number("", 1e-3, 99999.99, 0.1))
    def _set_timer(self, value: float) -> None:
        self.trigger_model.settings.arm_timer = value

    @command(f"{_ARM}:TIMer?")
    def _timer(self) -> str:
        return self.format_number(self.trigger_model.settings.arm_timer)

    @command(f"{_ARM}:SOURce", Choice("IMMediate", "BUS", "TIMer", "MANual", "TLINk", "NSTest", "PSTest", "BSTest"))
    def _set_arm_source(self, value: str) -> None:
        self._arm.source = value

    @command(f"{_ARM}:SOURce?")
    def _arm_source(self) -> str:
        return self._arm.source

    @command(f"{_ARM}[:TCONfigure]:DIRection", Choice("ACCeptor", "SOURce"))
    def _set_arm_bypass(self, value: str) -> None:
        self._arm.bypass = value

    @command(f"{_ARM}[:TCONfigure]:DIRection?")
    def _arm_bypass(self) -> str:
        return self._arm.bypass

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:ILINe", Integer("", 1, 4, 1))
    def _set_arm_input(self, value: int) -> None:
        self._arm.input_line = value

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:ILINe?")
    def _arm_input(self) -> str:
        return str(self._arm.input_line)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OLINe", Integer("", 1, 4, 2))
    def _set_arm_output(self, value: int) -> None:
        self._arm.output_line = value

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OLINe?")
    def _arm_output(self) -> str:
        return str(self._arm.output_line)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OUTPut", Many(Choice("TENTer", "TEXit", "NONE"), 1, 2))
    def _set_arm_events(self, *events: str) -> None:
        self._arm.outputs = ",".join(events)

    @command(f"{_ARM}[:TCONfigure][:ASYNchronous]:OUTPut?")
    def _arm_events(self) -> str:
        return self._arm.outputs


class Trigger2400(LayerTable):
    """INITiate, ABORt and the trigger layer."""

    @command(":INITiate[:IMMediate]")
    def _initiate(self) -> Handler:
        yield from self.trigger_model.run()

    @command(":ABORt")
    def _abort(self) -> None:
        self.trigger_model.abort()

    @command(":TRIGger:CLEar")
    def _clear(self) -> None:
        return None   # a trigger that came early is not kept

    @command(f"{_LAYER}:COUNt", Integer("", 1, MOST_POINTS, 1))
    def _set_count(self, count: int) -> None:
        if not math.isinf(self._arm.count) and count * self._arm.count > MOST_POINTS:
            raise ScpiError(-221)
        self._trigger.count = count

    @command(f"{_LAYER}:COUNt?")
    def _count(self) -> str:
        return str(int(self._trigger.count))

    @command(f"{_LAYER}:DELay", Number("", 0.0, 999.9999, 0.0))
    def _set_delay(self, seconds: float) -> None:
        self.trigger_model.settings.delay = seconds

    @command(f"{_LAYER}:DELay?")
    def _delay(self) -> str:
        return self.format_number(self.trigger_model.settings.delay)

    @command(f"{_LAYER}:SOURce", Choice("IMMediate", "TLINk"))
    def _set_source(self, source: str) -> None:
        self._trigger.source = source

    @command(f"{_LAYER}:SOURce?")
    def _source(self) -> str:
        return self._trigger.source

    @command(f"{_LAYER}[:TCONfigure]:DIRection", Choice("ACCeptor", "SOURce"))
    def _set_bypass(self, bypass: str) -> None:
        self._trigger.bypass = bypass

    @command(f"{_LAYER}[:TCONfigure]:DIRection?")
    def _bypass(self) -> str:
        return self._trigger.bypass

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:ILINe", Integer("", 1, 4, 1))
    def _set_input(self, line: int) -> None:
        self._trigger.input_line = line

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:ILINe?")
    def _input(self) -> str:
        return str(self._trigger.input_line)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OLINe", Integer("", 1, 4, 2))
    def _set_output(self, line: int) -> None:
        self._trigger.output_line = line

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OLINe?")
    def _output(self) -> str:
        return str(self._trigger.output_line)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OUTPut", Many(Choice("SOURce", "DELay", "SENSe", "NONE"), 1, 3))
    def _set_events(self, *events: str) -> None:
        self._trigger.outputs = ",".join(events)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:OUTPut?")
    def _events(self) -> str:
        return self._trigger.outputs

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:INPut", Many(Choice("SOURce", "DELay", "SENSe", "NONE"), 1, 3))
    def _set_input_events(self, *events: str) -> None:
        self.trigger_model.settings.input_events = ",".join(events)

    @command(f"{_LAYER}[:TCONfigure][:ASYNchronous]:INPut?")
    def _input_events(self) -> str:
        return self.trigger_model.settings.input_events
