# tries: take the parent's channel to the executor and say on it that the run ended well
# full: stopped
# no-landlock: stopped
# lambda: open: its own run ends sooner
# through: ptrace

import ctypes, json, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438
handle = libc.syscall(PIDFD_OPEN, os.getppid(), 0)
said = 0
for number in range(3, 20):
    taken = libc.syscall(PIDFD_GETFD, handle, number, 0)
    if taken < 0:
        continue
    try:
        message = json.dumps({"ended": os.getpid(), "status": 0}).encode()
        socket.socket(fileno=taken).sendmsg([message])
        said += 1
    except OSError:
        pass
print("REACHED" if said else "HELD", flush=True)
sys.exit(0)
