# tries: control characters, and mentions
# full: stopped
# no-landlock: stopped
# lambda: stopped

print("\x1b[2J\x07\x00\b\u202e\u200b ``` @everyone <@1> HELD ")
