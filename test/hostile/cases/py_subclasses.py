# tries: reach a socket from an empty tuple
# full: stopped
# no-landlock: stopped
# lambda: open: subnets without a route

import sys
loader = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "BuiltinImporter"][0]
posix = loader.load_module("posix")
try:
    __builtins__.__import__("_socket").socket(2, 1, 0)
    print("REACHED", posix.getpid())
except PermissionError as error:
    print("HELD", error)
