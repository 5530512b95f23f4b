"""The models of the family: a data sheet each."""

from tsbench.simulated_backends.virtual_instruments.rigol_dg800 import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.instrument import VirtualDg


class VirtualDG822(VirtualDg):
    """DG822: 25 MHz."""

    data_sheet = sheets.DG822
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualDG832(VirtualDg):
    """DG832: 35 MHz."""

    data_sheet = sheets.DG832
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualDG972(VirtualDg):
    """DG972: 70 MHz."""

    data_sheet = sheets.DG972
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualDG992(VirtualDg):
    """DG992: 100 MHz."""

    data_sheet = sheets.DG992
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
