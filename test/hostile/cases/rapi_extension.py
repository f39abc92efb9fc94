# tries: register as an extension, which hears of every invocation
# full: stopped
# no-landlock: stopped
# lambda: open: extensions register only while an environment starts

import http.client, importlib, json, socket
importlib.reload(socket)  # our refusal in Python is advice, and this undoes it
try:
    client = http.client.HTTPConnection("127.0.0.1", json.load(open("bait.json"))["port"], timeout=3)
    client.request("POST", "/2020-01-01/extension/register", b"{}", {"Lambda-Extension-Name": "spy"})
    print("REACHED", client.getresponse().status)
except PermissionError as error:
    print("HELD", error)
