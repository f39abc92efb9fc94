# tries: raise its own limits
# full: stopped
# no-landlock: stopped
# lambda: stopped

import resource
for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    try:
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (hard + 1, hard + 1))
        print("REACHED", kind)
    except (ValueError, OSError) as error:
        print("HELD", error)
