# does: print and compute

import math, statistics, datetime, zoneinfo, decimal
print(math.sqrt(2), statistics.mean([1, 2]), datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin")) is not None, decimal.Decimal("1") / 3)
print("WORKS")
