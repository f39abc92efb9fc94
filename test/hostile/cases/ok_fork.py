# does: fork, wait, signals to itself and to its child

import os, signal, time
child = os.fork()
if child == 0:
    time.sleep(20)
os.kill(child, signal.SIGTERM)
assert os.waitpid(child, 0)[1] == signal.SIGTERM
heard = []
signal.signal(signal.SIGALRM, lambda *a: heard.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
assert heard
print("WORKS")
