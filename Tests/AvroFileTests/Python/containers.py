"""Container files by fastavro: containers.py write CODEC FILE COUNT | append FILE COUNT | read FILE…"""

import json
import sys

import fastavro

SCHEMA = {
    "type": "record",
    "name": "Sample",
    "namespace": "files",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "text", "type": "string"},
        {"name": "numbers", "type": {"type": "array", "items": "long"}},
    ],
}


def sample(index):
    return {"id": index, "text": f"text {index} é" * (index % 7), "numbers": list(range(index % 5))}


def main():
    verb, arguments = sys.argv[1], sys.argv[2:]
    if verb == "write":
        codec, path, count = arguments
        with open(path, "wb") as file:
            fastavro.writer(
                file,
                fastavro.parse_schema(SCHEMA),
                (sample(index) for index in range(int(count))),
                codec=codec,
                sync_interval=2000,
                metadata={"made.by": "fastavro"},
            )
    elif verb == "append":
        path, start, count = arguments
        with open(path, "a+b") as file:
            fastavro.writer(file, None, (sample(int(start) + index) for index in range(int(count))))
    else:
        for path in arguments:
            with open(path, "rb") as file:
                reader = fastavro.reader(file)
                right = [record == sample(index) for index, record in enumerate(reader)]
                print(json.dumps({"codec": reader.codec, "count": len(right), "right": all(right)}, sort_keys=True))


main()
