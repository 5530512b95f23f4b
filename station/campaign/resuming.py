"""What a folder holds of a campaign that is taken up again: its state, and runs that a crash left as journals."""

from collections.abc import Mapping
from pathlib import Path

from tsbench.errors import StorageError, first_sentence
from tsbench.records import RunEvent
from tsbench.station.campaign.specs import CampaignFile
from tsbench.station.campaign.state import CampaignState, read_state
from tsbench.station.device_record import DeviceRecords
from tsbench.station.runner.events import Listener


def resumable(out: Path, file: CampaignFile, *, resume: bool) -> CampaignState | None:
    """Return the state of the campaign in a folder; None where a new one begins.

    Raises
    ------
    StorageError
        There is one, and it is not to be resumed.
    """
    state = read_state(out, file.name)
    if state is None or not state.begun:
        return None
    if not resume:
        raise StorageError(f"{out}: this campaign has been begun in this folder already. Go on with it by --resume, or "
                           "choose another folder with --out")
    return state


def open_charges(state: CampaignState, records: DeviceRecords) -> dict[str, str]:
    """Return charge -> key of the runs that have an outcome and are not settled: a crash came between the two."""
    return {charge: key for charge, key in state.charges.items() if key in state.outcomes
            and charge in records.life(str(state.intents[key].get("device", ""))).open}


def recovered_runs(out: Path, state: CampaignState, tell: Listener) -> Mapping[str, str]:
    """Make run files of journals that a crash left; return key -> identifier of runs whose name was not noted."""
    from tsbench.extraction import extract
    from tsbench.storage import read_run, recover

    found: dict[str, str] = {}
    for path in recover(out, lambda problem: tell(RunEvent("warning", problem)), extract):
        tell(RunEvent("log", f"recovered {path}"))
        try:
            header = read_run(path).header
        except StorageError as error:
            tell(RunEvent("warning", f"{path.name} cannot be used ({first_sentence(error)})"))
            continue
        if header.run_id in state.runs.values() or header.campaign_id != state.begun.get("id"):
            continue
        for key in state.unfinished:
            intent = state.intents[key]
            if intent.get("device") == header.device.identifier and intent.get("protocol") == header.protocol:
                found[key] = header.run_id
    return found
