"""Executes with graphql-core. One JSON object a line in, one a line out.

The first line is {"sdl": text}, which has no answer. Then
in:  {"query": text, "variables": object, "operationName": text or null}
out: {"data": …, "errors": [{"path": …, "locations": …}], "stage": "syntax", "validation", "variables" or "execution"}

What a field is resolved to follows from the path of hashes from the root, the field's name and its arguments, as in
DerivedValue.swift.
"""

import json
import sys

import graphql

MASK = (1 << 64) - 1


def hashed(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    value ^= value >> 29
    value = (value * 0xBF58476D1CE4E5B9) & MASK
    return value ^ (value >> 32)


class Derived:
    """An object: its hash and its type."""

    def __init__(self, seed, type_name):
        self.seed = seed
        self.type_name = type_name


def value(seed, kind, schema, may_fail=True):
    if isinstance(kind, graphql.GraphQLNonNull):
        return value(seed, kind.of_type, schema, may_fail)
    if may_fail and seed % 100 < 4:
        return None
    if may_fail and seed % 100 < 7:
        raise ValueError("boom")
    if isinstance(kind, graphql.GraphQLList):
        items = []
        for index in range((seed >> 8) % 4):
            item = hashed(f"{seed}[{index}]")
            items.append(None if item % 100 < 5 else value(item, kind.of_type, schema, False))
        return items
    if isinstance(kind, graphql.GraphQLEnumType):
        return list(kind.values)[(seed >> 16) % len(kind.values)]
    if isinstance(kind, graphql.GraphQLScalarType):
        return scalar(seed, kind.name)
    if isinstance(kind, graphql.GraphQLObjectType):
        return Derived(seed, kind.name)
    names = sorted(t.name for t in schema.get_possible_types(kind))
    return Derived(seed, names[(seed >> 16) % len(names)])


def scalar(seed, name):
    number = (seed >> 16) % 1000
    if name == "Int":
        return 3_000_000_000 if seed % 31 == 0 else number - 500
    if name == "Float":
        return float("nan") if seed % 31 == 0 else number / 8
    if name == "Boolean":
        return number % 2 == 0
    if name == "ID":
        return number
    return f'"{number}"\n€'


def resolve(source, info, **arguments):
    seed = source.seed if isinstance(source, Derived) else 0
    given = json.dumps(arguments, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return value(
        hashed(f"{seed}/{info.parent_type.name}.{info.field_name}{given}"), info.return_type, info.schema
    )


def answer(schema, request):
    try:
        document = graphql.parse(request["query"])
    except graphql.GraphQLError as error:
        return {"stage": "syntax", "data": None, "errors": [shown(error)]}
    errors = graphql.validate(schema, document)
    if errors:
        return {"stage": "validation", "data": None, "errors": [shown(error) for error in errors]}
    result = graphql.execute_sync(
        schema,
        document,
        variable_values=request["variables"],
        operation_name=request.get("operationName"),
        field_resolver=resolve,
        type_resolver=lambda source, *_: source.type_name,
    )
    errors = [shown(error) for error in result.errors or []]
    stage = "variables" if any(e["message"].startswith("Variable '$") for e in errors) else "execution"
    return {"stage": stage, "data": result.data, "errors": errors}


def shown(error):
    return {
        "message": error.message,
        "path": error.path,
        "locations": [{"line": place.line, "column": place.column} for place in error.locations or []],
    }


def main():
    schema = graphql.build_schema(json.loads(sys.stdin.readline())["sdl"])
    for line in sys.stdin:
        print(json.dumps(answer(schema, json.loads(line))), flush=True)


main()
