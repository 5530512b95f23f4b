"""Writing single groups and datasets of a NeXus tree: class, units, checksum, compression."""

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from tsbench.storage import codec
from tsbench.storage.nexus.schema import CHUNK, safe_name

TEXT = h5py.string_dtype(encoding="utf-8")
_TEXT_TYPE = h5py.h5t.py_create(TEXT, logical=True)
_IN_MEMORY = h5py.h5t.py_create(TEXT)

#: NeXus gives these endings a meaning beside a field of the name before them
_RESERVED = ("_offset", "_set", "_errors", "_end", "_weights", "_mask", "_scaling_factor", "_indices")


def group(parent: Any, name: str, nx_class: str, **attributes: Any) -> Any:
    """Create a group of a NeXus class."""
    made = parent.create_group(name, track_order=True)  # netCDF readers want it
    text_attribute(made, "NX_class", nx_class)
    for key, value in attributes.items():
        made.attrs[key] = value
    return made


def text(parent: Any, name: str, value: str, **attributes: Any) -> Any:
    """Create a scalar text dataset."""
    # a run has some hundred of them: by h5py's low-level calls they take a third of the time
    dataset = _scalar(parent, name, np.array(value, dtype=TEXT), _TEXT_TYPE, _IN_MEMORY)
    for key, item in attributes.items():
        dataset.attrs[key] = item
    return dataset


def _scalar(parent: Any, name: str, value: npt.NDArray[Any], stored: Any, in_memory: Any) -> Any:
    identifier = h5py.h5d.create(parent.id, name.encode("utf-8"), stored, h5py.h5s.create(h5py.h5s.SCALAR))
    identifier.write(h5py.h5s.ALL, h5py.h5s.ALL, value, in_memory)
    return h5py.Dataset(identifier)


def text_attribute(item: Any, name: str, value: str) -> None:
    """Give a new object a text attribute that it does not have yet."""
    made = h5py.h5a.create(item.id, name.encode("utf-8"), _TEXT_TYPE, h5py.h5s.create(h5py.h5s.SCALAR))
    made.write(np.array(value, dtype=TEXT), _IN_MEMORY)


def texts(parent: Any, name: str, values: Sequence[str], **attributes: Any) -> Any:
    """Create a one-dimensional text dataset."""
    dataset = parent.create_dataset(name, shape=(len(values),), dtype=TEXT)
    if values:
        dataset[:] = list(values)
    for key, item in attributes.items():
        dataset.attrs[key] = item
    return dataset


def number(parent: Any, name: str, value: float | int | bool | None, units: str) -> Any:
    """Create a scalar with its units; None becomes NaN.

    Parameters
    ----------
    parent : group of the file
    name : of the dataset
    value : in ``units``
    units : "": none
    """
    plain = np.asarray(np.nan if value is None else value)
    kind = h5py.h5t.py_create(plain.dtype, logical=True)  # of a truth value, the names that h5py gives it
    dataset = _scalar(parent, name, plain, kind, kind)
    text_attribute(dataset, "units", units)
    return dataset


def array(parent: Any, name: str, values: npt.NDArray[Any], units: str, **attributes: Any) -> Any:
    """Create a compressed, checksummed dataset with its units.

    Parameters
    ----------
    parent : group of the file
    name : of the dataset
    values : in ``units``, any shape
    units : "": none
    **attributes : of the dataset
    """
    dataset = empty(parent, name, values.shape, values.dtype, units)
    if values.size:
        dataset[...] = values
    for key, item in attributes.items():
        dataset.attrs[key] = item
    return dataset


def empty(parent: Any, name: str, shape: tuple[int, ...], dtype: Any, units: str, packed: bool = True) -> Any:
    """Create a dataset to be filled: shuffle, gzip 1, fletcher32, chunks of 65,536 samples.

    If not ``packed``, it has the checksum only.

    Parameters
    ----------
    parent : group of the file
    name : of the dataset
    shape, dtype : of the values
    units : "": none
    packed : whether it is compressed
    """
    filters: dict[str, Any] = {}
    if shape and all(shape):
        last = min(shape[-1], CHUNK)
        rows = [1] * (len(shape) - 1)
        if rows:
            rows[-1] = min(shape[-2], max(1, CHUNK // last))
        filters = {"chunks": (*rows, last), "fletcher32": True}
        if packed:
            filters |= {"shuffle": True, "compression": "gzip", "compression_opts": 1}
    dataset = parent.create_dataset(name, shape=shape, dtype=dtype, **filters)
    text_attribute(dataset, "units", units)
    return dataset


UNSET = "NaN: the value was not set, or the instrument chose it"  #: attribute "missing" of a number that has no value


def anything(parent: Any, name: str, value: Any, units: str = "") -> Any:
    """Create a dataset of what a setting or parameter may be: number, text, list of numbers, or JSON text.

    What is not set is a NaN with its unit and the attribute "missing", or, without a unit, absent.
    """
    name = safe_name(name)
    if name.endswith(_RESERVED):
        name += "_value"
    name = _free_name(parent, name)
    value = codec.plain(value)
    if isinstance(value, bool | int | float):
        return number(parent, name, value, units)
    if isinstance(value, str):
        return text(parent, name, value)
    if value is None:
        if units:
            number(parent, name, None, units).attrs["missing"] = UNSET
        return None
    if isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
        return array(parent, name, np.asarray(value, dtype=np.float64), units)
    return text(parent, name, codec.to_json(value), type="application/json")


def _free_name(parent: Any, name: str) -> str:
    """Two names of others may become one when made safe: the second gets a number."""
    free, number = name, 2
    while parent.id.links.exists(free.encode("utf-8")):
        free, number = f"{name}_{number}", number + 1
    return free


def data_group(
    parent: Any, name: str, signal: str, axes: Sequence[str], title: str = "", nx_class: str = "NXdata"
) -> Any:
    """Create an NXdata group that every viewer finds its way in: signal, axes as an array, their indices."""
    made = group(parent, name, nx_class, signal=signal)
    made.attrs.create("axes", np.array(axes, dtype=object), dtype=TEXT)
    for index, axis in enumerate(axes):
        if axis != ".":
            made.attrs[f"{axis}_indices"] = np.int64(index)
    if title:
        text(made, "title", title)
    return made


def blank_scale(parent: Any, name: str, length: int) -> Any:
    """Create a dimension without values, as netCDF spells it.

    Parameters
    ----------
    parent : group of the file
    name : of the dimension
    length : number of its places
    """
    dataset = parent.create_dataset(name, shape=(length,), dtype="i1")  # never written: it takes no room
    dataset.attrs["units"] = ""
    dataset.make_scale(f"This is a netCDF dimension but not a netCDF variable. {length:>9}")
    return dataset
