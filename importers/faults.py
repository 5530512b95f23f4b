"""What a reader says of a record that it cannot read: one line, with the next step."""

from tsbench.errors import UnreadableFile


def damaged(source: str, fault: str) -> UnreadableFile:
    """Return the error for a file whose content makes no sense."""
    return UnreadableFile(f"{source}: {fault}. Save the record on the oscilloscope again")


def cut_off(source: str, more: str = "") -> UnreadableFile:
    """Return the error for a file that ends before its data do; ``more`` in brackets behind "incomplete"."""
    return UnreadableFile(f"{source}: the file is incomplete{more}. Copy it from the oscilloscope again")
