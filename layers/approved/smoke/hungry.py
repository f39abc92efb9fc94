"""Takes more memory than it may: has to be ended."""

taken = []
while True:
    taken.append(bytearray(16 * 1024 * 1024))
