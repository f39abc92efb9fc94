# does: temporary files and folders, and moves out of them

import os, shutil, tempfile
with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
    file.write(b"x")
    with open(f"{folder}/made.txt", "w") as made:
        made.write("moved")
    shutil.move(f"{folder}/made.txt", "made.txt")
assert open("made.txt").read() == "moved"
os.replace("made.txt", "renamed.txt")
print("WORKS")
