"""What a run without any record gives: one row of its main quantity, without a value."""

from tsbench.records import Flag, Result, Run


def or_nothing(results: list[Result], run: Run, quantity: str, unit: str) -> list[Result]:
    """Return the results of a run; where there are none, a row of a quantity that says so (NO_EVENT).

    Without a point, it has the flag TOO_FEW too.

    A run that was stopped before its first record, or of which the scope missed every one (TRIGGER_MISSED), would
    otherwise be missing in a table of results.

    Parameters
    ----------
    results : of the run
    run : as read back
    quantity, unit : that the protocol is for
    """
    if results:
        return results
    missed = bool(((run.point_flags & int(Flag.TRIGGER_MISSED)) != 0).any()) or any(
        Flag.TRIGGER_MISSED in wave.flags for wave in run.waveforms)
    method = ("the run has no point" if not len(run.points) else "the scope missed all that was sent" if missed else
              "the run has no record that tells anything")
    flags = Flag.NO_EVENT | (Flag.TRIGGER_MISSED if missed else Flag.NONE if len(run.points) else Flag.TOO_FEW)
    return [Result(quantity, unit, None, None, None, method, {}, flags)]
