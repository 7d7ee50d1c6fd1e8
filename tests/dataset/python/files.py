"""Writes the Parquet files of this folder: python files.py. Made with pyarrow 26.0.1, polars 2.1.0 and duckdb 2.0.1."""

import datetime as dt
import decimal
import os

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
D = decimal.Decimal
small = dict(store_schema=False, write_statistics=False)

# the compressions: 300 rows that compress well
texts = [f"A fine day number {i % 7}, as days go." for i in range(300)]
pl.DataFrame({"text": texts}).write_parquet("polars-zstd.parquet", statistics=False)
pl.DataFrame({"text": texts}).write_parquet("polars-lz4.parquet", compression="lz4", statistics=False)
for codec in ["snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(
        pa.table({"text": texts}),
        f"pyarrow-{codec}.parquet",
        compression=codec,
        use_dictionary=False,
        data_page_version="2.0",
        **small,
    )

moment = dt.datetime(2024, 1, 31, 12, 0, 0, 123456)
values = pa.table(
    {
        "text": ["a", "b", "c"],
        "decimal_5": pa.array([D("0.35"), D("-1.50"), None], pa.decimal128(5, 2)),
        "decimal_18": pa.array([D("12345678901234.5678"), D("-0.0001"), D("0")], pa.decimal128(18, 4)),
        "decimal_38": pa.array(
            [D("1234567890123456789012345678.9012345678"), D("-1234567890123456789012345678.9012345679"), D("1.5")],
            pa.decimal128(38, 10),
        ),
        "decimal_whole": pa.array([D("7"), D("-70"), D("0")], pa.decimal128(10, 0)),
        "int64": pa.array([2**53 + 1, -(2**63), 2**63 - 1], pa.int64()),
        "uint64": pa.array([2**64 - 1, 2**53 + 1, 0], pa.uint64()),
        "uint32": pa.array([2**32 - 1, 1, 0], pa.uint32()),
        "int8": pa.array([-128, 1, None], pa.int8()),
        "float": pa.array([0.1, float("nan"), None], pa.float32()),
        "double": pa.array([1.0, float("nan"), 0.1], pa.float64()),
        "infinite": pa.array([float("inf"), float("-inf"), 1e22], pa.float64()),
        "half": pa.array([0.1, 1.0, -65504], pa.float16()),
        "boolean": pa.array([True, False, None]),
        "date": pa.array([dt.date(2024, 1, 31), dt.date(1969, 12, 31), dt.date(1, 1, 1)]),
        "millis": pa.array([moment, dt.datetime(1970, 1, 1), None], pa.timestamp("ms", tz="UTC")),
        "micros": pa.array([moment, dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None], pa.timestamp("us")),
        "nanos": pa.array([1706702400123456789, -1, 0], pa.timestamp("ns", tz="Europe/Berlin")),
        "time": pa.array([dt.time(1, 2, 3, 4000), dt.time(0), dt.time(23, 59, 59)], pa.time32("ms")),
        "time_micros": pa.array([dt.time(1, 2, 3, 4), dt.time(0), dt.time(23, 59, 59)], pa.time64("us")),
        "nothing": pa.nulls(3),
        "category": pa.array(["u", "v", "u"]).dictionary_encode(),
        "mark": pa.array(["\ufeffx", "", None], pa.large_string()),
        "bytes": pa.array([b"abc", b"\xff\xfe", b""], pa.binary()),
        "bytes_of_text": pa.array([b"abc", "é".encode(), b""], pa.binary()),
        "tags": pa.array([["joy", "fear"], [], None]),
        "numbers": pa.array([[1, 2], [3], [None]], pa.list_(pa.int64())),
        "odd_tags": pa.array([["a;b"], ["c"], []]),
        "deep": pa.array([[["a"]], [], None]),
        "structure": pa.array([{"a": 1}, {"a": 2}, None]),
        "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "uuid": pa.array([bytes([0] * 15 + [i]) for i in (1, 2, 3)], pa.uuid()),
    }
)
pq.write_table(values, "values.parquet", compression="zstd", use_dictionary=["category"], **small)
old = values.select(["text", "micros", "nanos"])
pq.write_table(old, "int96.parquet", use_deprecated_int96_timestamps=True, **small)
stored = values.select(["text", "decimal_5", "decimal_18", "int64", "double", "float"])
pq.write_table(
    stored,
    "encodings.parquet",
    use_dictionary=False,
    store_decimal_as_integer=True,
    column_encoding={
        "text": "DELTA_BYTE_ARRAY",
        "int64": "DELTA_BINARY_PACKED",
        "double": "BYTE_STREAM_SPLIT",
        "float": "BYTE_STREAM_SPLIT",
    },
    **small,
)
with pq.ParquetWriter("no-groups.parquet", pa.schema({"text": pa.string(), "label": pa.string()})):
    pass
doubled = pa.table([pa.array(["A."]), pa.array(["x"]), pa.array(["y"])], names=["text", "label", "label"])
pq.write_table(doubled, "doubled.parquet", **small)

duckdb.sql("select 'a' as text, 0.35 as price, 1.50::decimal(4,2) as two, -0.00001 as tiny,"
    " 12345678901234567890.123456789 as large, interval 1 month as span, 'u'::enum('u','v') as enum,"
    " timestamptz '2024-01-31 12:00:00.5+01' as moment").write_parquet("duckdb.parquet", compression="zstd")
pl.DataFrame({"text": ["a", "b"], "enum": pl.Series(["u", "v"], dtype=pl.Enum(["u", "v"])),
    "decimal": pl.Series([D("0.35"), D("1.5")], dtype=pl.Decimal(10, 3)), "tags": [["a"], ["b", "c"]],
    "int128": pl.Series([2**100, 1], dtype=pl.Int128)}).write_parquet("polars.parquet", statistics=False)
