"""Writes the first files of a bench: bench file, world file for a rehearsal, list of the first measurements."""

from tsbench.station.new_bench.answers import Answers, Question, questions
from tsbench.station.new_bench.files import NewFiles, new_files
from tsbench.station.new_bench.found import FoundInstrument, find, simulated

__all__ = ["Answers", "FoundInstrument", "NewFiles", "Question", "find", "new_files", "questions", "simulated"]
