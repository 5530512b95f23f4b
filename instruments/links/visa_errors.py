"""What a VISA error means and what to do: a message for the user, and which of our errors it is (docs/visa.md).

pyvisa-py, which comes with tsbench, reaches LAN instruments (VXI-11, HiSLIP, sockets) and serial ports by itself. For
USB and GPIB it needs a package each, and says so with ``ValueError``.
"""

from pyvisa.constants import StatusCode

from tsbench.errors import CommunicationError, GarbledReply, NoReply

SHOWN = 60  #: characters of a message that an error quotes

_VENDOR = "or install a vendor's VISA (NI-VISA, Keysight IO Libraries) and remove visa_library from the bench file"
#: interface of a resource name -> what pyvisa-py needs for it
_NEEDS = {
    "USB": f'the VISA library pyvisa-py needs PyUSB for USB instruments. Run pip install "tsbench[usb]", {_VENDOR}',
    "GPIB": "the VISA library pyvisa-py needs gpib-ctypes or linux-gpib, and the adapter's driver, for GPIB "
            f"instruments. Run pip install gpib-ctypes, {_VENDOR}",
    "VICP": f"the VISA library pyvisa-py needs PyVICP for VICP instruments. Run pip install pyvicp, {_VENDOR}",
    "ASRL": f"the VISA library pyvisa-py needs pySerial for serial ports. Run pip install pyserial, {_VENDOR}",
}
_NO_LIBUSB = (
    "PyUSB does not find libusb on this machine. Install libusb 1.0 (on Debian apt-get install libusb-1.0-0, on macOS "
    f"brew install libusb, on Windows a libusb or WinUSB driver for the instrument), {_VENDOR}"
)
_NAMES = (
    "A resource name has the form USB0::0x05E6::0x2450::SERIAL::INSTR, TCPIP0::192.168.0.5::hislip0::INSTR or "
    "GPIB0::24::INSTR"
)


def why_not_opened(resource: str, error: Exception) -> str:
    """Return why no resource of this kind can be opened and what to do; empty where only this instrument is missing.

    Parameters
    ----------
    resource : VISA resource name
    error : what pyvisa raised on opening it
    """
    interface = resource.partition("::")[0].rstrip("0123456789").upper()
    code = getattr(error, "error_code", None)
    if code in (StatusCode.error_invalid_resource_name, StatusCode.error_invalid_setup):
        return f"this is not a VISA resource name. {_NAMES}. Correct the resource in the bench file"
    if "no backend available" in str(error).lower():
        return f"{_NO_LIBUSB}. See docs/visa.md"
    missing = isinstance(error, ImportError) or "please install" in str(error).lower()
    if missing and interface in _NEEDS:
        return f"{_NEEDS[interface]}. See docs/visa.md"
    if missing or code == StatusCode.error_nonsupported_operation or isinstance(error, NotImplementedError):
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return (
            f"the VISA library cannot open {interface} resources ({first}). Install another VISA library, {_VENDOR}. "
            "See docs/visa.md")
    return ""


def communication_error(
    error: Exception, where: str, message: str, timeout: float, hurried: bool = False, advice: str = "",
) -> CommunicationError:
    """Return the tsbench error for a failed exchange.

    Parameters
    ----------
    error : what pyvisa or the operating system raised
    where : the instrument and its resource, as messages name them
    message : that was sent; "open" where the connection could not be made
    timeout : [s] for one reply
    hurried : whether it was short because an output was on
    advice : what may be wrong where no reply has come yet, as sentences: the settings of a serial port
    """
    asked = message if len(message) <= SHOWN else message[: SHOWN - 1] + "…"
    if getattr(error, "error_code", None) == StatusCode.error_timeout:
        return NoReply(
            f"{where}: the instrument did not reply to '{asked}' in {timeout:g} s. The state of the outputs is unknown "
            "until they are read back. Check the panel and the cable"
            + ". If the instrument only needs longer, set timeout_while_on in its table of the bench file" * hurried
            + f". {advice}" * bool(advice)
        )
    if isinstance(error, UnicodeDecodeError):
        return GarbledReply(
            f"{where}: the reply {error.object[:20]!r} to '{asked}' is garbled. Repeat the measurement. If this "
            "happens again, check the cable" + f". {advice}" * bool(advice))
    if message == "open":
        return CommunicationError(
            f"{where}: the instrument cannot be opened ({_reason(error)}). Check that it is switched on and connected")
    return CommunicationError(
        f"{where}: the connection failed at '{asked}' ({_reason(error)}). The state of the outputs is unknown until "
        "they are read back. Check cable and power"
    )


def _reason(error: Exception) -> str:
    code = getattr(error, "error_code", None)
    name = getattr(code, "name", None)
    return str(name).removeprefix("error_").replace("_", " ") if name else str(error) or type(error).__name__
