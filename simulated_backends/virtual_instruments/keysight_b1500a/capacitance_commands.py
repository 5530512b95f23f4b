"""B1500A: commands of a capacitance meter module (B1520A), which is identified and takes settings but measures nothing.

Its self-test fails, and a measurement is refused as one of a failed module (error 152). Bounds: B1500A/B1505A
Programming Guide edition 11, chapter 4.
"""

from typing import NoReturn

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe

IMPEDANCES = (1, 2, 10, 11, 20, 21, 100, 101, 102, 103, 200, 201, 202, 300, 301, 302, 303, 400, 401, 402)
FIRST = {"IMP": "IMP100", "LMN": "LMN0", "ACT": "ACT0,2", "WMDCV": "WMDCV1,1",
         "WTDCV": "WTDCV0.00,0.0000,0.0000,0.0000,0.0000"}
#: by number of ``*LRN?``: the commands that the reply has
LEARNT = {70: ("IMP",), 71: ("LMN",), 72: ("ACT",), 73: ("RC",), 90: ("ADJ",), 100: ("WMDCV", "WTDCV", "WDCV")}
TIME = FlexParameter(0, 655.35)
LATER = FlexParameter(0, 65.535, optional=True)
BIAS = FlexParameter(-25, 25)


class CapacitanceCommands:
    """Settings of a capacitance meter module.

    Parameters
    ----------
    frame : Mainframe
    """

    def __init__(self, frame: Mainframe) -> None:
        self._frame = frame
        self.reset()

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self._texts = dict(FIRST)

    def learn(self, kind: int) -> str | None:
        """Return the reply to ``*LRN?`` of a kind, None if it is not about this module."""
        if kind not in LEARNT:
            return None
        return ";".join(self._texts[name] for name in LEARNT[kind] if name in self._texts)

    def _require(self, channel: int | None = None) -> None:
        """Refuse a command without a module: error 153, or 151 where the channel is another module."""
        models = self._frame.slots.models
        if "B1520A" not in models.values():
            raise FlexError(153)
        if channel is not None:
            slot = channel // 100 if channel > 10 else channel
            if models.get(slot) != "B1520A":
                raise FlexError(151 if slot in models else 153, f"SLOT{slot}")

    @flex("IMP", Whole(1, 402))
    def _impedance(self, mode: int) -> None:
        self._require()
        if mode not in IMPEDANCES:
            raise FlexError(120)
        self._texts["IMP"] = f"IMP{mode}"

    @flex("LMN", Whole(0, 1))
    def _monitored(self, on: int) -> None:
        self._require()
        self._texts["LMN"] = f"LMN{on}"

    @flex("ACT", Whole(0, 2), Whole(1, 1023, optional=True))
    def _integration(self, mode: int, n: int = 1) -> None:
        self._require()
        if mode == 2 and n > 100:
            raise FlexError(120)
        self._texts["ACT"] = f"ACT{mode},{n}"

    @flex("RC", ChannelNumber(), Whole(0, 2), Whole(optional=True))
    def _range(self, channel: int, mode: int, ohms: int = 50) -> None:
        self._require(channel)
        self._texts["RC"] = f"RC{channel},{mode},{ohms}"

    @flex("ADJ", ChannelNumber(), Whole(0, 3))
    def _adjust(self, channel: int, mode: int) -> None:
        self._require(channel)
        self._texts["ADJ"] = f"ADJ{channel},{mode}"

    @flex("DCV", ChannelNumber(), BIAS)
    def _bias(self, channel: int, volts: float) -> None:
        self._require(channel)

    @flex("ACV", ChannelNumber(), FlexParameter(0, 0.25))
    def _amplitude(self, channel: int, volts: float) -> None:
        self._require(channel)

    @flex("FC", ChannelNumber(), FlexParameter(1e3, 5e6))
    def _frequency(self, channel: int, hertz: float) -> None:
        self._require(channel)

    @flex("WMDCV", Whole(1, 2), Whole(1, 2, optional=True))
    def _stop_conditions(self, abort: int, post: int = 1) -> None:
        self._require()
        self._texts["WMDCV"] = f"WMDCV{abort},{post}"

    @flex("WTDCV", TIME, FlexParameter(0, 65.535), FlexParameter(0, 1, optional=True), LATER, LATER)
    def _times(self, hold: float, delay: float, *rest: float) -> None:
        self._require()
        later = (*rest, 0.0, 0.0, 0.0)[:3]
        self._texts["WTDCV"] = f"WTDCV{hold:.2f},{delay:.4f}," + ",".join(f"{value:.4f}" for value in later)

    @flex("WDCV", ChannelNumber(), Whole(1, 4), BIAS, BIAS, Whole(1, 1001))
    def _sweep(self, channel: int, mode: int, start: float, stop: float, steps: int) -> None:
        self._require(channel)
        if mode in (2, 4) and start * stop <= 0:
            raise FlexError(130)
        self._texts["WDCV"] = f"WDCV{channel},{mode},{start:.4f},{stop:.4f},{steps}"

    @flex("TC", ChannelNumber(), Whole(0, 2), Whole(optional=True))
    @flex("TTC", ChannelNumber(), Whole(0, 2), Whole(optional=True))
    def _measure(self, channel: int, mode: int, ohms: int = 50) -> NoReturn:
        self._require(channel)
        raise FlexError(152, f"SLOT{channel}")
