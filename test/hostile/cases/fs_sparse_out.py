# tries: hand out a terabyte that takes no room
# full: stopped
# no-landlock: stopped
# lambda: stopped

try:
    with open("huge.bin", "wb") as file:
        file.truncate(1 << 40)
    print("REACHED")
except OSError as error:
    print("HELD", error)
