"""Draws a chart and gets a picture of it."""

import io

import matplotlib.pyplot as plt

figure, axes = plt.subplots()
axes.bar(["Mon", "Tue", "Wed"], [3, 1, 2])
axes.set_title("Visitors")
picture = io.BytesIO()
figure.savefig(picture, format="png")
plt.close(figure)
assert picture.getvalue().startswith(b"\x89PNG\r\n"), picture.getvalue()[:8]
print("passed")
