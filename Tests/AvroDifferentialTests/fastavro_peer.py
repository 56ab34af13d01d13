"""Resolves with fastavro. One JSON object a line in, one a line out.

in:  {"w": writer's schema, "r": reader's schema, "d": [[written bytes, resolved bytes or null], ...]}
out: {"error": text} or {"d": [[resolved here, the other's read and written again], ...]}; bytes in hexadecimal,
     "!" and a text for what failed.
"""

import io
import json
import sys

import fastavro

# With the names of types in unions, so that the branch is the one that was read; fastavro then gives names also where
# the reader has no union any more, which can't be written.
WAYS = ({"return_named_type": True}, {})


def with_bytes(value, schema):
    """A default as Python has it: fastavro gives back the JSON."""
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(schema, list):
        return with_bytes(value, schema[0])
    if isinstance(kind, (dict, list)):
        return with_bytes(value, kind)
    if kind in ("bytes", "fixed"):
        return value.encode("latin-1")
    if kind in ("float", "double"):
        return float(value)
    if kind == "array":
        return [with_bytes(item, schema["items"]) for item in value]
    if kind == "map":
        return {key: with_bytes(item, schema["values"]) for key, item in value.items()}
    if kind == "record":
        types = {field["name"]: field["type"] for field in schema["fields"]}
        return {key: with_bytes(item, types[key]) for key, item in value.items()}
    return value


def prepare(schema):
    """Changes the defaults in a parsed schema, wherever they stand."""
    if isinstance(schema, list):
        for branch in schema:
            prepare(branch)
    elif isinstance(schema, dict):
        for key in ("items", "values"):
            prepare(schema.get(key))
        if isinstance(schema.get("type"), (dict, list)):
            prepare(schema["type"])
        for field in schema.get("fields", []):
            prepare(field["type"])
            if "default" in field:
                field["default"] = with_bytes(field["default"], field["type"])


def rewritten(data, written, read, way):
    try:
        stream = io.BytesIO(bytes.fromhex(data))
        value = fastavro.schemaless_reader(stream, written, read, **way)
        if stream.read(1):
            return "!bytes are left"
        output = io.BytesIO()
        fastavro.schemaless_writer(output, read or written, value)
        return output.getvalue().hex()
    except Exception as error:
        return f"!{type(error).__name__}: {error}"


def compared(data, other, written, read):
    """Both in the same way, or a union without names could get one branch here and another there."""
    first = None
    for way in WAYS:
        answers = [
            rewritten(data, written, read, way),
            None if other is None else rewritten(other, read, None, way),
        ]
        if not any(answer and answer.startswith("!") for answer in answers):
            return answers
        first = first or answers
    return first


def answer(request):
    try:
        written = fastavro.parse_schema(request["w"])
        read = fastavro.parse_schema(request["r"])
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    prepare(read)
    return {"d": [compared(data, other, written, read) for data, other in request["d"]]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
