"""4200A-SCS: commands that every page takes (KXCI Remote Control Programming Rev. D, sections 4 and 5)."""

from collections.abc import Callable, Generator

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import KxciParameter, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import Frame4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200.source_unit import INTEGRATIONS, Integration

FACTOR = KxciParameter(0.0, 10.0, optional=True)
CYCLES = KxciParameter(0.01, 10.0, optional=True)


class PageCommands:
    """Identity, pages, status, integration time.

    Parameters
    ----------
    frame : Frame4200
    options : what ``*OPT?`` replies
    go_to : shows a page
    reset : does ``*RST``
    """

    def __init__(
        self, frame: Frame4200, options: str, go_to: Callable[[str], None],
        reset: Callable[[], Generator[float, None, None]],
    ) -> None:
        self._frame = frame
        self._options = options
        self._go_to = go_to
        self._reset = reset

    @kxci("*IDN?", waits=False)
    def _identify(self) -> str:
        return self._frame.instrument.identification

    @kxci("ID", waits=False)
    def _identify_briefly(self) -> str:
        return f"{self._frame.instrument.model} {self._frame.instrument.firmware}"

    @kxci("*OPT?")
    def _what_is_there(self) -> str:
        return self._options

    @kxci("*RST", waits=False)
    def _to_defaults(self) -> Generator[float, None, None]:
        yield from self._reset()

    @kxci("DE", waits=False)
    def _definition_page(self) -> None:
        self._go_to("DE")

    @kxci("SS", waits=False)
    def _source_page(self) -> None:
        self._go_to("SS")

    @kxci("SM", waits=False)
    def _measurement_page(self) -> None:
        self._go_to("SM")

    @kxci("MD", waits=False)
    def _control_page(self) -> None:
        self._go_to("MD")

    @kxci("US", waits=False)
    def _user_page(self) -> None:
        self._go_to("US")

    @kxci("SP", waits=False)
    def _status_byte(self) -> str:
        byte = self._frame.status.serial_poll()
        self._frame.instrument.operations.not_yet()
        return str(byte)

    @kxci("DR", WholeNumber(0, 1), waits=False)
    def _request_service(self, on: int) -> None:
        self._frame.status.service_enable = on
        self._frame.status.update()

    @kxci("BC", waits=False)
    def _clear_buffer(self) -> None:
        self._frame.clear_data()

    @kxci(":ERROR:LAST:GET", waits=False)
    def _last_error(self) -> str:
        return self._frame.status.last_error

    @kxci(":ERROR:LAST:CLEAR", waits=False)
    def _forget_error(self) -> None:
        self._frame.status.last_error = ""

    @kxci("IT", WholeNumber(1, 4), FACTOR, FACTOR, CYCLES)
    def _integration(
        self, kind: int, delay: float | None = None, filtering: float | None = None, nplc: float | None = None,
    ) -> None:
        if (kind == 4) != (nplc is not None) or (kind != 4 and delay is not None):
            raise KxciError(VALUE)
        if delay is not None and filtering is not None and nplc is not None:
            chosen = Integration(nplc, delay, filtering)
        else:
            chosen = INTEGRATIONS[kind]
        for unit in self._frame.sources.values():
            unit.integration = chosen

    @kxci("RS", WholeNumber(3, 7))
    def _resolution(self, digits: int) -> None:
        self._frame.digits = digits

    @kxci("EM", WholeNumber(0, 1), WholeNumber(0, 1))
    def _emulation(self, commands: int, lasting: int) -> None:
        if commands == 0:
            raise KxciError(VALUE, "The 4145 command set is not simulated.")

    @kxci("EC", WholeNumber(0, 1))
    def _exit_on_compliance(self, on: int) -> None:
        if on:
            raise KxciError(VALUE, "An exit on compliance is not simulated.")
