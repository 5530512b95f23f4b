"""Virtual MPI SENTIO: the commands of the chuck, the wafer map and the status."""

import functools

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.plain_numbers import plain_number, plain_whole_number
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.virtual_instruments.line_commands import (
    LineError,
    LineInstrument,
    LineTable,
    argument,
    line_command,
)
from tsbench.simulated_backends.virtual_instruments.prober.station import (
    CONTACT,
    DIE_SIZE,
    HEIGHTS,
    SEPARATION,
    SUBSITE_PITCH,
    ProberStation,
)

#: numbers of errors, as the maker's Python package lists them
INVALID_COMMAND, INVALID_PARAMETER, WRONG_COUNT, OUT_OF_BOUNDS, END_OF_ROUTE, WRONG_Z = 3, 6, 7, 8, 11, 38
ROUTE_ENDED = 1 << 10  #: the status "end of route" beside the error number
TRAVEL = 155_000.0  #: [um] of the chuck from its centre; not compared with a data sheet
MODES = ("BackToContact", "StepToSeparation", "LockContact")


class SentioStation(LineInstrument):
    """What the commands see of the instrument."""

    station: ProberStation
    mode = MODES[0]  #: what the chuck does after a step from contact
    status_bits = 0  #: beside the error number of the next reply


whole_number = functools.partial(argument, plain_whole_number, code=INVALID_PARAMETER, said="Invalid parameter: {}")
number = functools.partial(argument, plain_number, code=INVALID_PARAMETER, said="Invalid parameter: {}")


def wafer_site(site: str) -> None:
    """Refuse another site of the chuck than that of the wafer: this one has no other."""
    if site.lower() != "wafer":
        raise LineError(INVALID_PARAMETER, f"Invalid chuck site: {site}")


class SentioChuck(LineTable[SentioStation]):
    """Heights and positions of the chuck."""

    def _to(self, height: str) -> Handler:
        yield from self.instrument.station.go_to_height(height)
        return f"{HEIGHTS[height]:.2f}"

    @line_command("move_chuck_contact")
    def _contact(self) -> Handler:
        return self._to(CONTACT)

    @line_command("move_chuck_separation")
    def _separation(self) -> Handler:
        return self._to(SEPARATION)

    def _position_text(self) -> str:
        x, y = self.instrument.station.position
        return f"{x:.2f},{y:.2f}"

    def _go_to(self, reference: str, x: str, y: str) -> Handler:
        """Move to a place [um]; home, centre and zero are one place here."""
        station, letter = self.instrument.station, capitals(reference[:1])
        if letter not in "HCZMR" or not letter:
            raise LineError(INVALID_PARAMETER, f"Invalid xy reference: {reference}")
        along, across = station.position if letter == "R" or reference.lower() == "current" else (0.0, 0.0)
        target = number(x) + along, number(y) + across
        if max(map(abs, target)) > TRAVEL:
            raise LineError(OUT_OF_BOUNDS, f"Argument out of bounds: {x},{y}")
        if station.height == CONTACT and self.instrument.mode == "LockContact":
            raise LineError(WRONG_Z, "The chuck must not move in contact")
        yield from station.move(*target, back=self.instrument.mode == "BackToContact")

    @line_command("move_chuck_xy")
    def _move(self, reference: str, x: str, y: str) -> Handler:
        yield from self._go_to(reference, x, y)
        return self._position_text()

    @line_command("chuck:move_xy")
    def _move_stage(self, reference: str, x: str, y: str) -> Handler:
        yield from self._go_to(reference, x, y)
        return f"{self._position_text()},{reference}"

    @line_command("chuck:get_xy")
    def _stage_position(self, reference: str = "Home") -> str:
        return f"{self._position_text()},{reference}"

    @line_command("chuck:has_xy", "chuck:has_z")
    def _has_drive(self) -> str:
        return "True"

    @line_command("move_chuck_home")
    def _home(self) -> Handler:
        yield from self.instrument.station.step(0, 0, 0)
        return "0.00,0.00"

    @line_command("get_chuck_z")
    def _z(self, reference: str = "Zero") -> str:
        height = HEIGHTS[self.instrument.station.height]
        offsets = {"c": 0.0, "s": -HEIGHTS[SEPARATION], "z": 10000.0}
        if reference[:1].lower() not in offsets:
            raise LineError(INVALID_PARAMETER, f"Invalid z reference: {reference}")
        return f"{height + offsets[reference[0].lower()]:.2f}"

    @line_command("get_chuck_xy")
    def _xy(self, site: str = "Wafer", reference: str = "Home") -> str:
        wafer_site(site)
        return self._position_text()

    @line_command("get_chuck_site_heights")
    def _heights(self, site: str) -> str:
        wafer_site(site)
        return f"10000.00,{-HEIGHTS[SEPARATION]:.2f},0.00,0.00"

    @line_command("get_chuck_site_status")
    def _site_status(self, site: str) -> str:
        wafer_site(site)
        return "1,1,0,1"

    @line_command("get_chuck_position_hint")
    def _hint(self) -> str:
        return "Probing,Wafer"

    @line_command("has_chuck_xyz")
    def _has_axes(self) -> str:
        return "YES"

    @line_command("set_stepping_contact_mode")
    def _set_mode(self, mode: str) -> None:
        if mode not in MODES:
            raise LineError(INVALID_PARAMETER, f"Invalid parameter: {mode}")
        self.instrument.mode = mode


class SentioMap(LineTable[SentioStation]):
    """Stepping from die to die, and what the wafer map has."""

    def _go(self, column: int, row: int, subsite: int) -> Handler:
        station = self.instrument.station
        if not station.has(column, row, subsite):
            raise LineError(OUT_OF_BOUNDS, f"Die {column},{row} or its subsite {subsite} does not exist")
        if station.height == CONTACT and self.instrument.mode == "LockContact":
            raise LineError(WRONG_Z, "The chuck must not step in contact")
        yield from station.step(column, row, subsite, back=self.instrument.mode == "BackToContact")
        if station.index() == len(station.route) - 1:
            self.instrument.status_bits = ROUTE_ENDED
        return f"{column},{row},{subsite}"

    def _in_route(self, number: int, subsite: int) -> Handler:
        route = self.instrument.station.route
        if not 0 <= number < len(route):
            self.instrument.status_bits = ROUTE_ENDED
            raise LineError(END_OF_ROUTE, "End of route reached")
        return self._go(*route[number], subsite)

    def _subsite(self, subsite: str) -> int:
        return whole_number(subsite) if subsite else self.instrument.station.subsite

    @line_command("map:step_first_die")
    def _first(self, subsite: str = "0") -> Handler:
        return self._in_route(0, self._subsite(subsite))

    @line_command("map:step_next_die")
    def _next(self, subsite: str = "") -> Handler:
        return self._in_route(self.instrument.station.index() + 1, self._subsite(subsite))

    @line_command("map:step_previous_die")
    def _previous(self) -> Handler:
        return self._in_route(self.instrument.station.index() - 1, self.instrument.station.subsite)

    @line_command("map:step_die")
    def _die(self, column: str, row: str, subsite: str = "0") -> Handler:
        return self._go(*(whole_number(text) for text in (column, row, subsite)))

    @line_command("map:step_die_seq")
    def _sequence(self, number: str, subsite: str = "0") -> Handler:
        return self._in_route(whole_number(number), self._subsite(subsite))

    @line_command("map:get_num_dies")
    def _dies(self, which: str = "Present") -> str:
        if which not in ("Present", "Selected", "Total"):
            raise LineError(INVALID_PARAMETER, f"Invalid parameter: {which}")
        return str(len(self.instrument.station.route))

    @line_command("map:get_num_cols")
    def _columns(self) -> str:
        return str(len({column for column, _ in self.instrument.station.dies}))

    @line_command("map:get_num_rows")
    def _rows(self) -> str:
        return str(len({row for _, row in self.instrument.station.dies}))

    @line_command("map:get_index_size")
    def _index_size(self) -> str:
        return f"{DIE_SIZE[0]:.2f},{DIE_SIZE[1]:.2f}"

    @line_command("map:get_grid_origin", "map:get_home_die")
    def _origin(self) -> str:
        return "0,0"

    @line_command("map:path:get_die")
    def _path_die(self, number: str) -> str:
        index, route = whole_number(number), self.instrument.station.route
        if not 0 <= index < len(route):
            raise LineError(OUT_OF_BOUNDS, f"Argument out of bounds: {number}")
        return f"{route[index][0]},{route[index][1]}"

    @line_command("map:get_die_seq")
    def _die_number(self) -> str:
        return str(self.instrument.station.index())

    @line_command("map:die:get_current_index")
    def _current(self) -> str:
        station = self.instrument.station
        return f"{station.index()},{station.column},{station.row}"

    @line_command("map:die:get_current_subsite")
    def _current_subsite(self) -> str:
        return str(self.instrument.station.subsite)

    @line_command("map:die:get_status")
    def _die_status(self, column: str, row: str) -> str:
        return "1" if self.instrument.station.has(whole_number(column), whole_number(row)) else "3"

    @line_command("map:subsite:get_num")
    def _subsites(self, which: str = "") -> str:
        return str(max(len(devices) for devices in self.instrument.station.dies.values()))

    @line_command("map:subsite:get")
    def _subsite_facts(self, number: str, orientation: str = "UR") -> str:
        return f"Site{number},{whole_number(number) * SUBSITE_PITCH:.2f},0.00"

    @line_command("map:subsite:step")
    def _step_subsite(self, number: str) -> Handler:
        station = self.instrument.station
        return self._go(station.column, station.row, whole_number(number))

    @line_command("map:subsite:step_next")
    def _next_subsite(self) -> Handler:
        station = self.instrument.station
        return self._go(station.column, station.row, station.subsite + 1)


class SentioStatus(LineTable[SentioStation]):
    """The software and its state."""

    @line_command("*IDN?")
    def _identify(self) -> str:
        return self.instrument.identification

    @line_command("*RCS", "*LOCAL")
    def _silent(self, number: str = "1") -> None:
        return None

    @line_command("status:get_version")
    def _version(self) -> str:
        return f"Version: {self.instrument.firmware}"

    @line_command("status:get_access_level")
    def _level(self) -> str:
        return "Engineer"

    @line_command("status:get_machine_status")
    def _machine(self) -> str:
        return "Ready"

    @line_command("wait_all", "wait_complete", "query_command_status")
    def _wait(self, command: str = "0", timeout: str = "90") -> None:
        return None   # no command is left running here

    @line_command("select_module")
    def _module(self, module: str, sheet: str = "") -> None:
        return None
