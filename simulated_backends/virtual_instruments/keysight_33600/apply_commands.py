"""``APPLy`` of the 33500B/33600A: function, frequency, amplitude and offset in one command, and its side effects.

Operating guide, APPLy subsystem: a parameter that is left out, or DEF, has its default (1 kHz, 100 mVpp into 50 Ohm,
0 V). The command ends modulation, sweep and burst, sets the trigger source to IMMediate, a square wave to 50 % and a
ramp to 100 %, lets the voltage range be chosen automatically, and switches the output on.
"""


from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.generator.levels import emf_factor
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.function_commands import max_frequency
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import clipped

_WORD = Choice("MINimum", "MAXimum", "DEFault")
_DEFAULT_FREQUENCY, _DEFAULT_AMPLITUDE, _DEFAULT_RATE = 1e3, 0.1, 40e3


class ApplyCommands(Table33600):
    """What ``APPLy:<function>`` and ``APPLy?`` do."""

    @command("[:SOURce<1-2>]:APPLy:{SINusoid|SQUare|RAMP|TRIangle|PULSe|NOISe|PRBS|DC|ARBitrary}",
             Optional(AnyOf(_WORD, Number("HZ", units=("SA", "SA/S")))),
             Optional(AnyOf(_WORD, Number("VPP", units=("V", "VRMS", "DBM")))),
             Optional(AnyOf(_WORD, Number("V"))))
    def apply(
        self, channel: int, function: str, frequency: float | str = "DEF", amplitude: float | str = "DEF",
        offset: float | str = "DEF",
    ) -> Handler:
        """``APPL:SIN f, a, o``."""
        generator, shared = self.generator, self.shared
        generator.trigger_commands.trigger_source[channel] = "IMM"
        shared.mode[channel] = ""
        generator.level_commands.range_auto[channel] = "ON"
        shared.levels[channel] = shared.levels[channel]._replace(offset=0.0)   # it is set together with the amplitude
        shared.function[channel] = function
        generator.function_commands.function_changed(channel)
        if function == "SQU":
            generator.function_commands.square_duty[channel] = 50.0
        if function == "RAMP":
            generator.function_commands.symmetry[channel] = 100.0
        self._apply_frequency(channel, function, frequency)
        self._apply_levels(channel, function, amplitude, offset)
        generator.mode_changed(channel)
        yield from generator.set_output(channel, True)

    def _apply_frequency(self, channel: int, function: str, value: float | str) -> None:
        commands, sheet = self.generator.function_commands, self.data_sheet
        if function in ("DC", "NOIS"):
            return
        low, high = (sheet.min_frequency, max_frequency(commands, channel))
        default = _DEFAULT_FREQUENCY
        if function == "ARB":
            low, high, default = sheet.min_sample_rate, sheet.max_sample_rate, _DEFAULT_RATE
        if function == "PRBS":
            low = 1e-3
        if isinstance(value, str):
            value = {"MIN": low, "MAX": high}.get(value, default)
        value = clipped(value, low, high, self)
        if function == "ARB":
            commands.sample_rate[channel] = value
        elif function == "PRBS":
            commands.bit_rate[channel] = value
        else:
            commands.set_frequency(channel, value)

    def _apply_levels(self, channel: int, function: str, amplitude: float | str, offset: float | str) -> None:
        commands = self.generator.level_commands
        if function != "DC":
            if isinstance(amplitude, str):
                window = commands.window(channel)
                volts = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(
                    amplitude, _DEFAULT_AMPLITUDE * 2 / emf_factor(commands.load[channel]))
                commands.set_peak_to_peak(channel, volts)
            else:
                commands.set_amplitude(channel, amplitude)
        if isinstance(offset, str):
            offset = {"MIN": -1.0, "MAX": 1.0}.get(offset, 0.0) * commands.offset_room(channel)
        commands.set_offset(channel, offset)

    @command("[:SOURce<1-2>]:APPLy?")
    def applied(self, channel: int) -> str:
        """``APPL?``: function, frequency, amplitude and offset in quotes."""
        commands, function = self.generator.function_commands, self.shared.function[channel]
        frequency = {"ARB": commands.sample_rate[channel], "PRBS": commands.bit_rate[channel]}.get(
            function, self.shared.frequency[channel])
        amplitude = self.generator.level_commands.get_amplitude(channel)
        offset = self.shared.levels[channel].offset
        return f'"{function} {self.format_number(frequency)},{amplitude},{self.format_number(offset)}"'
