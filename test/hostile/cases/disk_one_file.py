# tries: a file larger than the disk's limit
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: error disk killed

with open("large", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
