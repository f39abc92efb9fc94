# tries: all of the memory
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: memory error killed

kept = []
while True:
    kept.append(bytearray(16 << 20))
