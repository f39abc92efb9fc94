# tries: take the next invocation from the runtime API
# full: stopped
# no-landlock: stopped
# lambda: open: one environment, one user

import http.client, importlib, json, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    client = http.client.HTTPConnection("127.0.0.1", json.load(open("bait.json"))["port"], timeout=3)
    client.request("GET", "/2018-06-01/runtime/invocation/next")
    print("REACHED", client.getresponse().getheader("Lambda-Runtime-Aws-Request-Id"))
except PermissionError as error:
    print("HELD", error)
