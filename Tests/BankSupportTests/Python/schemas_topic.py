"""schemas_topic.py BROKERS read|write|spoil: what Confluent's registry does with its topic, by confluent-kafka."""

import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC = "_schemas"
WRITTEN = [
    ('{"keytype":"NOOP","magic":0}', None),
    (
        '{"keytype":"SCHEMA","subject":"d-value","version":1,"magic":1}',
        '{"subject":"d-value","version":1,"id":7,"md5":"AA==","schema":"\\"bytes\\"","deleted":false}',
    ),
    ('{"keytype":"DELETE_SUBJECT","subject":"b-value","magic":0}', '{"subject":"b-value","version":1}'),
]
SPOILT = [("{", "{}"), ('{"keytype":"SCHEMA","subject":"x","version":1,"magic":1}', '{"id":7,"schema":"\\"int\\""}')]


def read(brokers):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.auto.commit": False})
    partition = TopicPartition(TOPIC, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=30)
    consumer.assign([partition])
    next_offset = 0
    while next_offset < end:
        message = consumer.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        next_offset = message.offset() + 1
        print(message.key().decode(), message.value().decode() if message.value() is not None else "-")
    consumer.close()


def create(brokers):
    admin = AdminClient({"bootstrap.servers": brokers})  # kept: without it what is asked for is broken off
    made = admin.create_topics([NewTopic(TOPIC, 1, 1)])
    try:
        made[TOPIC].result(30)
    except KafkaException as problem:
        assert problem.args[0].name() == "TOPIC_ALREADY_EXISTS", problem


def write(brokers, records):
    create(brokers)
    producer = Producer({"bootstrap.servers": brokers, "acks": "all"})
    failures = []
    for key, value in records:
        producer.produce(TOPIC, value, key, partition=0, on_delivery=lambda error, _: error and failures.append(error))
    assert producer.flush(30) == 0 and not failures, failures


if __name__ == "__main__":
    if sys.argv[2] == "read":
        read(sys.argv[1])
    else:
        write(sys.argv[1], WRITTEN if sys.argv[2] == "write" else SPOILT)
