# tries: change the kernel's settings
# full: stopped
# no-landlock: stopped
# lambda: stopped

for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/mm/transparent_hugepage/enabled"):
    try:
        open(path, "w").close()
        print("REACHED", path)
    except OSError as error:
        print("HELD", error)
