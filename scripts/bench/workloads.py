"""The three programs that are measured, and the data that they read: the same on every machine."""

import random
from dataclasses import dataclass
from pathlib import Path

_ROWS = 125_000
_KINDS = ("espresso", "filter", "latte", "mocha", "cortado", "flat white", "ristretto", "americano")


@dataclass(frozen=True)
class Workload:
    """`modules` are those whose byte code decides the time; `makes` is a file that must come out."""

    name: str
    title: str
    code: str
    modules: tuple[str, ...] = ()
    reads: bool = False
    makes: str | None = None


PRINT = Workload("print", "print(1)", "print(1)\n")
TABLE = Workload(
    "pandas",
    "4.5 MB CSV, group by",
    "import pandas as pd\n"
    "table = pd.read_csv('sales.csv')\n"
    "print(table.groupby('kind')['amount'].agg(['count', 'mean', 'max']).round(2).to_string())\n",
    modules=("pandas", "numpy"),
    reads=True,
)
PLOT = Workload(
    "plot",
    "plot to PNG",
    "import matplotlib.pyplot as plt\n"
    "plt.plot([n * n % 97 for n in range(500)], label='squares')\n"
    "plt.title('Squares'); plt.legend(); plt.grid(True)\n"
    "plt.savefig('chart.png'); plt.close()\n"
    "print('drawn')\n",
    modules=("matplotlib", "numpy"),
    makes="chart.png",
)
WORKLOADS = (PRINT, TABLE, PLOT)


def write_table(path: Path) -> None:
    """A CSV of 4.5 MB, made of nothing but a seed."""
    source = random.Random(20_261_126)  # noqa: S311 - data, no secret
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write("day,kind,amount,price,shop\n")
        for row in range(_ROWS):
            day = f"2026-{row % 12 + 1:02}-{row % 28 + 1:02}"
            kind, amount = source.choice(_KINDS), source.randrange(1, 900)
            price = source.randrange(200, 600) / 100
            file.write(f"{day},{kind},{amount},{price:.2f},shop {source.randrange(40)}\n")
