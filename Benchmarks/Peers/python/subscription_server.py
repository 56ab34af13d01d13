"""The subscription stream_transactions by graphql-transport-ws, from the topic balance_changed: graphql-core,
websockets, confluent-kafka and fastavro, in one process, as one would write it. No database: it has less to do than the
bank's endpoint, which answers only what it has committed.

usage: subscription_server.py PORT BROKERS REGISTRY_URL
"""

import asyncio
import io
import json
import sys
import threading
import urllib.request
import uuid

import confluent_kafka
import fastavro
import graphql
import websockets
from websockets.asyncio.server import serve

PORT, BROKERS, REGISTRY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
QUEUE_LIMIT = 1_000

SCHEMA = graphql.build_schema("""
enum dtype { DEBIT CREDIT }
type Transaction {
  event_id: ID! iban: String new_balance: String changed_by: String from_to: String descr: String direction: dtype
}
type Query { _: Boolean }
type Subscription { stream_transactions(iban: String): Transaction }
""")

by_iban: dict[str, set[asyncio.Queue]] = {}
everything: set[asyncio.Queue] = set()


async def stream_transactions(_root, _info, iban=None):
    queue = asyncio.Queue(QUEUE_LIMIT)
    queues = everything if iban is None else by_iban.setdefault(iban, set())
    queues.add(queue)
    try:
        while True:
            yield {"stream_transactions": await queue.get()}
    finally:
        queues.discard(queue)


SCHEMA.subscription_type.fields["stream_transactions"].subscribe = stream_transactions


def euros(cents):
    sign, whole, rest = "-" if cents < 0 else "", *divmod(abs(cents), 100)
    return f"€{sign}{whole:,}".replace(",", ".") + f",{rest:02d}"


def publish(rows):
    for row in rows:
        for queue in (*everything, *by_iban.get(row["iban"], ())):
            try:
                queue.put_nowait(row)
            except asyncio.QueueFull:
                print("a subscriber is too slow", flush=True)


def consume(loop):
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": BROKERS, "group.id": str(uuid.uuid4()), "auto.offset.reset": "latest"})
    partitions = consumer.list_topics("balance_changed", 10).topics["balance_changed"].partitions
    consumer.assign(
        [confluent_kafka.TopicPartition("balance_changed", number, confluent_kafka.OFFSET_END) for number in partitions])
    schemas = {}
    while True:
        rows = []
        for message in consumer.consume(1_000, 0.002):
            if message.error():
                continue
            value = message.value()
            number = int.from_bytes(value[1:5], "big")
            if number not in schemas:
                with urllib.request.urlopen(f"{REGISTRY}/schemas/ids/{number}") as reply:
                    schemas[number] = fastavro.parse_schema(json.loads(json.load(reply)["schema"]))
            event = fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[number])
            headers = dict(message.headers() or [])
            rows.append({
                "event_id": headers["ce_id"].decode(), "iban": event["iban"],
                "new_balance": euros(event["new_balance"]), "changed_by": euros(abs(event["changed_by"])),
                "from_to": event["from_to"], "descr": event["description"],
                "direction": "DEBIT" if event["changed_by"] < 0 else "CREDIT",
            })
        if rows:
            loop.call_soon_threadsafe(publish, rows)


async def answer(socket, number, query):
    events = graphql.subscribe(SCHEMA, graphql.parse(query))
    if asyncio.iscoroutine(events):
        events = await events
    async for result in events:
        await socket.send(json.dumps({"id": number, "type": "next", "payload": {"data": result.data}}))


async def client(socket):
    tasks = []
    try:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "connection_init":
                await socket.send('{"type":"connection_ack"}')
            elif message["type"] == "subscribe":
                document = message["payload"]["query"]
                if graphql.validate(SCHEMA, graphql.parse(document)):
                    await socket.close(4400)
                    return
                tasks.append(asyncio.create_task(answer(socket, message["id"], document)))
    finally:
        for task in tasks:
            task.cancel()


def health(connection, request):
    return connection.respond(200, "ok\n") if request.path == "/health" else None


async def main():
    threading.Thread(target=consume, args=(asyncio.get_running_loop(),), daemon=True).start()
    async with serve(
        client, "127.0.0.1", PORT, subprotocols=["graphql-transport-ws"], compression=None, process_request=health):
        await asyncio.Future()


asyncio.run(main())
