"""Temperature curves of a Lake Shore controller: headers of all, points of those that the user has written."""

from dataclasses import dataclass, field

FIRST_USER_CURVE, LAST_CURVE = 21, 59  #: (user's manual of the 336, p. 130)
MOST_POINTS = 200  #: of a curve
VOLTS, OHMS = 2, 3  #: formats: V/K and Ohm/K
NEGATIVE, POSITIVE = 1, 2  #: coefficients
Point = tuple[float, float]  #: sensor units, temperature [K]
_FEWEST = 2  #: points of a curve that has a slope


@dataclass
class Curve:
    """One curve.

    Parameters
    ----------
    name, serial : at most 15 and 10 characters
    format : of its points: 1 mV/K, 2 V/K, 3 Ohm/K, 4 log Ohm/K
    limit : highest temperature [K]. The limit of an empty curve is not compared with a manual
    sign : of its slope, where it has no two points: 1 negative, 2 positive
    points : by their index, 1 to 200; standard curves have none here
    """

    name: str = ""
    serial: str = ""
    format: int = VOLTS
    limit: float = 325.0
    sign: int = NEGATIVE
    points: dict[int, Point] = field(default_factory=dict)

    @property
    def coefficient(self) -> int:
        """Return the sign of the slope, which the first two points decide (user's manual of the 336, p. 130)."""
        if len(self.points) < _FEWEST:
            return self.sign
        (low, cold), (high, warm) = (self.points[index] for index in sorted(self.points)[:_FEWEST])
        return POSITIVE if (high - low) * (warm - cold) > 0 else NEGATIVE


def curves_as_delivered() -> dict[int, Curve]:
    """Return all curves by number. Their headers are not compared with a manual, but for the names of two of them."""
    standard = {2: Curve("DT-670", "STANDARD C", VOLTS, 500.0), 6: Curve("PT-100", "STANDARD C", OHMS, 800.0, POSITIVE)}
    return {number: standard.get(number) or Curve() for number in range(1, LAST_CURVE + 1)}
