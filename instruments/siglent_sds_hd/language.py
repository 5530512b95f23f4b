"""The commands of Siglent's SDS oscilloscopes: SCPI headers without error queue and without status registers.

Source: SDS Series Programming Guide EN11D, common commands: ``*IDN?``, ``*OPC``, ``*RST``. After a reset the driver
writes a mark into the label of channel 1, which is not shown. A restart removes it. From this, the driver notices a
restart. Not compared with an instrument: one that recalls its last set-up when it is switched on keeps the mark and
its settings.
"""

from collections.abc import Sequence

from tsbench.instruments.languages.language import Language, no_error
from tsbench.instruments.languages.repeatable import may_be_repeated

MARK = "TSBENCH"


def mark_is_gone(replies: Sequence[str]) -> bool:
    """Whether the reply to ``:CHAN1:LAB:TEXT?`` shows a restart; ValueError where it is no text."""
    reply, = replies
    text = reply.strip()
    if not text or text[0] not in "\"'":
        raise ValueError(f"the reply {reply!r} is not a label")
    return text.strip("\"'").upper() != MARK


SIGLENT_SCOPE = Language(
    name="SCPI", error_question="", parse_error=no_error, clearing=(),
    resetting=("*RST", f":CHAN1:LAB:TEXT '{MARK}'"), power_questions=(":CHAN1:LAB:TEXT?",), power_lost=mark_is_gone,
    may_be_repeated=may_be_repeated,
)
