# tries: find the channel, the job or another run's traces in the objects that it was forked with
# full: stopped
# no-landlock: stopped
# lambda: stopped

import gc, socket, sys
frame, names = sys._getframe(), []
while frame:
    names += [f"{frame.f_code.co_filename}:{key}" for key, value in frame.f_locals.items() if isinstance(value, socket.SocketType) and value.fileno() >= 0]
    frame = frame.f_back
open_ones = [o for o in gc.get_objects() if isinstance(o, socket.SocketType) and o.fileno() >= 0]
print("REACHED" if names or open_ones else "HELD", names, open_ones)
