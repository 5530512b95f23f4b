"""How the functions of the simulation are compiled, and when the compiled code on disk is too old."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

_ROOT = Path(__file__).parent.parent
_FOLDERS = ("circuit", "devices", "numerics", "studies")  #: of simulated_backends


def compiled(function: Any, **options: Any) -> Any:
    """Compile for the step loop: cached on disk, without the GIL, floating point as in NumPy.

    ``_nrt=False`` switches numba's reference counting off: it would add some 20 atomic operations to each
    evaluation of a circuit, three times the physics. Such functions cannot create arrays; callers bring scratch.
    Products and sums may be fused and divisions turned into products; infinities and NaN stay what they are.
    """
    dispatcher = njit(cache=True, **_OPTIONS, nogil=True, **options)(function)
    _stamp(dispatcher, function)
    return dispatcher


def by_address(signature: Any) -> Callable[[Any], Callable[[], int]]:
    """Compile for callers in compiled code that get the function's address: what this returns hands the address out.

    A function that is called by its name is compiled again within each of its callers, which takes seconds where it
    contains all devices. A call by address costs some 15 ns. The address travels as a number, since numba spends 0.1
    ms on each function among the arguments of a call. ``signature`` is what numba calls the function's type.
    """
    def decorate(function: Any) -> Callable[[], int]:
        @functools.cache
        def made() -> Any:
            code: Any = CFunc(function, (signature.args, signature.return_type), locals={}, options=_OPTIONS)
            code.enable_caching()
            _stamp(code, function)
            code.compile()
            return code

        def address() -> int:
            return int(made().address)
        return functools.wraps(function)(address)
    return decorate


def function_at(signature: Any) -> Any:
    """Return what turns an address from :func:`by_address` into the function, within compiled code."""
    function_type = types.FunctionType(signature)

    @intrinsic
    def at(_: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            nowhere = context.get_constant_null(types.voidptr)
            function = cgutils.create_struct_proxy(function_type)(context, builder)
            function.c_addr = builder.inttoptr(arguments[0], nowhere.type)
            function.py_addr = function.jit_addr = nowhere
            return function._getvalue()
        return function_type(types.intp), code
    return at


_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False, "fastmath": {"contract", "arcp"}}


def _stamp(compiler: Any, function: Any) -> None:
    # numba's cache compares the file of the function only, but one function contains others from other files:
    # a changed device model must not meet an old integrator. Where numba has no such attribute, its own rule holds.
    cache_file: Any = getattr(getattr(compiler, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = stamp_of_all_sources() + stamp_of_others(function)


def inlined(function: Any) -> Any:
    """Compile as :func:`compiled` does, into whoever calls: for the formulas inside a loop over devices."""
    return compiled(function, forceinline=True)


def as_compiled(function: Any) -> Any:
    """Return a function that is compiled already as it is, and any other as :func:`inlined` compiles it."""
    return function if hasattr(function, "py_func") else inlined(function)


def part(function: Any) -> Any:
    """Compile as part of whoever calls, and not by itself: for what is called from one or two places."""
    return compiled(function, inline="always")


@functools.cache
def stamp_of_all_sources() -> str:
    """Return a digest of every file from which compiled functions come."""
    return _stamp_of_files(tuple(path for folder in _FOLDERS for path in sorted((_ROOT / folder).rglob("*.py"))))


@functools.cache   # of the file as it was when it was imported: a later edit does not change the imported function
def stamp_of_others(function: Any) -> str:
    """Return a digest of the file of a function from elsewhere, and of what stands beside it in its package.

    Empty for the functions of :func:`stamp_of_all_sources` and for those in generated modules, whose names contain such
    a digest.
    """
    path = Path(function.__code__.co_filename)
    if any(_ROOT / folder in path.parents for folder in _FOLDERS) or not path.exists():
        return ""
    return _stamp_of_folder(path.parent) if (path.parent / "__init__.py").exists() else _stamp_of_files((path,))


def _stamp_of_folder(folder: Path) -> str:
    return _stamp_of_files(tuple(sorted(folder.rglob("*.py"))))


def _stamp_of_files(paths: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@intrinsic
def widest_vectors(typing_context: Any) -> Any:
    """Let the function that calls this use the widest vector registers of the processor.

    LLVM halves them on most processors that have 512 bit (its function attribute "prefer-vector-width"), since a few
    wide operations slow down what is around them. Loops over a million samples take less than half the time with them,
    circuits in lanes three quarters.
    Numbers are the same. A function that is called needs the call as well, unless it is :func:`inlined`.
    """
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # beside llvmlite's check, which knows no attributes that have values
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.none(), generate
