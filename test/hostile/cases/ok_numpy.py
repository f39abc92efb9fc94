# does: numpy with its threads
# needs: layer

import numpy as np
a = np.random.default_rng(0).random((300, 300))
assert np.allclose(a @ np.linalg.inv(a), np.eye(300))
print("WORKS")
