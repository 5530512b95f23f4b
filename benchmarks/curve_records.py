"""Half-sweeps that change at one place and do not switch: knees, floors and ranges of a meter, bad contacts."""

import numpy as np

from benchmarks.sweep_records import Record

KINDS = ("knee", "square law", "floor", "range", "contact")


def curve(random: np.random.Generator) -> Record:
    """Return a record of 100 to 1,000 readings, up and down again, that changes sharply and is no device's.

    A hard knee or a square law above a voltage, a meter that reads zero below a current, a range whose readings are
    too small by a factor, or a contact that is bad for 3 to 10 readings of one branch.
    """
    kind = str(random.choice(KINDS))
    one = round(10 ** random.uniform(np.log10(50), np.log10(500)))
    top = float(10 ** random.uniform(-0.5, 0.5))
    up = np.linspace(0.0, top, one)
    level = np.concatenate((up, up[-2::-1]))
    place = top * random.uniform(0.4, 0.85)
    current = level / 10 ** random.uniform(3, 9)
    over = np.maximum(level - place, 0.0)
    full = float(current.max())
    if kind == "knee":
        current = current + full * 10 ** random.uniform(2, 6) * over / top
    elif kind == "square law":
        current = 10 ** random.uniform(-6, -2) * over**2
    elif kind == "range":
        current = current * np.where(level > place, 1.0, random.uniform(0.02, 0.45))
    elif kind == "contact":
        first, length = int(random.integers(one // 4, one - 12)), int(random.integers(3, 11))
        first += int(random.choice([0, one]))
        current[first : first + length] *= 10 ** random.uniform(-3, -0.7)
    noise = 10 ** random.uniform(-4, -1.7)
    seen = current * np.exp(noise * random.standard_normal(level.size))
    if kind == "floor":
        seen[seen < full * place / top] = 0.0
    seen = seen + float(current.max()) * 10 ** random.uniform(-9, -7) * random.standard_normal(level.size)
    none = np.zeros(level.size, dtype=bool)
    return Record(kind, "voltage", level, level.copy(), seen, none, 0.0, 1e-4, 1e-6)
