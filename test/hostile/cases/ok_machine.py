# does: look at the machine, as libraries do

import os, platform, resource, socket
assert os.cpu_count() and platform.platform() and socket.gethostname()
open("/proc/self/status").read(), open("/proc/meminfo").read(), open("/proc/cpuinfo").read()
open(f"/proc/{os.getpid()}/statm").read()
resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_AS)
# DuckDB looks for its limits where its groups are, and dies if it may not.
for line in open("/proc/self/cgroup"):
    _, kind, path = line.strip().split(":", 2)
    for name in (f"/sys/fs/cgroup/{kind}{path}/memory.limit_in_bytes", f"/sys/fs/cgroup{path}/memory.max",
                 "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"):
        try:
            open(name).read()
        except (FileNotFoundError, NotADirectoryError):
            pass
print("WORKS")
