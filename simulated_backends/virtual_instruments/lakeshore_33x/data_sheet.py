"""Numbers of the Lake Shore 335 and 336 (data sheets and user's manuals of the two models).

Not compared with a data sheet: noise and offset of a reading, which stand for a platinum sensor at room temperature,
and the time that a message takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

#: by imperfection (``docs/imperfections.md``)
SOURCES: Mapping[str, Origin] = {
    "reading_noise": NO_DATA_SHEET, "reading_offset": NO_DATA_SHEET,
    "heater_power": Origin("Data sheets and user's manuals of the 335 and 336"),
}
#: part of the full power of the heater ranges off, low, medium and high
RANGES = (0.0, 0.01, 0.1, 1.0)
DEFAULT_GAINS = (50.0, 20.0, 0.0)  #: P, I and D of a loop and of a zone after a start


@dataclass(frozen=True)
class ControllerDataSheet:
    """One model.

    Parameters
    ----------
    model : as in the reply to ``*IDN?``
    inputs : letters of the sensor inputs
    power : full power [W] of each heater output into a heater of 25 Ohm, lowest number first
    other_outputs : number of outputs without a heater range (336: analog outputs 3 and 4)
    types : whether HTRSET has the type of the output, current or voltage (335; ``model_335.py`` of the maker's driver)
    display : lowest and highest of each argument of DISPLAY
    display_fields, display_sources : number of fields of a custom display, and of what one can show (DISPFLD)
    brightness : lowest and highest argument of BRIGT (336: of the contrast)
    """

    model: str
    inputs: str
    power: tuple[float, ...]
    other_outputs: int = 0
    types: bool = False
    display: tuple[tuple[int, int], ...] = ((0, 7),)
    display_fields: int = 4
    display_sources: int = 6
    brightness: tuple[int, int] = (0, 3)
    firmware: str = "2.9"
    noise: float = 1e-3  #: [K] rms
    offset: float = 20e-3  #: [K] of the input's calibration, at most

    @property
    def outputs(self) -> int:
        """Return the number of outputs."""
        return len(self.power) + self.other_outputs


LAKESHORE_335 = ControllerDataSheet("MODEL335", "AB", (75.0, 25.0), types=True)
LAKESHORE_336 = ControllerDataSheet(
    "MODEL336", "ABCD", (100.0, 50.0), other_outputs=2, display=((0, 6), (0, 2), (1, 4)), display_fields=8,
    display_sources=4, brightness=(1, 32))
