"""The door of scripts and notebooks: ``tsbench.campaign("screen.toml", out="runs")``, with live progress."""

import sys
from html import escape
from pathlib import Path
from typing import Any

from tsbench.records import RunEvent
from tsbench.station.campaign.campaign import Campaign
from tsbench.station.campaign.outcome import CampaignOutcome

_LINES = 5  #: warnings that are shown


class NotebookCampaign(Campaign):
    """A campaign that shows its progress where it is run in a notebook."""

    def run(self, **options: Any) -> CampaignOutcome:
        """Perform the campaign; options as for :meth:`Campaign.run`."""
        progress = _LiveProgress(self.file.name) if options.get("events") is None and "IPython" in sys.modules else None
        if progress is not None and progress.shown:
            options["events"] = progress
        return super().run(**options)


class _LiveProgress:
    """One line that changes: how many runs are done, what is measured, and the last warnings."""

    def __init__(self, name: str) -> None:
        self._name, self._done, self._total, self._now = name, 0, 0, ""
        self._warnings: list[str] = []
        self._handle: Any = None
        self.shown = self._show()

    def __call__(self, event: RunEvent) -> None:
        """Show one event."""
        if event.kind == "campaign":
            self._done, self._total = int(event.data["done"]), int(event.data["total"])
        elif event.kind == "state" and event.data.get("run"):
            self._now = f"{event.data.get('protocol', '')} on {event.data.get('device', '')}"
        elif event.kind == "warning":
            self._warnings = [*self._warnings, event.message][-_LINES:]
        else:
            return
        self._show()

    def _show(self) -> bool:
        from IPython import get_ipython
        from IPython.display import HTML, display  # without types

        if get_ipython() is None:
            return False
        html = HTML(self.html())  # type: ignore[no-untyped-call]
        if self._handle is None:
            self._handle = display(html, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(html)
        return self._handle is not None

    def html(self) -> str:
        """Return what is shown."""
        bar = f"<progress value='{self._done}' max='{max(self._total, 1)}'></progress>"
        told = "".join(f"<br>{escape(line)}" for line in self._warnings)
        return f"<b>{escape(self._name)}</b> {bar} {self._done} of {self._total} runs {escape(self._now)}{told}"


def campaign(path: Path | str, out: Path | str = "runs", device_record: Path | str | None = None) -> Campaign:
    """Return a campaign: ``plan()`` tells what it would do, ``run()`` performs it.

    Parameters
    ----------
    path : the campaign file, or a list of protocols
    out : folder of the run files and of the state
    device_record : folder of the device record; None: that of the bench file, else one in ``out``

    Raises
    ------
    ConfigurationError
        It is no campaign. What is wrong with its entries is in the plan.
    """
    return NotebookCampaign(path, out, device_record)


