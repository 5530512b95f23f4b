"""Lake Shore temperature controllers 335 and 336. Their twins are in the folder of the same name."""

from tsbench.instruments.driver import DriverDeclaration
from tsbench.instruments.links.link_settings import LinkSettings

#: USB is a serial port of 57600 bit/s, 7 bits, odd parity (user's manual of the 335, chapter 6)
_LINK = LinkSettings(read_termination="\r\n", baud_rate=57600, data_bits=7, parity="odd", stop_bits="1")

DRIVERS = (
    DriverDeclaration(
        name="lakeshore_33x", kind="temperature controller", models="Lake Shore 335 and 336",
        model_pattern=r"MODEL33[56]", driver="tsbench.instruments.lakeshore_33x.driver:LakeShore33x", link=_LINK),
)
