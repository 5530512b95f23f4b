"""Messages to people when a campaign ends, is stopped or asks: by the user's own configuration, never by the campaign.

A campaign names an entry of ``notify.toml`` in the user's configuration folder; commands and addresses stand there.
"""

import email.message
import json
import os
import smtplib
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tsbench.errors import ConfigurationError, nearest
from tsbench.text_files import read_toml
from tsbench.validation import first_problem

FOLDER = "TSBENCH_CONFIG"  #: environment variable: another folder of the user's configuration
_FILE = "notify.toml"
_PATIENCE = 10.0  #: [s] that a message may take


class Notification(BaseModel):
    """One entry: where a message goes."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None  #: the message is its last argument
    webhook: Annotated[str, Field(pattern=r"^https?://")] | None = None
    smtp: str | None = None  #: host of the mail server
    sender: str | None = Field(default=None, alias="from")
    to: str | None = None


def config_folder() -> Path:
    """Return the folder of the user's own configuration."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", str(Path.home()))) / "tsbench"
    return Path(os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))) / "tsbench"


def notification(name: str, folder: Path | None = None) -> Notification:
    """Return an entry of the user's configuration.

    Raises
    ------
    ConfigurationError
        There is no such file or entry, or the entry is wrong.
    """
    path = (folder or config_folder()) / _FILE
    if not path.is_file():
        raise ConfigurationError(f"the campaign names the notification '{name}', but there is no {path}. Write it, or "
                                 "remove notify")
    entries = read_toml(path, "configuration of notifications")
    if name not in entries:
        raise ConfigurationError(f"{path} has no notification '{name}'{nearest(name, entries)}")
    try:
        found = TypeAdapter(Notification).validate_python(entries[name])
    except ValidationError as error:
        raise ConfigurationError(f"{path}: [{name}]: {first_problem(error, Notification)}") from None
    ways = [found.command is not None, found.webhook is not None, found.smtp is not None]
    if sum(ways) != 1 or (found.smtp is not None and not (found.sender and found.to)):
        raise ConfigurationError(f"{path}: [{name}] needs one of command, webhook, or smtp with from and to")
    return found


def send(target: Notification, campaign: str, status: str, message: str) -> str:
    """Send a message; return why it could not be sent, "" if it was."""
    text = f"{campaign}: {status}. {message}".strip()
    try:
        if target.command is not None:
            subprocess.run([*target.command, text], check=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif target.webhook is not None:
            body = json.dumps({"campaign": campaign, "status": status, "message": message}).encode()
            request = urllib.request.Request(target.webhook, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=_PATIENCE):
                pass
        else:
            mail = email.message.EmailMessage()
            mail["Subject"], mail["From"], mail["To"] = f"tsbench: {campaign} {status}", target.sender, target.to
            mail.set_content(text)
            with smtplib.SMTP(target.smtp or "", timeout=_PATIENCE) as server:
                server.send_message(mail)
    except (OSError, ValueError, subprocess.SubprocessError, smtplib.SMTPException) as error:
        return f"the notification could not be sent ({' '.join(str(error).split())})"
    return ""
