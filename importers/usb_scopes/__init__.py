"""Records of Digilent WaveForms and Saleae Logic."""

from tsbench.importers.usb_scopes.importer import UsbScopes

IMPORTERS = (UsbScopes(),)
