"""`conform` finds what pulse generators of all families do otherwise than their twins."""



from tests.fixtures.planting import Family, Plant, missing, replaced, reply_is, scaled_reply, swapped, with_error

K33250, K33500 = Family("keysight_33250a", "keysight_33250a", "1"), Family("keysight_33522b", "keysight_33500", "1")
K81150, DG800 = Family("keysight_81150a", "keysight_81160a", "1"), Family("rigol_dg822", "rigol_dg800", "1")
SDG, AFG = Family("siglent_sdg2042x", "siglent_sdg2000x", "1"), Family("tektronix_afg3102c", "tektronix_afg", "1")

#: (family, what it does otherwise) -> (the plant, kinds of the differences)
PLANTS: dict[tuple[Family, str], tuple[Plant, set[str]]] = {
    (K33250, "no plus signs"): (Plant(rb"VOLT\?", replaced(b"+", b"")), {"format"}),
    (K33250, "a period that is 1 % longer"): (Plant(rb"PER\?", scaled_reply(1.01)), set()),
    (K33250, "the mark of a restart is lost"): (Plant(rb"\*ESE\?", replaced(b"128", b"0")), {"value"}),
    (K33250, "another error text"): (Plant(rb"SYST:ERR", replaced(b"Undefined header", b"Unknown header")), {"reply"}),
    (K33250, "an open load is a word"): (Plant(rb"LOAD\?", replaced(b"+9.9000000000000E+37", b"INF")), set()),
    (K33250, "a status byte that tells of an error"): (Plant(status=with_error), {"status byte"}),
    (K33500, "fewer digits"): (Plant(rb"VOLT\?", lambda reply: b"%+.5E" % float(reply)), {"format"}),
    (K33500, "amplitudes are rms"): (Plant(rb"SOUR1:VOLT\?", scaled_reply(0.5)), {"failure"}),
    (K33500, "another error code"): (Plant(rb"SYST:ERR", replaced(b"-113", b"-110")), {"value"}),
    (K33500, "a wrong message leaves no error"): (Plant(rb"\*ESE 999", ignored=True), {"value"}),
    (K33500, "a wrong message leaves two errors"): (Plant(rb"TSBENCH", then=b":NONSENSE 1"), {"course"}),
    (K33500, "edges are 5 % longer"): (Plant(rb"TRAN:LEAD\?", scaled_reply(1.05)), {"value"}),
    (K33500, "the output switches slowly"): (Plant(rb"OUTP1 ON", longer=0.5), {"time"}),
    (K33500, "a burst is one pulse short"): (Plant(rb"NCYC\?", replaced(b"+3.0", b"+2.0")), {"failure"}),
    (K33500, "an output that says it is off"): (Plant(rb"OUTP1\?", reply_is(b"0")), {"failure"}),
    (K81150, "a limit that is 1 % wide"): (Plant(rb"LIM:HIGH\?", scaled_reply(1.01)), {"value"}),
    (K81150, "two digits of the exponent too many"): (Plant(rb"WIDT1\?", replaced(b"E-0", b"E-000")), {"format"}),
    (K81150, "the load has another default"): (Plant(rb"\*RST", then=b":OUTP1:LOAD 75;:TRIG1:COUN 7"), set()),
    (K81150, "a slow waveform"): (Plant(rb"DATA", longer=1.0), {"time"}),
    (K81150, "a wrong message leaves no error"): (Plant(rb"TSBENCH", ignored=True), {"value"}),
    (DG800, "numbers for switches"): (Plant(rb"OUTP1\?", lambda reply: {b"ON": b"1", b"OFF": b"0"}[reply]), {"reply"}),
    (DG800, "a frequency that is 0.1 % low"): (Plant(rb"FREQ\?", scaled_reply(0.999)), set()),
    (DG800, "an offset of 5 mV"): (Plant(rb"OFFS\?", lambda reply: b"%.6E" % (float(reply) + 5e-3)), {"value"}),
    (DG800, "another error code"): (Plant(rb"SYST:ERR", replaced(b"-113", b"-100")), {"value"}),
    (DG800, "slow settings"): (Plant(rb"PULS:WIDT ", longer=0.2), {"time"}),
    (SDG, "a field is missing"): (Plant(rb"BSWV\?", missing(6, 2)), {"reply"}),
    (SDG, "frequency and period are swapped"): (Plant(rb"BSWV\?", swapped(3, 5)), {"reply"}),
    (SDG, "load and polarity are swapped"): (Plant(rb"OUTP\?", swapped(2, 4)), {"reply"}),
    (SDG, "no header"): (Plant(rb"BTWV\?", replaced(b"C1:BTWV ", b"")), set()),
    (SDG, "another unit"): (Plant(rb"BSWV\?", replaced(b"e-05S", b"e-05s")), {"reply"}),
    (SDG, "the synchronisation has another default"): (Plant(rb"SYNC\?", replaced(b"ON", b"OFF")), {"reply"}),
    (AFG, "an open load is 1 MOhm"): (Plant(rb"IMP\?", replaced(b"9.900000000E+37", b"1.000000000E+06")), {"failure"}),
    (AFG, "amplitudes are 1 % high"): (Plant(rb"VOLT\?", scaled_reply(1.01)), {"value"}),
    (AFG, "fewer digits"): (Plant(rb"TRAN\?", lambda reply: b"%.3E" % float(reply)), {"format"}),
    (AFG, "a plus sign before good news"): (Plant(rb"SYST:ERR", replaced(b'0,"No', b'+0,"No')), {"format"}),
    (AFG, "a wrong message leaves no error"): (Plant(rb"\*ESE ABC", ignored=True), {"value"}),
}
