"""`conform` finds what oscilloscopes of all families do otherwise than their twins."""



from tests.fixtures.planting import Change, Family, Plant, field, replaced, reply_is, scaled, swapped, with_error
from tsbench.conform.twin import TwinErrors

DSOX = Family("keysight_dsox2024a", "keysight_infiniivision")
DSO9000 = Family("keysight_dso9254a", "keysight_infiniium")
T3DSO, DS1000Z = Family("lecroy_t3dso1104", "lecroy_t3dso"), Family("rigol_ds1074z", "rigol_ds1000z")
RTB, DPO = Family("rohde_schwarz_rtb2004", "rohde_schwarz_rtb"), Family("tektronix_dpo5104b", "tektronix_dpo")
GAIN, OFFSET = Plant(errors=TwinErrors(gain=4)), Plant(errors=TwinErrors(offset=4))


def part(change: Change) -> Change:
    """Return what changes the samples of a block: ``#800040000`` stands before them."""

    def changed(reply: bytes) -> bytes:
        start, digits = reply.index(b"#"), int(reply[reply.index(b"#") + 1:][:1])
        samples = change(reply[start + 2 + digits:])
        return reply[:start + 2] + b"%0*d" % (digits, len(samples)) + samples

    return changed


#: (family, what it does otherwise) -> (the plant, kinds of the differences)
PLANTS: dict[tuple[Family, str], tuple[Plant, set[str]]] = {
    (DSOX, "gains are out of their accuracy"): (GAIN, {"value"}),
    (DSOX, "offsets are out of their accuracy"): (OFFSET, {"value"}),
    (DSOX, "the scale of the preamble is 1 % high"): (Plant(rb"PRE\?", field(7, scaled(1.01))), {"value"}),
    (DSOX, "two times of the preamble are swapped"): (Plant(rb"PRE\?", swapped(4, 5)), {"value"}),
    (DSOX, "a sample is missing"): (Plant(rb"WAV:DATA\?", part(lambda samples: samples[:-1])), set()),
    (DSOX, "the bit for a trigger is missed"): (Plant(rb"TER\?", reply_is(b"+0")), set()),
    (DSOX, "another word for 1 MOhm"): (Plant(rb"IMP\?", replaced(b"ONEM", b"ONEMEG")), {"reply"}),
    (DSOX, "slow data"): (Plant(rb"WAV:DATA\?", longer=0.5), {"time"}),
    (DSOX, "a status byte that tells of an error"): (Plant(status=with_error), {"status byte"}),
    (DSO9000, "gains are out of their accuracy"): (GAIN, {"value"}),
    (DSO9000, "the samples have another byte order"): (Plant(
        rb"WAV:DATA\?", part(lambda samples: b"\0" + samples[:-1])), {"value"}),
    (DSO9000, "a range that is 1 % wide"): (Plant(rb"RANG\?", lambda reply: b"%.8E" % (float(reply) * 1.01)), set()),
    (DSO9000, "a wrong message leaves no error"): (Plant(rb"TSBENCH", ignored=True), {"value"}),
    (DSO9000, "the number of points is that of the screen"): (Plant(rb"PRE\?", field(2, lambda text: "1000")), set()),
    (T3DSO, "gains are out of their accuracy"): (GAIN, {"value"}),
    (T3DSO, "offsets are out of their accuracy"): (OFFSET, {"value"}),
    (T3DSO, "fewer digits"): (Plant(rb"VDIV\?", lambda reply: b"%.1E" % float(reply)), {"format"}),
    (T3DSO, "offsets have the other sign"): (Plant(rb"OFST\?", lambda reply: b"%.2E" % -float(reply)), set()),
    (T3DSO, "the sample rate is that of two channels"): (Plant(rb"SARA\?", lambda reply: b"5.00E+08"), {"value"}),
    (T3DSO, "replies have headers after a reset"): (Plant(rb"CHDR OFF", ignored=True), set()),
    (DS1000Z, "gains are out of their accuracy"): (GAIN, {"value"}),
    (DS1000Z, "the reference of the codes is one more"): (Plant(rb"PRE\?", field(9, lambda text: "128")), {"value"}),
    (DS1000Z, "the samples are 5 codes high"): (Plant(
        rb"WAV:DATA\?", part(lambda samples: bytes(min(one + 5, 255) for one in samples))), {"value"}),
    (DS1000Z, "another word of the trigger"): (Plant(rb"TRIG:STAT\?", replaced(b"WAIT", b"READY")), {"reply"}),
    (DS1000Z, "another error code"): (Plant(rb"SYST:ERR", replaced(b"-113", b"-110")), {"value"}),
    (DS1000Z, "a point of the preamble is missing"): (Plant(
        rb"PRE\?", lambda reply: reply.rpartition(b",")[0]), {"reply"}),
    (RTB, "gains are out of their accuracy"): (GAIN, {"value"}),
    (RTB, "the scale is 2 % high"): (Plant(rb"YINC\?", lambda reply: b"6.375000303E-5"), {"value"}),
    (RTB, "another word for the coupling"): (Plant(rb"COUP\?", replaced(b"DCL", b"DCLimit")), {"reply"}),
    (RTB, "numbers with an exponent"): (Plant(rb"RANG\?", lambda reply: b"%.6E" % float(reply)), {"format"}),
    (RTB, "one sample more in the header"): (Plant(rb"HEAD\?", field(2, lambda text: str(int(text) + 1))), {"value"}),
    (DPO, "gains are out of their accuracy"): (GAIN, {"value"}),
    (DPO, "the scale is 1 % high"): (Plant(rb"YMU", replaced(b"16.0000E-3", b"16.1600E-3")), {"value"}),
    (DPO, "numbers as others write them"): (Plant(rb"SCA\?", lambda reply: b"%.6E" % float(reply)), {"format"}),
    (DPO, "another event"): (Plant(rb"ALLE", replaced(b"113,", b"110,")), {"value"}),
    (DPO, "the status register keeps its bits"): (Plant(rb"\*ESR\?", replaced(b"16;", b"48;")), {"value"}),
    (DPO, "scale and offset are swapped"): (Plant(rb"YMU", swapped(3, 5, ";")), {"format"}),
}
