# does: a database in memory and in a file

import sqlite3
for name in (":memory:", "data.db"):
    with sqlite3.connect(name) as base:
        base.execute("pragma journal_mode=wal")
        base.execute("create table t (a)")
        base.executemany("insert into t values (?)", [(n,) for n in range(100)])
        assert base.execute("select sum(a) from t").fetchone() == (4950,)
print("WORKS")
