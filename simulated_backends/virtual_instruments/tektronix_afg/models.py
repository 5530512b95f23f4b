"""The models of the family: a data sheet each."""

from tsbench.simulated_backends.virtual_instruments.tektronix_afg import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.instrument import VirtualAfg


class VirtualAFG31252(VirtualAfg):
    """AFG31252: 250 MHz, edges of 2 ns."""

    data_sheet = sheets.AFG31252
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualAFG31102(VirtualAfg):
    """AFG31102: 100 MHz."""

    data_sheet = sheets.AFG31102
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualAFG3252C(VirtualAfg):
    """AFG3252C: 240 MHz, 5 Vpp."""

    data_sheet = sheets.AFG3252C
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualAFG3152C(VirtualAfg):
    """AFG3152C: 150 MHz."""

    data_sheet = sheets.AFG3152C
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualAFG3102C(VirtualAfg):
    """AFG3102C: 100 MHz."""

    data_sheet = sheets.AFG3102C
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
