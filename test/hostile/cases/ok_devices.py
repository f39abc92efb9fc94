# does: the devices that every program expects

import os, random, secrets, uuid
with open("/dev/null", "w") as null:
    print("x", file=null)
assert len(open("/dev/urandom", "rb").read(8)) == 8 and open("/dev/zero", "rb").read(2) == b"\0\0"
os.urandom(8), secrets.token_hex(), uuid.uuid4(), random.SystemRandom().random()
os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0), os.nice(1)
print("WORKS")
