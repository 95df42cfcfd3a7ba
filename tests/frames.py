"""Opens a folder of results in pandas, DuckDB and Polars, without options, and compares what they see."""

import math
import sys
from pathlib import Path

import duckdb
import pandas
import polars

folder = Path(sys.argv[1])


def plain(value):
    """A value as plain Python: missing ones are None, lists are lists."""
    if value is None or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def rows(columns, records):
    return [dict(zip(columns, map(plain, record))) for record in records]


def read(name):
    path = str(folder / name)
    frame = pandas.read_parquet(path)
    # A column of whole numbers with missing ones is of floating point in pandas: a choice of pandas, not of the file.
    by_pandas = rows(frame.columns, frame.astype(object).itertuples(index=False, name=None))
    relation = duckdb.sql(f"SELECT * FROM '{path}'")
    by_duckdb = rows(relation.columns, relation.fetchall())
    table = polars.read_parquet(path)
    by_polars = rows(table.columns, table.rows())
    assert list(frame.columns) == relation.columns == table.columns, name
    assert len(by_pandas) == len(by_duckdb) == len(by_polars), name
    for one, two, three in zip(by_pandas, by_duckdb, by_polars):
        assert one == two == three, (name, one, two, three)
    for column, kind in table.schema.items():
        allowed = (polars.String, polars.Int64, polars.Float64, polars.Boolean, polars.List(polars.String))
        assert kind in allowed, (name, column, kind)
        if kind == polars.Float64:
            assert not table[column].is_nan().any(), f"{name}: {column} has NaN instead of null"
    return table, by_polars


runs, records = read("runs.parquet")
curves, points = read("curves.parquet")
predictions, answers = read("predictions.parquet")

assert len(records) == 11 and len(points) == 990 and len(answers) == 2200
by_replicate = {record["replicate"]: record for record in records}
third = by_replicate[3]
assert third["seed"] == 2**53 + 4 and third["parameters"] == 2**53 + 1
assert third["test_rmse"] == 1 / 3 + 3 and third["learning_rate"] == 0.1 + 0.2
assert third["excess"] is None and third["depth"] is None and third["hidden"] == "[20, 100]"
assert third["grids"] == ["one", "two"] and third["bias"] is True
assert by_replicate[10]["status"] == "failed" and by_replicate[10]["digest"] is None
assert by_replicate[10]["reason"] == 'out of memory, "quoted"\nsecond line'
assert curves["test_loss"].null_count() == 11

# The tables join by run, and SQL sees the columns by their names.
query = f"""
    SELECT task, count(*) AS points, max(epoch) AS epochs
    FROM '{folder}/runs.parquet' JOIN '{folder}/curves.parquet' USING (run)
    WHERE status = 'finished' AND list_contains(grids, 'one')
    GROUP BY task ORDER BY task
"""
assert duckdb.sql(query).fetchall() == [("square", 450, 90), ("sum", 450, 90)]
print("pandas, duckdb, polars: the same rows")
