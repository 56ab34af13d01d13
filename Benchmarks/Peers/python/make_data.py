"""Writes the records of every case: <case>.bin, and <case>.avsc beside it for peers that read schemas.

A .bin file: u32 count, then per record u32 length and the Avro datum; little-endian. The records are the same each
time. For an evolved case <case>.writer.bin holds the records by the older schema, <case>.writer.avsc, and <case>.bin the
same records as the reader's schema has them once they are resolved.
"""

import io
import json
import random
import struct
import sys
from pathlib import Path

import fastavro

BENCHMARKS = Path(__file__).resolve().parent.parent.parent
WORDS = (
    "rent salary groceries insurance transfer invoice march april refund energy water phone savings deposit lunch "
    "books"
).split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
KINDS = ["CREATED", "UPDATED", "DELETED", "ARCHIVED"]
CITIES = ["Amsterdam", "Rotterdam", "Utrecht", "'s-Hertogenbosch", "Den Haag"]


class Source:
    """Values as a bank has them, from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def words(self, least, most):
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(least, most)))

    def iban(self):
        bank = self.random.choice(["OPEN", "INGB", "ABNA", "RABO"])
        return f"NL{self.random.randrange(100):02}{bank}{self.random.randrange(10**10):010}"

    def text(self, size):
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(size))

    def long(self):
        """As often one digit as fifteen, positive or negative: the length can't be guessed."""
        return self.random.choice([1, -1]) * self.random.randrange(10 ** self.random.randint(1, 15))

    def single(self):
        return struct.unpack("<f", struct.pack("<f", self.random.random()))[0]

    def transfer(self):
        return {
            "id": self.random.randbytes(16),
            "token": self.text(20),
            "amount": self.random.randrange(100, 2_000_000),
            "from": self.iban(),
            "to": self.iban(),
            "description": self.words(2, 5),
        }

    def balance(self):
        return {
            "iban": self.iban(),
            "new_balance": self.random.randrange(-50_000, 5_000_000),
            "changed_by": self.random.randrange(-200_000, 200_000),
            "from_to": self.iban(),
            "description": self.words(2, 5),
        }

    def party(self):
        return {
            "name": f"{self.random.choice(WORDS).title()} {self.random.choice(WORDS).title()}",
            "iban": self.iban(),
            "address": {
                "street": f"{self.random.choice(WORDS)} straat {self.random.randrange(400)}",
                "city": self.random.choice(CITIES),
                "zip": f"{self.random.randrange(10000):04}{self.random.choice(LETTERS)}{self.random.choice(LETTERS)}",
                "country": "NL",
            },
        }

    def item(self):
        return {
            "sku": f"SKU-{self.random.randrange(10**8):08}-{self.random.choice(LETTERS)}",
            "qty": self.random.randint(1, 300),
            "price": self.random.randrange(10**6),
            "discount": self.random.choice([None, self.random.random()]),
            "tags": [self.random.choice(WORDS) for _ in range(self.random.randint(0, 4))],
        }

    def counters(self):
        values = {
            f"counter.{self.random.choice(WORDS)}.{i}": self.random.randrange(10 ** self.random.randint(1, 12))
            for i in range(10)
        }
        return dict(sorted(values.items()))

    def wide(self, index):
        return {
            "event_id": self.random.randbytes(16),
            "created": 1_700_000_000_000 + self.random.randrange(10**10),
            "kind": self.random.choice(KINDS),
            "score": self.random.random() * 1000,
            "ratio": self.single(),
            "active": self.random.random() < 0.5,
            "count": self.random.randrange(-1000, 100_000),
            "owner": self.party() if self.random.random() < 0.8 else None,
            "delegate": self.party() if self.random.random() < 0.3 else None,
            "items": [self.item() for _ in range(self.random.randint(6, 10))],
            "counters": self.counters(),
            "labels": [self.words(1, 2) for _ in range(5)],
            "note": self.words(4, 12) if self.random.random() < 0.6 else None,
            "outcome": [None, True, self.random.randrange(10**9), self.random.random(), self.words(1, 3)][index % 5],
            "payload": self.random.randbytes(128),
        }

    def older_transfer(self):
        record = self.transfer()
        del record["description"]
        return record | {"channel": self.random.choice(["mobile", "web", "branch"])}

    def older_wide(self, index):
        """Without what the older schema lacks, within what its narrower types hold."""
        record = self.wide(index)
        del record["delegate"]
        record["source"] = {"host": f"node-{self.random.randrange(100)}.bank.example", "partition": index % 12}
        record["kind"] = self.random.choice(["UPDATED", "CREATED", "DELETED"])
        record["score"] = self.single()
        for item in record["items"]:
            del item["discount"]
            item["weight"] = self.random.random()
        record["counters"] = {key: value % 2**31 for key, value in record["counters"].items()}
        record["outcome"] = [None, self.random.randrange(10**9), self.words(1, 3)][index % 3]
        return record


def cases():
    """Case, schema file, records. 512 records of longsbig are more than a branch predictor can learn, 16 are not."""
    source = Source(20240607)
    yield "cmt", "cmt", [source.transfer() for _ in range(512)]
    yield "bc", "bc", [source.balance() for _ in range(512)]
    yield "wide", "wide", [source.wide(i) for i in range(128)]
    yield "longs", "longs", [{"values": [source.long() for _ in range(1000)]} for _ in range(16)]
    yield "longsbig", "longs", [{"values": [source.long() for _ in range(1000)]} for _ in range(512)]
    yield "doubles", "doubles", [{"values": [source.random.gauss(0, 1e6) for _ in range(1000)]} for _ in range(16)]
    yield "str15", "str15", [{field: source.text(15) for field in "abcd"} for _ in range(512)]
    yield "str24", "str24", [{field: source.text(24) for field in "abcd"} for _ in range(512)]


def evolved_cases():
    source = Source(20240608)
    yield "cmt-evolved", "cmt", [source.older_transfer() for _ in range(512)]
    yield "wide-evolved", "wide", [source.older_wide(i) for i in range(128)]


def encode(schema, records):
    data = []
    for record in records:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, record)
        data.append(out.getvalue())
    return data


def write(path, data):
    with open(path, "wb") as file:
        file.write(struct.pack("<I", len(data)))
        for datum in data:
            file.write(struct.pack("<I", len(datum)) + datum)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema_name, records in cases():
        text = (BENCHMARKS / "Records" / f"{schema_name}.avsc").read_text()
        (folder / f"{name}.avsc").write_text(text)
        write(folder / f"{name}.bin", encode(fastavro.parse_schema(json.loads(text)), records))
    for name, schema_name, records in evolved_cases():
        texts = [(BENCHMARKS / kind / f"{schema_name}.avsc").read_text() for kind in ("Records", "Older")]
        (folder / f"{name}.avsc").write_text(texts[0])
        (folder / f"{name}.writer.avsc").write_text(texts[1])
        reader, writer = (fastavro.parse_schema(json.loads(text)) for text in texts)
        older = encode(writer, records)
        write(folder / f"{name}.writer.bin", older)
        resolved = [fastavro.schemaless_reader(io.BytesIO(datum), writer, reader) for datum in older]
        write(folder / f"{name}.bin", encode(reader, resolved))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
