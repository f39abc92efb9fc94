"""Writes an Excel workbook and reads it back."""

import openpyxl
import pandas as pd

table = pd.DataFrame({"day": ["Mon", "Tue"], "visitors": [3, 1]})
table.to_excel("visitors.xlsx", index=False)
assert pd.read_excel("visitors.xlsx").equals(table)
assert openpyxl.load_workbook("visitors.xlsx").active["B3"].value == 1
print("passed")
