"""The command line: ``tsbench COMMAND …``. Every command is one call into the folder that does the work.

``parser`` declares the commands and imports nothing heavy; a command's module is imported when it is called.
"""

import argparse
import contextlib
import gc
import importlib
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence

from tsbench.cli.json_output import only_json
from tsbench.cli.parser import build_parser
from tsbench.cli.plain_text import PLAIN_TEXT
from tsbench.errors import EXIT_INTERRUPTED, TsbenchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done, 1 failed (what was measured is on disk), 2 bad input, 3 unsafe and refused, 130 interrupted, safe.
    """
    # before NumPy is loaded, here and in processes that are started: the threads of its linear algebra wait for each
    # other in loops, which costs more than it saves with arrays of this size, the more so on a busy computer
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options = build_parser().parse_args(arguments)
    if not getattr(options, "debug", False):
        warnings.simplefilter("ignore")  # what libraries warn about is for developers: --debug shows it
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAIN_TEXT)  # a console without µ or ≥ is no reason to fail
    try:
        code = _carry_out(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has gone: that is not an error
        from tsbench.cli.discarding import discard

        discard(sys.stdout)
        return 0
    except KeyboardInterrupt as error:
        if arguments is None:  # this process ends now: another Ctrl-C must not change its exit code
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        from tsbench.plugins import ImportInterrupted

        return _say(_one_line(error) if isinstance(error, ImportInterrupted) else "interrupted", EXIT_INTERRUPTED)
    except TsbenchError as error:
        if getattr(options, "debug", False):
            raise
        return _say(_one_line(error), error.exit_code)
    except OSError as error:
        if getattr(options, "debug", False):
            raise
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}", 2)
    except (Exception, SystemExit) as error:  # the program itself does not call sys.exit: it is a plug-in's code
        if getattr(options, "debug", False):
            raise
        from tsbench.plugins import fault_of, in_words

        what = in_words(error) if fault_of(error) else f"unexpected {in_words(error)}"
        return _say(f"{what} (run with --debug for the traceback)", 1)
    return code


def _carry_out(options: argparse.Namespace) -> int:
    module, _, function = options.command_function.partition(":")
    # without a handler, logging would print on standard error what the command prints there itself
    silent, ours = logging.NullHandler(), logging.getLogger("tsbench")
    ours.addHandler(silent)
    thresholds = gc.get_threshold()
    gc.set_threshold(10_000)  # what a command imports stays: to look for garbage in it takes 0.2 s
    try:
        command: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(module), function)
        with only_json() if getattr(options, "json", False) else contextlib.nullcontext():
            if options.log or options.verbose or options.trace:
                from tsbench.cli.log_file import carry_out_logged

                return carry_out_logged(command, options)
            return command(options)
    finally:
        gc.set_threshold(*thresholds)
        ours.removeHandler(silent)


def _say(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"tsbench: {message}\n")
    return code


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
