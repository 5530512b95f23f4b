"""Waveforms <-> blocks of raw codes: one block per channel, range, rate and length."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.records import Flag, Waveform
from tsbench.samples import envelope
from tsbench.storage import codec
from tsbench.storage.nexus import items as nx
from tsbench.storage.nexus.chunks import read_codes, write_codes
from tsbench.storage.nexus.schema import PREVIEW, block_name, preview_name, safe_name

_FACTS = ("scale", "offset", "dt", "clip_low", "clip_high", "bandwidth", "accuracy_gain", "accuracy_offset")


def _key(waveform: Waveform) -> tuple[Any, ...]:
    facts = tuple(getattr(waveform, name) for name in _FACTS)
    conditions = tuple(sorted((name, type(value).__name__) for name, value in waveform.conditions.items()))
    kind = codec.array_bytes(waveform.codes[:0])[0]
    return (waveform.channel, waveform.unit, kind, waveform.codes.shape[1], *facts, conditions)


def in_blocks(waveforms: Sequence[Waveform]) -> list[list[int]]:
    """Return which waveforms each block of a run file holds, by their places in the run."""
    blocks: dict[tuple[Any, ...], list[int]] = {}
    for index, waveform in enumerate(waveforms):
        blocks.setdefault(_key(waveform), []).append(index)
    return list(blocks.values())


def write_waveforms(
    entry: Any, waveforms: Sequence[Waveform], units: Mapping[str, str], packed: bool
) -> tuple[Any, dict[str, list[npt.NDArray[Any]]]]:
    """Write ``entry/waveforms``.

    Parameters
    ----------
    entry : h5py.Group
    waveforms : sequence of Waveform
    units : mapping
        Units of conditions by name.
    packed : bool
        Whether the codes are compressed.

    Returns
    -------
    h5py.Group or None
        The first preview.
    dict
        Path of each dataset of codes -> the arrays written to it.
    """
    parent = nx.group(entry, "waveforms", "NXcollection")
    first, written = None, {}
    for number, indices in enumerate(in_blocks(waveforms)):
        members = [waveforms[index] for index in indices]
        signal = _write_block(parent, number, members, np.array(indices, dtype=np.int64), units, packed)
        parts = [codec.little_endian(waveform.codes) for waveform in members]
        if signal.chunks:
            write_codes(signal, parts)
        written[str(signal.name)] = parts
        preview = _write_preview(parent, number, members[len(members) // 2])
        first = first or preview
    return first, written


def _write_block(
    parent: Any,
    number: int,
    members: Sequence[Waveform],
    indices: npt.NDArray[np.int64],
    units: Mapping[str, str],
    packed: bool,
) -> Any:
    one = members[0]
    segments = np.array([waveform.codes.shape[0] for waveform in members], dtype=np.int64)
    records, samples = int(segments.sum()), one.codes.shape[1]
    block = nx.data_group(parent, block_name(number), "signal", ("record", "sample"), f"{one.channel}, raw codes")
    block.attrs["channel"] = one.channel
    block.attrs["note"] = "signal holds ADC codes: value = signal * scale_factor + add_offset"
    kind = codec.array_bytes(one.codes[:0])[0]
    signal = nx.empty(block, "signal", (records, samples), kind, one.unit, packed=packed)
    signal.attrs["scale_factor"] = one.scale
    signal.attrs["add_offset"] = one.offset
    signal.attrs["long_name"] = f"{one.channel} [{one.unit}]"
    nx.number(block, "signal_scaling_factor", one.scale, one.unit)
    nx.number(block, "signal_offset", one.offset / one.scale if one.scale else np.nan, "")
    nx.number(block, "dt", one.dt, "s")
    for name, fact, unit in (
        ("clip_low", one.clip_low, ""),
        ("clip_high", one.clip_high, ""),
        ("bandwidth", one.bandwidth, "Hz"),
    ):
        if fact is not None:
            nx.number(block, name, fact, unit)
    nx.number(block, "gain_accuracy", one.accuracy_gain, "")
    nx.number(block, "level_accuracy", one.accuracy_offset, one.unit)
    record = nx.array(block, "record", np.arange(records, dtype=np.int64), "")
    record.make_scale("record")
    sample = nx.blank_scale(block, "sample", samples)
    signal.dims[0].attach_scale(record)
    signal.dims[1].attach_scale(sample)
    segment_times = np.concatenate([waveform.segment_times for waveform in members]).astype(np.float64)
    times = nx.array(block, "record_time", segment_times, "s")
    times.attrs["long_name"] = "time of the trigger of each record, from the first trigger of the same acquisition"
    times.dims[0].attach_scale(record)
    acquisitions = nx.group(block, "acquisitions", "NXcollection")
    nx.array(acquisitions, "order", indices, "")
    nx.array(acquisitions, "segments", segments, "")
    nx.array(acquisitions, "time", np.array([w.time for w in members], dtype=np.float64), "s")
    nx.array(acquisitions, "t0", np.array([w.t0 for w in members], dtype=np.float64), "s")
    flags = nx.array(acquisitions, "flags", np.array([int(w.flags) for w in members], dtype=np.uint32), "")
    describe_flags(flags)
    conditions = nx.group(acquisitions, "conditions", "NXcollection")
    for position, name in enumerate(one.conditions):
        values = [codec.plain(waveform.conditions[name]) for waveform in members]
        item = safe_name(name) if safe_name(name) not in conditions else f"condition_{position}"
        if all(type(value) is float for value in values):
            dataset = nx.array(conditions, item, np.array(values, dtype=np.float64), units.get(name, ""))
        elif all(type(value) is int for value in values):
            dataset = nx.array(conditions, item, np.array(values, dtype=np.int64), units.get(name, ""))
        else:
            dataset = nx.texts(conditions, item, [codec.to_json(value) for value in values])
        dataset.attrs["name"] = name
    return signal


def describe_flags(dataset: Any) -> None:
    """Say in the file what each bit of a flags dataset means."""
    members = [flag for flag in Flag if flag]
    dataset.attrs["flag_masks"] = np.array([int(flag) for flag in members], dtype=np.uint32)
    dataset.attrs["flag_meanings"] = " ".join(str(flag.name).lower() for flag in members)


def _decimated(
    codes: npt.NDArray[Any], falling: bool = False, length: int = PREVIEW
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], int]:
    """Return the samples of a min/max envelope of at most ``length`` points.

    Parameters
    ----------
    codes : shape (n,)
    falling : whether a higher code is a lower value
    length : of the envelope

    Returns
    -------
    positions of the samples in ``codes``, where each is drawn [samples], and the decimation
    """
    if len(codes) <= length:
        return np.arange(len(codes)), np.arange(len(codes), dtype=np.float64), 1
    step = -(-len(codes) // (length // 2))
    edges = range(0, len(codes) // step * step + 1, step)
    lowest, highest = envelope(codes, edges)
    both = np.stack([highest, lowest] if falling else [lowest, highest], axis=1).ravel()
    starts = np.array(edges[:-1], dtype=np.float64)
    return both, np.stack([starts, starts + step / 2], axis=1).ravel(), step


def _write_preview(parent: Any, number: int, waveform: Waveform) -> Any:
    name = preview_name(number)
    codes = waveform.codes[0] if len(waveform.codes) else waveform.codes.reshape(-1)
    positions, places, step = _decimated(codes, waveform.scale < 0)
    values = codes[positions].astype(np.float64) * waveform.scale + waveform.offset
    times = waveform.t0 + waveform.dt * places
    preview = nx.data_group(parent, name, "signal", ("time",), f"{waveform.channel}, preview")
    preview.attrs["source"] = block_name(number)
    preview.attrs["channel"] = waveform.channel
    preview.attrs["decimation"] = step
    time = nx.array(preview, "time", times, "s", long_name="time after the trigger [s]")
    time.make_scale("time")
    signal = nx.array(preview, "signal", values.astype(np.float32), waveform.unit)
    signal.attrs["long_name"] = f"{waveform.channel} [{waveform.unit}]"
    signal.dims[0].attach_scale(time)
    return preview


def read_waveforms(
    parent: Any, read: Callable[[Any], npt.NDArray[Any]] = read_codes
) -> tuple[Waveform, ...]:
    """Rebuild all waveforms in the order of their acquisition; UnreadableFile where one is missing.

    ``read`` returns the codes of a dataset.
    """
    found: dict[int, Waveform] = {}
    for name in parent:
        if name.startswith("block_"):
            found.update(_read_block(parent[name], read))
    if sorted(found) != list(range(len(found))):
        raise UnreadableFile("some waveforms of the run are missing, so the file is damaged. Use another copy")
    return tuple(found[index] for index in range(len(found)))


def _read_block(block: Any, read: Callable[[Any], npt.NDArray[Any]]) -> dict[int, Waveform]:
    signal, acquisitions = block["signal"], block["acquisitions"]
    codes, record_times = read(signal), block["record_time"][...]
    conditions = {str(item.attrs["name"]): _condition_values(item) for item in acquisitions["conditions"].values()}
    columns = {name: acquisitions[name][...].tolist() for name in ("order", "segments", "time", "t0", "flags")}
    alike: dict[str, Any] = {
        "channel": str(block.attrs["channel"]),
        "unit": str(signal.attrs["units"]),
        "scale": float(signal.attrs["scale_factor"]),
        "offset": float(signal.attrs["add_offset"]),
    }
    for name, dataset in (
        ("dt", "dt"),
        ("accuracy_gain", "gain_accuracy"),
        ("accuracy_offset", "level_accuracy"),
    ):
        alike[name] = float(block[dataset][()])
    for name in ("clip_low", "clip_high", "bandwidth"):
        alike[name] = block[name][()].item() if name in block else None
    found, row = {}, 0
    for position, index in enumerate(columns["order"]):
        rows = slice(row, row + columns["segments"][position])
        row = rows.stop
        found[int(index)] = Waveform(
            **alike,
            codes=codes[rows],
            segment_times=record_times[rows],
            t0=columns["t0"][position],
            conditions={name: values[position] for name, values in conditions.items()},
            time=columns["time"][position],
            flags=Flag(columns["flags"][position]),
        )
    return found


def _condition_values(dataset: Any) -> list[Any]:
    if dataset.dtype.kind == "O":
        return [codec.from_json(text) for text in dataset.asstr()[...]]
    values: list[Any] = dataset[...].tolist()
    return values
