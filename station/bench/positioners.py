"""Positioners that are instruments: a switch matrix, or a wafer prober. Neither moves while an output is on."""

from collections.abc import Callable, Mapping, Sequence

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, nearest
from tsbench.instruments import Positioner, Prober, Site
from tsbench.station.bench.bench_tables import BenchTable, PositioningTable
from tsbench.station.bench.crosspoints import ClosedCrosspoints

_RELAYS, _CHUCK = "the relays of the switch matrix", "the position of the chuck"
_PART = "positioner"  #: of the matrix that may also set routes
RequireOff = Callable[[str], None]  #: raises unless all outputs are read back as off; the argument is what would change
Discharge = Callable[[], None]  #: takes the charge off the cables of the sources, and leaves all outputs off


def _known(device: str, devices: Mapping[str, object]) -> None:
    if device not in devices:
        raise ConfigurationError(
            f"device '{device}' is not in [positioner.devices] of the bench file{nearest(device, devices)}")


class MatrixPositioner:
    """Connects a device by closing its crosspoints and opening all others.

    Parameters
    ----------
    matrix : the crosspoints that it shares with others
    crosspoints : device -> the crosspoints that are closed for it
    require_off : raises unless all outputs are off
    discharge : takes the charge off the cables while the device before is still connected
    """

    def __init__(
        self, matrix: ClosedCrosspoints, crosspoints: Mapping[str, Sequence[str]], require_off: RequireOff,
        discharge: Discharge = lambda: None,
    ) -> None:
        self._matrix, self._crosspoints, self._require_off = matrix, crosspoints, require_off
        self._discharge = discharge
        matrix.claim(_PART, [point for points in crosspoints.values() for point in points])

    def devices(self) -> Sequence[str]:
        """Return the devices of the table."""
        return list(self._crosspoints)

    def connected(self) -> str | None:
        """Read the crosspoints back; None where they are those of no device."""
        closed = self._matrix.closed(_PART)
        return next((name for name, points in self._crosspoints.items() if {*points} == closed), None)

    def connect(self, device: str, again: bool = False) -> None:
        """Connect ``device``; with ``again``, its relays open and close once more."""
        _known(device, self._crosspoints)
        self._require_off(_RELAYS)
        if again or self.connected() != device:
            self._discharge()   # the device before is connected, so that its columns lose their charge too
            self._require_off(_RELAYS)
            self._matrix.close_only(_PART, ())
        self._matrix.close_only(_PART, self._crosspoints[device])


class ProberPositioner:
    """Brings a device to the needles of a wafer prober.

    Parameters
    ----------
    prober : Prober
    sites : device -> its place on the wafer
    require_off : raises unless all outputs are off
    discharge : takes the charge off the cables while the needles touch nothing
    """

    def __init__(
        self, prober: Prober, sites: Mapping[str, Site], require_off: RequireOff, discharge: Discharge = lambda: None,
    ) -> None:
        self._prober, self._sites, self._require_off = prober, sites, require_off
        self._discharge = discharge

    def devices(self) -> Sequence[str]:
        """Return the devices of the table."""
        return list(self._sites)

    def connected(self) -> str | None:
        """Ask the prober; None where the needles touch nothing, or no device of the table."""
        if not self._prober.in_contact():
            return None
        here = self._prober.site()
        return next((name for name, site in self._sites.items() if site == here), None)

    def connect(self, device: str, again: bool = False) -> None:
        """Separate, move to ``device``, and make contact; ``again``: also where the needles touch it already."""
        _known(device, self._sites)
        if self.connected() == device and not again:
            return
        self._require_off(_CHUCK)
        site = self._sites[device]
        try:
            self._prober.move_to(site)
        except CommunicationError:
            raise
        except InstrumentError as error:
            raise InstrumentError(
                f"the prober did not go to '{device}' (column {site.column}, row {site.row}, subsite {site.subsite}). "
                f"Correct its place in [positioner.devices], or load another wafer map: {error}") from error
        self._discharge()
        self._require_off(_CHUCK)
        self._prober.contact()


class FollowedPositioner:
    """A positioner that tells the bench which device it connects.

    Parameters
    ----------
    positioner : Positioner
        It moves only while all outputs are off.
    follow : takes the device, and whether it is certain that it is connected. While it is not, the limits of the device
        before it hold too. Raises ConfigurationError where the device has no table
    """

    def __init__(self, positioner: Positioner, follow: Callable[[str, bool], None]) -> None:
        self._positioner, self._follow = positioner, follow

    def devices(self) -> Sequence[str]:
        """Return the devices that can be connected."""
        return self._positioner.devices()

    def connected(self) -> str | None:
        """Return the device that is connected; None: none, or it is not known."""
        return self._positioner.connected()

    def connect(self, device: str, again: bool = False) -> None:
        """Connect ``device``; its limits hold from then on."""
        try:
            self._positioner.connect(device, again)
        except BaseException:
            if device in self._positioner.devices():
                self._follow(device, False)
            raise
        self._follow(device, True)


def absent(table: BenchTable, positioner: Positioner) -> dict[str, str]:
    """Return the devices of a bench file that the positioner of its VISA library does not have, with a near name.

    Devices in a table ``[positioner]`` of the file are checked there.
    """
    there = positioner.devices()
    return {} if table.positioner is not None else {
        name: nearest(name, there) for name in table.devices if name not in there}


def off_wafer(table: PositioningTable, driver: object) -> dict[str, Site]:
    """Return the devices whose die is not on the wafer map that is loaded, with their places; it asks the prober."""
    if not isinstance(driver, Prober):
        return {}
    dies = {(die.column, die.row) for die in driver.sites()}
    return {name: site for name, site in _sites(table).items() if (site.column, site.row) not in dies}


def _sites(table: PositioningTable) -> dict[str, Site]:
    return {name: Site(*(int(number) for number in place)) for name, place in table.devices.items()}


def positioner_of(
    table: PositioningTable, driver: object, require_off: RequireOff, discharge: Discharge,
) -> MatrixPositioner | ProberPositioner:
    """Return the positioner of a bench file's table; ConfigurationError where the instrument is of another kind."""
    if table.kind == "matrix" and isinstance(driver, ClosedCrosspoints):
        return MatrixPositioner(
            driver, {name: [str(point).upper() for point in points] for name, points in table.devices.items()},
            require_off, discharge)
    if table.kind == "prober" and isinstance(driver, Prober):
        return ProberPositioner(driver, _sites(table), require_off, discharge)
    raise ConfigurationError(f"positioner.instrument: '{table.instrument}' is not a {table.kind}")
