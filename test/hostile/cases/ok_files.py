# does: read, write, link, list, zip and remove its own files

import json, os, pathlib, zipfile
json.load(open("bait.json"))
pathlib.Path("folder/inner").mkdir(parents=True)
pathlib.Path("folder/inner/text.txt").write_text("hello")
os.symlink("folder", "link")
assert pathlib.Path("link/inner/text.txt").read_text() == "hello"
with zipfile.ZipFile("all.zip", "w") as archive:
    archive.write("folder/inner/text.txt")
with zipfile.ZipFile("all.zip") as archive:
    archive.extractall("out")
os.rename("out", "moved")
os.remove("all.zip")
print("WORKS")
