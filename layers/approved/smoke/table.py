"""Groups and joins tables."""

import pandas as pd

sales = pd.DataFrame({"city": ["Oslo", "Rome", "Oslo"], "amount": [3, 5, 4]})
people = pd.DataFrame({"city": ["Oslo", "Rome"], "people": [7, 10]})
joined = sales.groupby("city", as_index=False)["amount"].sum().merge(people, on="city")
assert joined.to_dict("list") == {"city": ["Oslo", "Rome"], "amount": [7, 5], "people": [7, 10]}, joined
print("passed")
