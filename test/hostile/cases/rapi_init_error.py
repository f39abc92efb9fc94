# tries: report a failed start, to break the environment
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import http.client, importlib, json, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    client = http.client.HTTPConnection("127.0.0.1", json.load(open("bait.json"))["port"], timeout=3)
    client.request("POST", "/2018-06-01/runtime/init/error", b"{}")
    print("REACHED", client.getresponse().status)
except PermissionError as error:
    print("HELD", error)
