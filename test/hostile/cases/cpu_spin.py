# tries: never end
# full: stopped
# no-landlock: stopped
# lambda: stopped
# ends: timeout
# seconds: 0.7

while True:
    pass
