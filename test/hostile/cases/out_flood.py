# tries: output without end
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

while True:
    print("x" * 100)
