"""Checks Avro JSON and sort order: reads cases, one JSON object a line, and writes what Python says of them.

A case has schema, left and right (hexadecimal encodings) and json (what is said to be the JSON of left). The answer has
bytes (left in one block an array, by fastavro), right (whether the case's json is what the code below makes of left),
order (by the comparison below; null for maps), and, unless fastavro fails, json (by fastavro) and same (whether
fastavro reads the case's json as it reads left). fastavro's JSON fails with some recursive types, maps in maps and empty
records.
"""

import io
import json
import math
import re
import struct
import sys

import fastavro


class Reader:
    """Binary to values; a union's is a pair of the branch's position and the value."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def long(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return (value >> 1) ^ -(value & 1)

    def items(self, read):
        found = []
        while count := self.long():
            if count < 0:
                self.long()
                count = -count
            found += [read() for _ in range(count)]
        return found

    def value(self, schema, names):
        kind = kind_of(schema, names)
        if kind == "union":
            branch = self.long()
            return (branch, self.value(schema[branch], names))
        schema = names.get(schema, schema) if isinstance(schema, str) else schema
        if kind == "null":
            return None
        if kind == "boolean":
            return self.take(1)[0] == 1
        if kind in ("int", "long"):
            return self.long()
        if kind == "float":
            return struct.unpack("<f", self.take(4))[0]
        if kind == "double":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "bytes":
            return self.take(self.long())
        if kind == "string":
            return self.take(self.long()).decode()
        if kind == "fixed":
            return self.take(schema["size"])
        if kind == "enum":
            return schema["symbols"][self.long()]
        if kind == "array":
            return self.items(lambda: self.value(schema["items"], names))
        if kind == "map":
            return dict(self.items(lambda: (self.take(self.long()).decode(), self.value(schema["values"], names))))
        return {field["name"]: self.value(field["type"], names) for field in schema["fields"]}


def kind_of(schema, names):
    if isinstance(schema, list):
        return "union"
    if isinstance(schema, dict):
        return schema["type"]
    return names[schema]["type"] if schema in names else schema


def tagged(value, schema, names):
    """The same value with unions as fastavro takes them: a pair of the branch's name and the value."""
    kind = kind_of(schema, names)
    if kind == "union":
        branch = schema[value[0]]
        if kind_of(branch, names) == "null":
            return None
        return (label_of(branch), tagged(value[1], branch, names))
    schema = names.get(schema, schema) if isinstance(schema, str) else schema
    if kind == "array":
        return [tagged(item, schema["items"], names) for item in value]
    if kind == "map":
        return {key: tagged(item, schema["values"], names) for key, item in value.items()}
    if kind == "record":
        return {field["name"]: tagged(value[field["name"]], field["type"], names) for field in schema["fields"]}
    return value


def label_of(branch):
    return branch if isinstance(branch, str) else branch.get("name", branch["type"])


def as_json(value, schema, names):
    """What the JSON encoding of the value is, as Python sees JSON."""
    kind = kind_of(schema, names)
    if kind == "union":
        branch = schema[value[0]]
        inner = as_json(value[1], branch, names)
        return None if kind_of(branch, names) == "null" else {label_of(branch): inner}
    schema = names.get(schema, schema) if isinstance(schema, str) else schema
    if kind == "array":
        return [as_json(item, schema["items"], names) for item in value]
    if kind == "map":
        return {key: as_json(item, schema["values"], names) for key, item in value.items()}
    if kind == "record":
        return {field["name"]: as_json(value[field["name"]], field["type"], names) for field in schema["fields"]}
    if kind in ("bytes", "fixed"):
        return value.decode("iso-8859-1")
    if kind in ("float", "double") and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


class NoOrder(Exception):
    pass


def sign(left, right):
    return (left > right) - (left < right)


def number_key(value):
    return (1, 0, 0) if math.isnan(value) else (0, value, math.copysign(1, value))


def order(left, right, schema, names):
    kind = kind_of(schema, names)
    if kind == "union":
        if left[0] != right[0]:
            return sign(left[0], right[0])
        return order(left[1], right[1], schema[left[0]], names)
    schema = names.get(schema, schema) if isinstance(schema, str) else schema
    if kind == "null":
        return 0
    if kind == "map":
        raise NoOrder
    if kind in ("float", "double"):
        return sign(number_key(left), number_key(right))
    if kind == "string":
        return sign(left.encode(), right.encode())
    if kind == "enum":
        return sign(schema["symbols"].index(left), schema["symbols"].index(right))
    if kind == "array":
        for one, other in zip(left, right):
            if found := order(one, other, schema["items"], names):
                return found
        return sign(len(left), len(right))
    if kind == "record":
        for field in schema["fields"]:
            way = {"ascending": 1, "descending": -1, "ignore": 0}[field.get("order", "ascending")]
            if way and (found := order(left[field["name"]], right[field["name"]], field["type"], names)):
                return way * found
        return 0
    return sign(left, right)


def alike(left, right):
    if isinstance(left, float) and isinstance(right, float):
        if struct.pack("<d", left) == struct.pack("<d", right) or math.isnan(left) and math.isnan(right):
            return True
        # What was a float: JSON has its shortest digits.
        return abs(right) < 3.5e38 and struct.pack("<f", left) == struct.pack("<f", right)
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    return left == right and (type(left) is type(right) or {type(left), type(right)} == {int, float})


def answer(case):
    text = json.loads(case["schema"])
    names = {}
    schema = fastavro.parse_schema(text, named_schemas=names)
    # fastavro's own form: full names, and a marker.
    left_bytes, right_bytes = bytes.fromhex(case["left"]), bytes.fromhex(case["right"])
    left, right = Reader(left_bytes).value(schema, names), Reader(right_bytes).value(schema, names)
    pairs = tagged(left, schema, names)
    encoded = io.BytesIO()
    fastavro.schemaless_writer(encoded, schema, pairs)
    result = {"bytes": encoded.getvalue().hex()}
    result["right"] = alike(as_json(left, schema, names), json.loads(case["json"]))
    try:
        found = order(left, right, schema, names)
    except NoOrder:
        found = None
    result["order"] = found
    try:
        written = io.StringIO()
        fastavro.json_writer(written, schema, [pairs])
        # Python's JSON has its own words for what is not finite.
        ours = re.sub(r'"(NaN|-?Infinity)"', r"\1", case["json"])
        (read,) = fastavro.json_reader(io.StringIO(ours), schema)
        expected = fastavro.schemaless_reader(io.BytesIO(left_bytes), schema, None)
        result["same"] = alike(expected, read)
        result["json"] = written.getvalue().strip()
    except Exception as error:
        result["fastavro"] = f"{type(error).__name__}: {error}"
    return result


with open(sys.argv[1]) as cases, open(sys.argv[2], "w") as answers:
    for line in cases:
        case = json.loads(line)
        try:
            found = answer(case)
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(found) + "\n")
