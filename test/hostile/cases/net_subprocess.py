# tries: let another program connect
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import json, subprocess, sys
port = json.load(open("bait.json"))["port"]
code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('REA' 'CHED')"
done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
print(done.stdout, "HELD" if "PermissionError" in done.stderr else done.stderr)
