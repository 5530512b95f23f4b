"""B1500A: trigger mode, trigger ports, waits for triggers and output of triggers (TM, TGP, OSX, WSX, PAX).

Port -1 is the BNC connector Ext Trig In (jack ``NAME.trigger_in`` of a world file), port -2 is Ext Trig Out (jack
``NAME.trigger_out``). Of the ports of the digital connector (1 to 16), TGP takes the settings; nothing is wired to
them. Source: B1500A/B1505A Programming Guide edition 11, TGP, OSX, WSX, PAX, TM.
"""

from collections.abc import Generator

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import FlexParameter, Whole, flex
from tsbench.simulated_backends.services.trigger_lines import EdgeTrain, Slope
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe

TRIGGER_IN, TRIGGER_OUT = -1, -2
PULSE_WIDTH = 10e-6  #: [s] of a trigger at the output; not compared with a manual
LONGEST_WAIT = 1e6  #: [s] a wait for a trigger that never comes: it is ended by AB or a device clear
Steps = Generator[float, None, None]


class TriggerPortCommands:
    """Triggers in and out.

    Parameters
    ----------
    frame : Mainframe
    """

    def __init__(self, frame: Mainframe) -> None:
        self._frame = frame
        frame.instrument.bench.add_jacks(frame.instrument.name, inputs=["trigger_in"], outputs=["trigger_out"])
        self._out = frame.instrument.bench.line(f"{frame.instrument.name}.trigger_out")
        self.reset()

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self._ports: dict[int, tuple[int, int, int]] = {}   # terminal, polarity, type
        self._settings: dict[str, float] = {}
        self._last = self._frame.instrument.clock.now

    @flex("TM", Whole(1, 4))
    def _mode(self, mode: int) -> None:
        self._frame.trigger_mode = mode

    @flex("TGP", Whole(-2, 16), Whole(1, 2), Whole(0, 2), Whole(0, 6, optional=True))
    def _port(self, port: int, terminal: int, polarity: int, kind: int = 0) -> None:
        if port == 0 or (port, terminal) in ((TRIGGER_IN, 2), (TRIGGER_OUT, 1)):
            raise FlexError(620)
        self._ports[port] = (terminal, polarity, kind)

    @flex("TGPC", Whole(-2, 16, optional=True, many=True))
    def _forget_ports(self, *ports: int) -> None:
        for port in ports or tuple(self._ports):
            self._ports.pop(port, None)

    @flex("TGSI", Whole(1, 2))
    def _steps_begin(self, mode: int) -> None:
        self._settings["TGSI"] = mode

    @flex("TGSO", Whole(1, 2))
    def _step_trigger(self, mode: int) -> None:
        self._settings["TGSO"] = mode

    @flex("TGXO", Whole(1, 2))
    def _measurement_trigger(self, mode: int) -> None:
        self._settings["TGXO"] = mode

    @flex("TGMO", Whole(1, 2))
    def _reading_trigger(self, mode: int) -> None:
        self._settings["TGMO"] = mode

    # -------------------------------------------------------------------------------------------- out

    @flex("OS")
    def _send(self) -> None:
        self._give()

    @flex("OSX", Whole(-2, 16), Whole(0, 2, optional=True))
    def _send_at(self, port: int, level: int = 2) -> None:
        if port in (0, TRIGGER_IN):
            raise FlexError(620)
        if port == TRIGGER_OUT:
            self._give()

    def _give(self) -> None:
        self._out.add(EdgeTrain(self._frame.instrument.clock.now, PULSE_WIDTH, 1.0, 1))

    # --------------------------------------------------------------------------------------------- in

    @flex("WS", Whole(1, 2, optional=True))
    def _wait(self, mode: int = 1) -> Steps:
        return self._await(mode)

    @flex("WSX", Whole(-1, 16), Whole(1, 2, optional=True))
    def _wait_at(self, port: int, mode: int = 1) -> Steps:
        if port == 0:
            raise FlexError(620)
        return self._await(mode)

    @flex("PAX", Whole(-1, 16), FlexParameter(-99.9999, 99.9999, optional=True))
    def _pause_at(self, port: int, seconds: float = LONGEST_WAIT) -> Steps:
        if port == 0:
            raise FlexError(620)
        return self._await(2, abs(seconds))

    def _await(self, mode: int, longest: float = LONGEST_WAIT) -> Steps:
        """Wait for the next edge; in mode 1 one that has come since the last wait is enough."""
        frame, clock = self._frame, self._frame.instrument.clock
        line = frame.instrument.bench.wired_to(f"{frame.instrument.name}.trigger_in")
        slope: Slope = "negative" if self._ports.get(TRIGGER_IN, (1, 2, 0))[1] == 2 else "positive"
        after, end = self._last if mode == 1 else clock.now, clock.now + longest
        frame.status.waiting = True
        frame.status.update()
        try:
            while clock.now < end:
                edge = None if line is None else line.next_edge(after, slope)
                if edge is not None and edge <= clock.now:
                    self._last = edge
                    return
                yield min(1e-3 if edge is None else edge - clock.now, end - clock.now)
        finally:
            frame.status.waiting = False
