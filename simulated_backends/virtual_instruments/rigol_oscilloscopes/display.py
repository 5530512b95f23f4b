"""The commands DISPlay and SYSTem of the Rigol oscilloscopes."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Number, Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import draw_screen
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable

_COLUMNS = 600


class RigolDisplay(RigolTable):
    """What ``:DISPlay`` and ``:SYSTem`` do.

    Parameters
    ----------
    scope : RigolBase
    settings : RigolAcquiring
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, settings: RigolAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    display_type = Setting(":DISPlay:TYPE", Choice("VECTors", "DOTS"), default="VECT")
    persistence = Setting(":DISPlay:GRADing:TIME", AnyOf(Choice("MINimum", "INFinite"), Number("", 0.1, 10.0)),
                          default="MIN")
    brightness = Setting(":DISPlay:WBRightness", Integer("", 0, 100), default=50)
    grid = Setting(":DISPlay:GRID", Choice("FULL", "HALF", "NONE"), default="FULL")
    beeper = Setting(":SYSTem:BEEPer", Boolean(), default=True)
    locked = Setting(":SYSTem:LOCKed", Boolean(), default=False)

    @command(":DISPlay:CLEar")
    def _clear(self) -> None:
        """``:DISP:CLE``: clear the screen."""

    @command(":DISPlay:DATA?", Optional(Boolean()), Optional(Boolean()),
             Optional(Choice("BMP24", "BMP8", "PNG", "JPEG", "TIFF")))
    def _picture(self, colour: bool = True, inverted: bool = False, form: str = "BMP24") -> Handler:
        """``:DISP:DATA? ON,OFF,PNG``: the screen; JPEG and TIFF are not simulated."""
        if form not in self.data_sheet.picture_forms:
            raise ScpiError(-224)
        self.control.look()
        yield from self.control.snapshot()
        yield 0.5
        traces = self.scope.shown_traces(self.settings.screen_start(), self.settings.timebase_range, _COLUMNS)
        return definite_block(draw_screen(traces, {"BMP24": "BMP"}.get(form, form), not colour, inverted), 9)

    @command(":SYSTem:GAM?")
    def _grids(self) -> str:
        """``:SYST:GAM?``: divisions of the screen, horizontal."""
        return str(self.data_sheet.time_divisions)

    @command(":SYSTem:RAM?")
    def _channels(self) -> str:
        """``:SYST:RAM?``: analog channels."""
        return str(self.data_sheet.channels)
