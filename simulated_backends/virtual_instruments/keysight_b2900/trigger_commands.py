"""Virtual B2900 family: the commands INITiate, ABORt, IDLE, ARM, TRIGger and DIGital (SCPI reference, chapter 4)."""

import math

from tsbench.simulated_backends.scpi.message import IDLE, Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import TriggerLayer
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import CHANNELS, TableB2900

_SOURCES = Choice("AINT", "BUS", "TIMer", "INT1", "INT2", "LAN", *(f"EXT{pin}" for pin in range(1, 15)))
_PINS = Choice(*(f"EXT{pin}" for pin in range(1, 15)))
_WHICH = "[:{ALL|TRANsient|ACQuire}]"
_KINDS = {"ALL": ("TRAN", "ACQ"), "TRAN": ("TRAN",), "ACQ": ("ACQ",)}


class LayersB2900(TableB2900):
    """ARM and TRIGger."""

    def _layers(self, layer: str, number: int, which: str) -> list[TriggerLayer]:
        systems = self.channel(number).systems
        return [getattr(systems[kind], "arm" if layer == "ARM" else "trigger") for kind in _KINDS[which]]

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:SOURce[:SIGNal]", _SOURCES)
    def _set_source(self, layer: str, number: int, which: str, source: str) -> None:
        for each in self._layers(layer, number, which):
            each.source = source

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:SOURce[:SIGNal]?")
    def _source(self, layer: str, number: int, which: str) -> str:
        return self._layers(layer, number, which)[0].source

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:COUNt", Number("", 1, 100_000, 1, infinite=True))
    def _set_count(self, layer: str, number: int, which: str, count: float) -> None:
        for each in self._layers(layer, number, which):
            each.count = count if math.isinf(count) else int(count)

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:COUNt?")
    def _count(self, layer: str, number: int, which: str) -> str:
        count = self._layers(layer, number, which)[0].count
        return "2147483647" if math.isinf(count) else str(int(count))

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:TIMer", Number(
        "", lambda owner, *key: owner.data_sheet.least_interval, 1e5, lambda owner, *key: 1e-4))
    def _set_period(self, layer: str, number: int, which: str, seconds: float) -> None:
        for each in self._layers(layer, number, which):
            each.period = seconds

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:TIMer?")
    def _period(self, layer: str, number: int, which: str) -> str:
        return self.format_number(self._layers(layer, number, which)[0].period)

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:DELay", Number("", 0.0, 1e5, 0.0))
    def _set_delay(self, layer: str, number: int, which: str, seconds: float) -> None:
        for each in self._layers(layer, number, which):
            each.delay = seconds

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + "[:LAYer]:DELay?")
    def _delay(self, layer: str, number: int, which: str) -> str:
        return self.format_number(self._layers(layer, number, which)[0].delay)


class RunB2900(TableB2900):
    """INITiate, ABORt and IDLE."""

    @command(":INITiate[:IMMediate]" + _WHICH, CHANNELS)
    def _initiate(self, which: str, numbers: tuple[int, ...] = (1,)) -> None:
        self.meter.start(set(_KINDS[which]), numbers)

    @command(":ABORt" + _WHICH, CHANNELS)
    def _abort(self, which: str, numbers: tuple[int, ...] = (1,)) -> None:
        for number in numbers:
            self.meter.engines[number].abort(set(_KINDS[which]))

    @command(":IDLE<1-2>" + _WHICH + "?")
    def _idle(self, number: int, which: str) -> Handler:
        self.channel(number)
        yield IDLE
        return "1"


class PortB2900(TableB2900):
    """Pins of the digital port, and the trigger outputs that use them."""

    polarity = Setting("[:SOURce]:DIGital:EXTernal<1-14>:POLarity", Choice("POSitive", "NEGative"), "NEG")

    @command("[:SOURce]:DIGital:EXTernal<1-14>[:FUNCtion]", Choice("DIO", "DINPut", "HVOLtage", "TINPut", "TOUTput"))
    def _set_function(self, pin: int, function: str) -> None:
        self.meter.pin_functions[pin] = function

    @command("[:SOURce]:DIGital:EXTernal<1-14>[:FUNCtion]?")
    def _function(self, pin: int) -> str:
        return self.meter.pin_functions[pin]

    trigger_type = Setting("[:SOURce]:DIGital:EXTernal<1-14>:TOUTput:TYPE", Choice("EDGE", "LEVel"), "EDGE")
    position = Setting(
        "[:SOURce]:DIGital:EXTernal<1-14>:TOUTput:EDGE:POSition", Choice("BEFore", "AFTer", "BOTH"), "BOTH")
    width = Setting("[:SOURce]:DIGital:EXTernal<1-14>:TOUTput:EDGE:WIDTh", Number("", 10e-6, 10e-3, 100e-6), 100e-6)

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + ":TOUTput[:STATe]", Boolean())
    def _set_layer_output(self, layer: str, number: int, which: str, on: bool) -> None:
        for kind in _KINDS[which]:
            self.channel(number).trigger_outputs[f"{layer} {kind}"].enabled = on

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + ":TOUTput[:STATe]?")
    def _layer_output(self, layer: str, number: int, which: str) -> str:
        return str(int(self.channel(number).trigger_outputs[f"{layer} {_KINDS[which][0]}"].enabled))

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + ":TOUTput:SIGNal", _PINS)
    def _set_layer_signal(self, layer: str, number: int, which: str, signal: str) -> None:
        for kind in _KINDS[which]:
            self.channel(number).trigger_outputs[f"{layer} {kind}"].pin = int(signal.removeprefix("EXT"))

    @command(":{ARM|TRIGger}<1-2>" + _WHICH + ":TOUTput:SIGNal?")
    def _layer_signal(self, layer: str, number: int, which: str) -> str:
        return f"EXT{self.channel(number).trigger_outputs[f'{layer} {_KINDS[which][0]}'].pin}"

    @command(":{SOURce|SENSe}<1-2>:TOUTput[:STATe]", Boolean())
    def _set_output(self, event: str, number: int, on: bool) -> None:
        self.channel(number).trigger_outputs[event].enabled = on

    @command(":{SOURce|SENSe}<1-2>:TOUTput[:STATe]?")
    def _output(self, event: str, number: int) -> str:
        return str(int(self.channel(number).trigger_outputs[event].enabled))

    @command(":{SOURce|SENSe}<1-2>:TOUTput:SIGNal", _PINS)
    def _set_signal(self, event: str, number: int, signal: str) -> None:
        self.channel(number).trigger_outputs[event].pin = int(signal.removeprefix("EXT"))

    @command(":{SOURce|SENSe}<1-2>:TOUTput:SIGNal?")
    def _signal(self, event: str, number: int) -> str:
        return f"EXT{self.channel(number).trigger_outputs[event].pin}"
