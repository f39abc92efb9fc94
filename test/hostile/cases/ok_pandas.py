# does: pandas reads and writes
# needs: layer

import pandas as pd
pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv("t.csv", index=False)
assert pd.read_csv("t.csv").a.sum() == 3
print("WORKS")
