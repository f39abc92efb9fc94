"""Writes monthly stock prices since 1990, a data set that matplotlib ships, as stocks.csv."""

import matplotlib.cbook
import pandas as pd

source = matplotlib.cbook.get_sample_data("Stocks.csv", asfileobj=False)
prices = pd.read_csv(source, comment="#").dropna(subset=["IBM"])
stocks = prices[["Date", "IBM", "AAPL", "MSFT"]].round(2)
stocks.to_csv("stocks.csv", index=False)
print(f"stocks.csv: {len(stocks)} months")
