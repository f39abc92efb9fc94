# does: look at the machine, as libraries do

import os, platform, resource, socket
assert os.cpu_count() and platform.platform() and socket.gethostname()
open("/proc/self/status").read(), open("/proc/meminfo").read(), open("/proc/cpuinfo").read()
open(f"/proc/{os.getpid()}/statm").read()
resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_AS)
print("WORKS")
