# does: another Python, a shell, sessions, time-outs and signals to one's own children

import subprocess, sys
assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout == "1\n"
assert subprocess.run("echo $HOME | wc -l", shell=True, capture_output=True).returncode == 0
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(20)"], start_new_session=True)
try:
    child.wait(0.05)
except subprocess.TimeoutExpired:
    child.kill()
assert child.wait() == -9
print("WORKS")
