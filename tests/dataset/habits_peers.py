"""Reads the files that are named on stdin with csv, pandas and pyarrow; prints each reader's columns as texts."""

import csv
import json
import sys

import pandas
import pyarrow
import pyarrow.csv
import pyarrow.json


def by_csv(path, sep, encoding, header, quote):
    with open(path, newline="", encoding=encoding) as file:
        how = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
        rows = [row for row in csv.reader(file, delimiter=sep, quoting=how) if row]
    names = rows.pop(0) if header else [str(i) for i in range(len(rows[0]))]
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def by_pandas(path, sep, encoding, header, quote):
    if ".jsonl" in path:
        frame = pandas.read_json(path, lines=True, dtype=False)
    else:
        frame = pandas.read_csv(
            path,
            sep=sep,
            encoding=encoding,
            header=0 if header else None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            dtype=str,
            keep_default_na=False,
        )
    return {str(name): [str(value) for value in frame[name]] for name in frame}


def by_pyarrow(path, sep, encoding, header, quote):
    if ".jsonl" in path:
        table = pyarrow.json.read_json(path)
    else:
        first = by_csv(path, sep, encoding, header, quote)
        table = pyarrow.csv.read_csv(
            path,
            pyarrow.csv.ReadOptions(
                encoding=encoding, column_names=None if header else list(first)
            ),
            pyarrow.csv.ParseOptions(delimiter=sep, quote_char='"' if quote else False),
            pyarrow.csv.ConvertOptions(
                column_types={name: pyarrow.string() for name in first},
                strings_can_be_null=False,
            ),
        )
    return {name: [str(value) for value in table[name].to_pylist()] for name in table.column_names}


def reading(reader, given):
    if reader is by_csv and ".jsonl" in given["path"]:
        return None
    try:
        return reader(
            given["path"],
            given.get("sep", ","),
            given.get("encoding", "utf-8"),
            given.get("header", True),
            given.get("quote", True),
        )
    except Exception as error:
        return {"error": [f"{type(error).__name__}: {error}".replace(given["path"], "the file")[:200]]}


readers = {"csv": by_csv, "pandas": by_pandas, "pyarrow": by_pyarrow}
given = json.load(sys.stdin)
json.dump(
    {
        "versions": {
            "csv": "Python " + sys.version.split()[0],
            "pandas": pandas.__version__,
            "pyarrow": pyarrow.__version__,
        },
        "files": {
            name: {reader: reading(by, file) for reader, by in readers.items()}
            for name, file in given.items()
        },
    },
    sys.stdout,
)
