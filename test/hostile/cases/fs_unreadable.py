# tries: folders that cannot be opened, so that they stay
# full: stopped
# no-landlock: stopped
# lambda: stopped

import os
for name in ("a", "b"):
    os.mkdir(name)
    os.mkdir(f"{name}/inner")
    open(f"{name}/inner/file", "w").close()
    os.chmod(f"{name}/inner", 0)
    os.chmod(name, 0)
os.chmod(".", 0o100)
print("HELD if all of it is gone")
