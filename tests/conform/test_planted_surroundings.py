"""`conform` finds what the instruments around the device and pulse measure units do otherwise than their twins."""



from tests.fixtures.planting import Family, Plant, field, missing, replaced, reply_is, swapped, with_error
from tsbench.conform.twin import TwinErrors

MATRIX, SWITCH = Family("keithley_707b", "keithley_707b"), Family("keithley_3706a", "keithley_3706a")
VELOX, SENTIO = Family("formfactor_velox", "formfactor_velox"), Family("mpi_sentio", "mpi_sentio")
OHMS, FARADS = Family("meatest_m632", "meatest_m632"), Family("meatest_m525", "meatest_m525")
CHUCK, PMU = Family("lakeshore_336", "lakeshore_33x"), Family("keithley_4200", "keithley_4200", "pmu1")

#: (family, what it does otherwise) -> (the plant, kinds of the differences)
PLANTS: dict[tuple[Family, str], tuple[Plant, set[str]]] = {
    (MATRIX, "a crosspoint that stays closed"): (Plant(rb"getclose", reply_is(b"1A01")), {"failure"}),
    (MATRIX, "another word for none"): (Plant(rb"getclose", replaced(b"nil", b"none")), {"failure"}),
    (MATRIX, "more digits"): (Plant(rb"status.standard.enable\)", reply_is(b"1.2800000e+02")), {"format"}),
    (MATRIX, "slow relays"): (Plant(rb"channel.open", longer=0.5), {"time"}),
    (MATRIX, "a status byte that tells of an error"): (Plant(status=with_error), {"status byte"}),
    (SWITCH, "another error code"): (Plant(rb"errorqueue", replaced(b"-2.85", b"-2.86")), {"value"}),
    (SWITCH, "a wrong message leaves no error"): (Plant(rb"delay\(-1", ignored=True), {"value"}),
    (VELOX, "a value is missing"): (Plant(rb"ReadMapPosition", missing(2, 1, " ")), {"reply"}),
    (VELOX, "another error"): (Plant(rb"ReadChuckStatus", replaced(b"0:", b"4:")), {"failure"}),
    (SENTIO, "another separator"): (Plant(rb"get_current_index", replaced(b",", b" ")), {"reply"}),
    (SENTIO, "a slow reply"): (Plant(rb"get_chuck_z", longer=0.5), {"time"}),
    (OHMS, "values in kilohms"): (Plant(rb"RES\?", lambda reply: b"%.6E" % (float(reply) / 1e3)), {"failure"}),
    (OHMS, "a plus sign"): (Plant(rb"RES\?", lambda reply: b"+" + reply), {"format"}),
    (OHMS, "terminals that stay open"): (Plant(rb"OUTP\?", reply_is(b"0")), {"failure"}),
    (FARADS, "a value that is 1 % off"): (Plant(rb"CAP\?", lambda reply: b"%.6E" % (float(reply) * 1.01)), {"failure"}),
    (FARADS, "another error text"): (Plant(rb"ERR", replaced(b"No Error", b"No error")), {"reply"}),
    (CHUCK, "fewer digits"): (Plant(rb"KRDG", lambda reply: reply[:-1]), {"format"}),
    (CHUCK, "a slow heater"): (Plant(rb"RANGE 1,0", longer=0.5), {"time"}),
    (CHUCK, "another status"): (Plant(rb"RDGST", reply_is(b"016")), {"failure"}),
    (CHUCK, "heater output with another sign"): (Plant(rb"HTR\?", replaced(b"+", b"")), {"format"}),
    (PMU, "all gains are out of their accuracy"): (Plant(errors=TwinErrors(gain=5)), {"value"}),
    (PMU, "voltage and current are swapped"): (Plant(rb"DATA:GET", swapped(0, 1)), {"value"}),
    (PMU, "a sample more"): (Plant(rb"DATA:COUNT", reply_is(b"51")), set()),
    (PMU, "another status"): (Plant(rb"DATA:GET", field(3, lambda text: text.replace("01020031", "01020030"))), set()),
    (PMU, "a slow test"): (Plant(rb"EXECUTE", longer=0.5), {"time"}),
}
