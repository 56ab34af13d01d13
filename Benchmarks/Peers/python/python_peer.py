"""Peers in Python: "fastavro" (its C extension) or "avro" (Apache's own, pure Python). Peers/c/peer.h says what is answered.

A record is a dict, decoded by schemaless_reader or DatumReader and encoded by their counterparts.
"""

import io
import json
import struct
import sys
import time
from pathlib import Path

SAMPLE_NANOS = 3_000_000


def load(path):
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data)
    offset, records = 4, []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, offset)
        records.append(data[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return records


class Fastavro:
    def __init__(self, reader, writer=None):
        import fastavro

        self.reader = fastavro.parse_schema(json.loads(reader))
        self.writer = fastavro.parse_schema(json.loads(writer)) if writer else self.reader
        self.decode_one, self.encode_one = fastavro.schemaless_reader, fastavro.schemaless_writer

    def decode(self, datum):
        return self.decode_one(io.BytesIO(datum), self.writer, self.reader)

    def encode(self, out, record):
        self.encode_one(out, self.reader, record)


class FastavroSame(Fastavro):
    def decode(self, datum):
        return self.decode_one(io.BytesIO(datum), self.writer, None)


class Apache:
    def __init__(self, reader, writer=None):
        import avro.io
        import avro.schema

        self.io = avro.io
        schema = avro.schema.parse(reader)
        self.datum_reader = avro.io.DatumReader(avro.schema.parse(writer) if writer else schema, schema)
        self.datum_writer = avro.io.DatumWriter(schema)

    def decode(self, datum):
        return self.datum_reader.read(self.io.BinaryDecoder(io.BytesIO(datum)))

    def encode(self, out, record):
        self.datum_writer.write(record, self.io.BinaryEncoder(out))


def encoded(codec, record):
    out = io.BytesIO()
    codec.encode(out, record)
    return out.getvalue()


class Case:
    def __init__(self, name, folder, kinds):
        same_codec, resolving_codec = kinds
        self.data = load(folder / f"{name}.bin")
        schema = (folder / f"{name}.avsc").read_text()
        codec = same_codec(schema)
        records = [codec.decode(datum) for datum in self.data]
        for index, (record, datum) in enumerate(zip(records, self.data)):
            if encoded(codec, record) != datum:
                raise ValueError(f"{name}: record {index} is encoded to other bytes")
        out = io.BytesIO()

        def encode():
            for record in records:
                out.seek(0)
                codec.encode(out, record)

        def decode():
            for datum in self.data:
                codec.decode(datum)

        self.passes = {"encode": encode, "decode": decode}
        self.counts = {}
        if (folder / f"{name}.writer.avsc").exists():
            self.passes["evolved"] = self.evolved(name, folder, codec, resolving_codec, schema)

    def evolved(self, name, folder, codec, resolving_codec, schema):
        resolving = resolving_codec(schema, (folder / f"{name}.writer.avsc").read_text())
        older = load(folder / f"{name}.writer.bin")
        for index, (datum, expected) in enumerate(zip(older, self.data)):
            if encoded(codec, resolving.decode(datum)) != expected:
                raise ValueError(f"{name}: record {index} is resolved to something else")

        def decode():
            for datum in older:
                resolving.decode(datum)

        return decode

    def measure(self, op, samples):
        run = self.passes[op]
        if op not in self.counts:
            start, count = time.thread_time_ns(), 0
            while time.thread_time_ns() - start < SAMPLE_NANOS:
                run()
                count += 1
            self.counts[op] = count
        count, results = self.counts[op], []
        for _ in range(samples):
            start = time.thread_time_ns()
            for _ in range(count):
                run()
            results.append((time.thread_time_ns() - start) / (count * len(self.data)))
        results.sort()
        return f"ns {results[0]:.3f} {results[len(results) // 2]:.3f}"


def main(library, folder):
    kinds = {"fastavro": (FastavroSame, Fastavro), "avro": (Apache, Apache)}[library]
    cases = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            break
        try:
            if words[0] == "open":
                case = cases[words[1]] = Case(words[1], folder, kinds)
                answer = f"ok {len(case.data)} {sum(map(len, case.data)) / len(case.data):.1f}"
            elif words[1] in cases and words[2] in cases[words[1]].passes:
                answer = cases[words[1]].measure(words[2], int(words[3]))
            else:
                answer = "none"
        except Exception as error:
            answer = f"error {type(error).__name__}: {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
