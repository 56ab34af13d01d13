"""A program in another language on the same cluster: reads what the bank wrote and sends commands of its own.

Usage: other_language.py BROKERS REGISTRY_URL AVSC_DIRECTORY

Uses PyPI's confluent-kafka, whose Avro part is fastavro: nothing of the bank's own code. Prints one JSON line with
what it saw; exits 1 with a message when something is not as the contract says.
"""

import json
import pathlib
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

TIMEOUT_SECONDS = 60
RECORDS = {
    "confirm_account_creation": "ConfirmAccountCreation",
    "account_creation_confirmed": "AccountCreationConfirmed",
    "account_creation_failed": "AccountCreationFailed",
    "confirm_money_transfer": "ConfirmMoneyTransfer",
    "money_transfer_confirmed": "MoneyTransferConfirmed",
    "money_transfer_failed": "MoneyTransferFailed",
    "balance_changed": "BalanceChanged",
    "heartbeat": "Heartbeat",
}


class Cluster:
    def __init__(self, brokers, registry_url, avsc_directory):
        self.brokers = brokers
        self.registry = SchemaRegistryClient({"url": registry_url})
        self.avsc = pathlib.Path(avsc_directory)
        self.decode_value = AvroDeserializer(self.registry)
        self.producer = Producer(
            {"bootstrap.servers": brokers, "acks": "all", "partitioner": "murmur2_random"}
        )

    def consumer(self, topics, at_end):
        consumer = Consumer(
            {
                "bootstrap.servers": self.brokers,
                "group.id": "other-language",
                "enable.auto.commit": False,
                "receive.message.max.bytes": 2147483647,
            }
        )
        assignment = []
        for topic in topics:
            metadata = consumer.list_topics(topic, timeout=10).topics[topic]
            for partition in metadata.partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
                assignment.append(TopicPartition(topic, partition, high if at_end else low))
        consumer.assign(assignment)
        return consumer

    def decode(self, message):
        context = SerializationContext(message.topic(), MessageField.VALUE)
        return self.decode_value(message.value(), context)

    def send(self, topic, record):
        text = (self.avsc / f"nl.openweb.data.{RECORDS[topic]}.avsc").read_text()
        encode = AvroSerializer(
            self.registry, text, conf={"auto.register.schemas": False, "normalize.schemas": False}
        )
        key = str(uuid.UUID(bytes=record["id"]))
        value = encode(record, SerializationContext(topic, MessageField.VALUE))
        self.producer.produce(topic, key=key, value=value)
        if self.producer.flush(10):
            fail(f"{topic}: not delivered")


def fail(message):
    print(f"other_language.py: {message}", file=sys.stderr)
    sys.exit(1)


def wait_for(cluster, consumer, wanted, what):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None or message.error():
            continue
        record = cluster.decode(message)
        if wanted(message, record):
            return message, record
    return fail(f"no {what} within {TIMEOUT_SECONDS} s")


def read_everything(cluster):
    """Decodes every record that is on the bank's topics now; gives the counts by topic."""
    consumer = cluster.consumer(RECORDS, at_end=False)
    ends = {}
    for place in consumer.assignment():
        low, high = consumer.get_watermark_offsets(place, timeout=10)
        if high > low:
            ends[(place.topic, place.partition)] = high
    counts = dict.fromkeys(RECORDS, 0)
    chains = {}
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while ends and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None or message.error():
            continue
        record = cluster.decode(message)
        counts[message.topic()] += 1
        if message.topic() == "balance_changed":
            check_chain(chains, message, record)
        place = (message.topic(), message.partition())
        if place in ends and message.offset() + 1 >= ends[place]:
            del ends[place]
    consumer.close()
    if ends:
        fail(f"not read to the end: {sorted(ends)}")
    return counts


def check_chain(chains, message, record):
    headers = {name: value.decode() for name, value in message.headers() or []}
    for name in ("ce_specversion", "ce_id", "ce_source", "ce_type", "causationid", "sequence"):
        if name not in headers:
            fail(f"balance_changed at {message.partition()}/{message.offset()}: no header {name}")
    if headers["ce_type"] != "nl.openweb.data.BalanceChanged":
        fail(f"ce_type is {headers['ce_type']}")
    if message.key().decode() != record["iban"]:
        fail(f"key {message.key()} is not the IBAN {record['iban']}")
    sequence, balance = int(headers["sequence"]), record["new_balance"]
    last_sequence, last_balance = chains.get(record["iban"], (0, balance - record["changed_by"]))
    if sequence <= last_sequence:
        return
    if sequence != last_sequence + 1 or balance != last_balance + record["changed_by"]:
        fail(f"{record['iban']}: broken chain at sequence {sequence}")
    chains[record["iban"]] = (sequence, balance)


def open_account(cluster):
    answers = cluster.consumer(["account_creation_confirmed", "account_creation_failed"], at_end=True)
    command_id = uuid.uuid4().bytes
    cluster.send("confirm_account_creation", {"id": command_id, "a_type": "MANUAL"})
    message, record = wait_for(
        cluster, answers, lambda _, r: r["id"] == command_id, "answer to the account creation"
    )
    answers.close()
    if message.topic() != "account_creation_confirmed":
        fail(f"account creation failed: {record}")
    return record


def transfer(cluster, command):
    """Sends the command; gives the answer's topic and record, and the balance changes that it caused."""
    consumer = cluster.consumer(
        ["money_transfer_confirmed", "money_transfer_failed", "balance_changed"], at_end=True
    )
    command = {"id": uuid.uuid4().bytes, **command}
    changes, answers = [], []
    cluster.send("confirm_money_transfer", command)

    def seen(message, record):
        if message.topic() == "balance_changed":
            headers = {name: value.decode() for name, value in message.headers() or []}
            if headers.get("causationid") == str(uuid.UUID(bytes=command["id"])):
                changes.append(record)
        elif record["id"] == command["id"]:
            answers.append((message.topic(), record))
        confirmed = answers and answers[0][0] == "money_transfer_confirmed"
        return answers and (changes or not confirmed)

    wait_for(cluster, consumer, seen, "answer to the transfer")
    consumer.close()
    return answers[0], changes


def expect(what, actual, wanted):
    if actual != wanted:
        fail(f"{what}: {actual!r} instead of {wanted!r}")


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    cluster = Cluster(*sys.argv[1:])
    counts = read_everything(cluster)
    account = open_account(cluster)
    deposit = {
        "token": "cash", "amount": 12345, "from": "cash", "to": account["iban"], "description": "deposit ü€"
    }
    (topic, _), changes = transfer(cluster, deposit)
    expect("deposit", topic, "money_transfer_confirmed")
    expect("new balance", changes[0]["new_balance"], 12345)
    expect("description", changes[0]["description"], "deposit ü€")
    theft = {**deposit, "from": account["iban"], "to": "NL66OPEN0000000000", "token": "0"}
    (topic, record), _ = transfer(cluster, theft)
    expect("theft", (topic, record["reason"]), ("money_transfer_failed", "invalid token"))
    overdraft = {**theft, "token": account["token"], "amount": 12345 + 50001}
    (topic, record), _ = transfer(cluster, overdraft)
    expect("overdraft", (topic, record["reason"]), ("money_transfer_failed", "insufficient funds"))
    negative = {**deposit, "amount": -1}
    (topic, record), _ = transfer(cluster, negative)
    expect("negative", (topic, record["reason"]), ("money_transfer_failed", "amount must be positive"))
    print(json.dumps({"read": counts, "iban": account["iban"]}))


if __name__ == "__main__":
    main()
