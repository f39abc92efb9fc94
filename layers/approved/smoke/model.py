"""Fits a model, and it has learnt the line that it was shown."""

import numpy as np
from sklearn.linear_model import LinearRegression

x = np.arange(20.0).reshape(-1, 1)
model = LinearRegression().fit(x, 3 * x.ravel() + 2)
assert np.allclose([*model.coef_, model.intercept_], [3, 2]), model.coef_
print("passed")
