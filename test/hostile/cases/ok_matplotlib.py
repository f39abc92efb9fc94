# does: draw and save
# needs: layer

import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.title("Größe")
plt.savefig("plot.png")
print("WORKS")
