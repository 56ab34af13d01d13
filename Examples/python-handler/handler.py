"""The bank's command handler in Python: docs/contracts.md, on what avrogen made of definitions/. README.md says how."""
import base64, collections, hashlib, http.server, io, json, os, re, secrets, signal, sys, threading, time
import urllib.error, urllib.parse, urllib.request, uuid
from pathlib import Path

HERE = Path(__file__).parent
try:
    import fastavro, psycopg
    from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
    from fastavro.schema import SchemaParseException, UnknownType
except ImportError as missing:
    sys.exit(f"{missing}: {sys.executable} -m pip install --no-deps -r {HERE / 'requirements.txt'}")

TOPOLOGY = json.loads((HERE / "generated/topology.json").read_text())
SUBJECTS = {topic["name"]: topic["subjects"][0] for topic in TOPOLOGY["topics"] if topic["subjects"]}
CREATION, TRANSFER = COMMANDS = ["confirm_account_creation", "confirm_money_transfer"]
EVENTS = ["account_creation_confirmed", "account_creation_failed", "money_transfer_confirmed", "money_transfer_failed",
          "balance_changed"]
IS_SHARED = os.environ.get("BANK_FEEDBACK") == "shared"  # An id is of the schema, whatever the subject.
FEEDBACK = dict(zip(EVENTS * IS_SHARED, 2 * ["account_feedback"] + 2 * ["transfer_feedback"]))
BATCH, MAX_BYTES, LIMIT, LONG = 1000, 900_000, -50_000, 2**63
METRICS, HEALTH = collections.Counter(), {"problem": "starting"}

def avsc(name):
    return fastavro.parse_schema(json.loads((HERE / f"generated/{name}.avsc").read_text()))

def encode(schema, value):
    fastavro.schemaless_writer(buffer := io.BytesIO(), schema, value)
    return buffer.getvalue()

class Poison(Exception): """A command for the dead letters: the contract's cause, and a message."""

class Registry:
    """Ids of the schemas that are written, and schemas of the ids that are read."""
    def __init__(self, url):
        self.base, self.known = url.rstrip("/"), {}
        self.schemas = {name: avsc(SUBJECTS[name]["record"]) for name in COMMANDS + EVENTS}
        ids = {name: self.ask("/subjects/" + SUBJECTS[name]["subject"], SUBJECTS[name]["schema"]) for name in EVENTS}
        self.prefixes = {name: b"\0" + reply["id"].to_bytes(4, "big") for name, reply in ids.items()}

    def ask(self, path, schema=None):
        body = schema and json.dumps({"schema": json.dumps(schema)}).encode()
        request = urllib.request.Request(self.base + path, body, {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=5))

    def parse(self, reply, named):  # A schema with those that it refers to, which become part of `named`.
        for it in reply.get("references", []):
            subject = urllib.parse.quote(it["subject"], safe="")
            self.parse(self.ask(f"/subjects/{subject}/versions/{it['version']}"), named)
        return fastavro.parse_schema(json.loads(reply["schema"]), named)

    def command(self, topic, key, value):
        if len(value) + len(key) > MAX_BYTES:
            raise Poison("value-too-large", f"{len(value)} bytes, {MAX_BYTES} with the key are the most")
        if not value or value[0] != 0 or len(value) < 5:
            cause = "malformed-avro" if value[:1] == b"\0" else "wrong-magic-byte" if value else "empty-value"
            raise Poison(cause, f"the value begins with {value[:5]}")
        number, own, buffer = int.from_bytes(value[1:5], "big"), self.schemas[topic], io.BytesIO(value[5:])
        try:
            if number not in self.known:  # The registry is asked once.
                self.known[number] = self.parse(self.ask(f"/schemas/ids/{number}"), {})
            if self.known[number]["name"] != own["name"]:
                raise Poison("incompatible-schema", f"schema {number} is not of {own['name']}")
            command = fastavro.schemaless_reader(buffer, self.known[number], own)
        except urllib.error.HTTPError as error:
            raise Poison("unknown-schema-id", f"no schema {number}") if error.code == 404 else error
        except (fastavro.read.SchemaResolutionError, SchemaParseException, UnknownType, KeyError, TypeError) as error:
            raise Poison("incompatible-schema", repr(error))
        except (EOFError, ValueError, IndexError) as error:
            raise Poison("malformed-avro", repr(error))
        if buffer.read(1):
            raise Poison("malformed-avro", "bytes behind the record")
        return command

def make_iban(digits):
    return f"NL{98 - int('24251423' + digits + '232100') % 97:02}OPEN{digits}"
def is_iban(text):
    return bool(re.fullmatch(r"NL\d\dOPEN\d{10}", text, re.ASCII)) and text == make_iban(text[8:])

class Decision:
    """Decides commands in order, each seeing what those before it did; touches nothing outside.
    accounts: IBAN -> [token, amount, limit, version]; decided: topic -> id -> (payload, reason, …)"""
    def __init__(self, registry, accounts, decided):
        self.registry, self.accounts, self.decided = registry, accounts, decided
        self.changed, self.opened, self.legs, self.events, self.new = set(), {}, [], [], {CREATION: {}, TRANSFER: {}}

    def apply(self, topic, command, payload):  # False for an id that was used before with another payload.
        key = uuid.UUID(bytes=command["id"])
        if key not in self.decided[topic]:
            outcome = self.open(command) if topic == CREATION else (self.refusal(command),)
            if topic == TRANSFER and outcome == (None,):
                self.move(key, command, 0, command["from"], command["to"], -command["amount"])
                self.move(key, command, 1, command["to"], command["from"], command["amount"])
            self.decided[topic][key] = self.new[topic][key] = (payload, *outcome)
        old = self.decided[topic][key]
        if old[0] == payload:
            value = {"reason": old[1]} if old[1] else dict(zip(("iban", "token", "a_type"), old[2:]))
            name = topic.removeprefix("confirm_") + ("_failed" if old[1] else "_confirmed")
            self.publish(name, str(key), {"id": key.bytes} | value, key)
        return old[0] == payload

    def open(self, command):
        iban, token, kind = command["iban"], f"{secrets.randbelow(10**20):020}", command["a_type"]
        if iban in self.accounts:
            return "generated iban already exists, try again", None, None, kind
        self.accounts[iban], self.opened[iban] = [token, 0, LIMIT, 0], kind
        return None, iban, token, kind

    def refusal(self, command):
        amount, payer, payee = command["amount"], *(self.accounts.get(command[side]) for side in ("from", "to"))
        if command["from"] != "cash" and not is_iban(command["from"]):
            return "from is invalid"
        if command["from"] == command["to"]:
            return "from and to can't be same for transfer"
        if amount < 1:
            return "amount must be positive"
        if payer and payer[1] - amount < -LONG or payee and payee[1] + amount >= LONG:
            return "amount is too large"
        if not payer:
            return None if payee else "both to and from not known at this bank"
        if not secrets.compare_digest(payer[0].encode(), command["token"].encode()):
            return "invalid token"
        return "insufficient funds" if payer[1] - amount < payer[2] else None

    def move(self, key, command, side, iban, other, cents):
        if account := self.accounts.get(iban):
            account[1], account[3] = account[1] + cents, account[3] + 1
            self.changed.add(iban)
            self.legs.append((key, side, iban, cents, other.replace("\0", "\ufffd"), account[3]))
            value = {"iban": iban, "new_balance": account[1], "changed_by": cents, "from_to": other}
            value["description"] = command["description"]
            self.publish("balance_changed", iban, value, key, ("debit", "credit")[side], sequence=str(account[3]))

    def publish(self, topic, key, value, command, leg="", **more):
        value = self.registry.prefixes[topic] + encode(self.registry.schemas[topic], value)
        headers = {"ce_specversion": "1.0", "ce_id": str(uuid.uuid5(command, f"{topic}/{leg}")), **more,
                   "ce_source": "/command-handler", "ce_type": SUBJECTS[topic]["record"], "causationid": str(command)}
        self.events.append({"topic": FEEDBACK.get(topic, topic), "key": key, "value": value, "headers": headers})

def dead_letter(incarnation, record, cause, message):
    METRICS[f'bank_dead_letters_total{{cause="{cause}"}}'] += 1
    key, value = record.key() or b"", record.value() or b""
    place = (record.topic(), str(record.partition()), str(record.offset()))
    content = ".".join(format(byte, "x") for byte in hashlib.sha256(key + value).digest()[:8])
    id = uuid.uuid5(incarnation, "/".join(("dead_letter", *place, content)))
    headers = {"ce_specversion": "1.0", "ce_id": str(id), "ce_source": "/command-handler", "ce_type": "dead_letter"}
    names = ("topic", "partition", "offset", "exception.class.name", "exception.message")
    headers |= {f"__connect.errors.{name}": text for name, text in zip(names, (*place, cause, message))}
    key, room = key[:90_000], MAX_BYTES - min(len(key), 90_000)
    headers |= {"truncated": "true"} if len(value) > room else {}
    # What a row can't hold stands in headers with a dot, which are not published.
    headers |= {".no-value": "true"} if record.value() is None else {}
    headers |= {".no-key": "true"} if record.key() is None else {".key-base64": base64.b64encode(key).decode()}
    return {"topic": "dead_letter", "key": "", "value": value[:room], "headers": headers}

class Handler:
    """Leases, batches and the outbox, in turn and on one connection. What goes wrong ends it; a new one begins anew."""
    def __init__(self, env=os.environ):
        self.db = psycopg.connect(host=env["DB_HOSTNAME"], port=env.get("DB_PORT", "5432"), autocommit=True,
                                  password=env.get("DB_PASSWORD"), user="command_handler", dbname="balancedb")
        self.incarnation = self.db.execute("select value::uuid from meta where name = 'incarnation'").fetchone()[0]
        own = {name[8:].lower().replace("_", "."): text for name, text in env.items() if name.startswith("RDKAFKA_")}
        own |= {"bootstrap.servers": env["KAFKA_BROKERS"], "receive.message.max.bytes": 2147483647}
        self.producer = Producer(TOPOLOGY["clients"]["producer"] | {"message.max.bytes": 2_000_000} | own)
        self.consumer = Consumer({"group.id": "none", "enable.auto.commit": False, "auto.offset.reset": "error"} | own)
        self.consumer.assign([TopicPartition("bank_meta", 0, 0)])
        if not (record := self.consumer.poll(10)) or record.error():
            raise RuntimeError(f"bank_meta can't be read: {record and record.error()}")
        if record.value().decode() != str(self.incarnation):
            sys.exit("database and topics are not from the same run: bank clean, or bank adopt")
        topics = self.consumer.list_topics(timeout=10).topics
        if "journal" in topics and self.consumer.get_watermark_offsets(TopicPartition("journal", 0), 10)[1] > 0:
            sys.exit("the ledger of this bank is in the topic journal: use the strategy memory, or bank clean")
        self.places = [(name, number) for name in COMMANDS for number in topics[name].partitions]
        self.registry, self.batch = Registry(env["SCHEMA_REGISTRY_URL"]), avsc("nl.openweb.internal.OutboxBatch")
        self.deliveries = avsc("nl.openweb.internal.OutboxDeliveries")
        self.owner, self.leases, self.renewed, self.publishes = uuid.uuid4(), {}, 0, False

    def many(self, sql, rows):
        (cursor := self.db.cursor()).executemany(sql, rows)
        return cursor.rowcount

    def renew(self):  # Keeps its leases, takes what nobody has: partition -> [epoch, next offset].
        self.renewed, leases = time.monotonic(), {}
        with self.db.transaction():
            rows = self.db.execute(
                "insert into partition_lease as l select t, p, %s, 1, clock_timestamp() + interval '5 seconds' from "
                "unnest(%s::text[], %s::int[]) u(t, p) on conflict (topic, partition) do update set "
                "owner = excluded.owner, "
                "epoch = l.epoch + (l.owner <> excluded.owner)::int, expires_at = excluded.expires_at "
                "where l.owner = excluded.owner or l.expires_at <= clock_timestamp() returning topic, partition, epoch",
                (self.owner, [it[0] for it in self.places], [it[1] for it in self.places])).fetchall()
            for *place, epoch in rows:
                lease = self.leases.get(tuple(place))
                if not lease or lease[0] != epoch:
                    # Whoever had the partition can't move its position any more.
                    lease = list(self.db.execute(
                        "insert into consumed_offset as c values (%s, %s, %s, 0, -1, %s) on conflict (incarnation, "
                        "topic, partition) do update set epoch = greatest(c.epoch + 1, excluded.epoch) "
                        "returning epoch, next_offset",
                        (self.incarnation, *place, epoch)).fetchone())
                    self.db.execute("update partition_lease set epoch = %s where topic = %s and partition = %s",
                                    (lease[0], *place))
                leases[tuple(place)] = lease
        if {place: lease[0] for place, lease in leases.items()} != {it: lease[0] for it, lease in self.leases.items()}:
            self.consumer.assign([TopicPartition(*place, lease[1]) for place, lease in leases.items()])
        self.leases = leases
        for place, lease in leases.items():
            end = self.consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
            METRICS['bank_consumer_lag_records{topic="%s",partition="%s"}' % place] = max(0, end - lease[1])

    def step(self):
        if time.monotonic() - self.renewed > 1:
            self.renew()
        if (first := self.consumer.poll(0.1)) is not None:  # A message without a value is false.
            self.commit([first, *self.consumer.consume(BATCH - 1, 0)])
        self.publish()

    def commit(self, records):  # The contract's six steps, as one transaction.
        parsed, letters, moves = [], [], {}
        for record in records:
            if record.error():
                raise KafkaException(record.error())
            moves[record.topic(), record.partition()] = (record.offset() + 1, record.timestamp()[1])
            try:
                command = self.registry.command(record.topic(), record.key() or b"", record.value() or b"")
                if record.topic() == CREATION:
                    command["iban"] = make_iban(f"{secrets.randbelow(10**9):010}")
                parsed.append((record, command, hashlib.sha256(record.value()[5:]).digest()))
            except Poison as poison:
                letters.append((record, *poison.args))
        ids = {name: [uuid.UUID(bytes=it[1]["id"]) for it in parsed if it[0].topic() == name] for name in COMMANDS}
        ibans = {text for it in parsed for text in map(it[1].get, ("iban", "from", "to")) if text and is_iban(text)}
        with self.db.transaction():
            rows = lambda sql, keys: {row[0]: list(row[1:]) for row in self.db.execute("select " + sql, (list(keys),))}
            opened = rows("uuid, payload_hash, reason, iban, token, type from cac where uuid = any(%s)", ids[CREATION])
            transfers = rows("uuid, payload_hash, reason from cmt where uuid = any(%s)", ids[TRANSFER])
            accounts = rows("iban, token, amount, lmt, version from balance where iban = any(%s) "
                            "order by balance_id for no key update", ibans)
            decision = Decision(self.registry, accounts, {CREATION: opened, TRANSFER: transfers})
            for record, command, payload in parsed:
                if not decision.apply(record.topic(), command, payload) and self.db.execute(
                        "insert into conflict (command_id, payload_hash, topic, partition, record_offset) "
                        "values (%s, %s, %s, %s, %s) on conflict do nothing", (uuid.UUID(bytes=command["id"]), payload,
                        record.topic(), record.partition(), record.offset())).rowcount:
                    letters.append((record, "id-reused", "the id was used before for a command with another content"))
            self.write(decision, [dead_letter(self.incarnation, *letter) for letter in letters], moves)
        for place, move in moves.items():
            self.leases[place][1] = move[0]
        for outcome in (*decision.new[CREATION].values(), *decision.new[TRANSFER].values()):
            METRICS[f'bank_commands_total{{service="command-handler",outcome="{outcome[1] or "confirmed"}"}}'] += 1

    def write(self, decision, letters, moves):
        self.many("update balance set amount = %s, version = %s where iban = %s",
                  [(*decision.accounts[it][1::2], it) for it in decision.changed - decision.opened.keys()])
        for table, rows in (
                ("balance (iban, type, token, amount, lmt, version)",
                 [(iban, kind, *decision.accounts[iban]) for iban, kind in decision.opened.items()]),
                ("leg (command_id, side, iban, amount, counterparty, sequence)", decision.legs),
                ("cmt (uuid, payload_hash, reason)", [(key, *it) for key, it in decision.new[TRANSFER].items()]),
                ("cac (uuid, payload_hash, reason, iban, token, type)",
                 [(key, *it) for key, it in decision.new[CREATION].items()])):
            self.many(f"insert into {table} values ({', '.join(['%s'] * (table.count(',') + 1))})", rows)
        if events := decision.events + letters:
            self.db.execute("insert into outbox (events) values (%s)", (encode(self.batch, {"events": events}),))
            self.db.execute("select pg_notify('outbox', '')")
        moved = self.many("update consumed_offset set next_offset = %s, last_timestamp = %s where incarnation = %s and "
                          "topic = %s and partition = %s and epoch = %s and next_offset = %s",
                          [(*move, self.incarnation, *place, *self.leases[place]) for place, move in moves.items()])
        if moved != len(moves):
            raise RuntimeError("another handler has a partition of this batch")

    def publish(self):  # What is committed, in order, while it is this handler that publishes.
        lock = "select pg_try_advisory_lock(hashtext('outbox'))"
        self.publishes = self.publishes or self.db.execute(lock).fetchone()[0]
        next_row = "select id, events from outbox where sent_at is null order by id limit 1"
        for _ in range(8):  # A long backlog must not cost the leases.
            if not self.publishes or not (row := self.db.execute(next_row).fetchone()):
                break
            events = fastavro.schemaless_reader(io.BytesIO(row[1]), self.batch, None)["events"]
            reports = [None] * len(events)
            for number, event in enumerate(events):
                hidden = {name: text for name, text in event["headers"].items() if name[0] == "."}
                key = base64.b64decode(hidden.get(".key-base64", "")) or event["key"].encode()
                self.producer.produce(
                    event["topic"], value=None if ".no-value" in hidden else event["value"],
                    key=None if ".no-key" in hidden else key,
                    headers=list(event["headers"].items() - hidden.items()),
                    on_delivery=lambda *report, number=number: reports.__setitem__(number, report))
            if self.producer.flush(30):
                raise RuntimeError("the broker has not acknowledged events for 30 s")
            if errors := [error for error, _ in reports if error]:
                raise KafkaException(errors[0])
            places = [{"partition": it.partition(), "offset": it.offset(), "timestamp_millis": it.timestamp()[1]}
                      for _, it in reports]
            self.db.execute("update outbox set sent_at = clock_timestamp(), delivered = %s where id = %s",
                            (encode(self.deliveries, {"deliveries": places}), row[0]))

class Page(http.server.BaseHTTPRequestHandler):
    log_message = lambda *_: None

    def do_GET(self):
        is_health, problem = self.path == "/health", HEALTH["problem"]
        health = json.dumps({"status": "unavailable", "reason": problem} if problem else {"status": "ok"})
        self.send_response(503 if is_health and problem else 200)
        self.end_headers()
        self.wfile.write((health if is_health else "".join(f"{it[0]} {it[1]}\n" for it in METRICS.items())).encode())

def main():
    stop, handler = threading.Event(), None
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    address = (os.environ.get("BANK_HANDLER_ADDRESS", "127.0.0.1"), int(os.environ.get("BANK_HANDLER_PORT", "17890")))
    threading.Thread(target=http.server.ThreadingHTTPServer(address, Page).serve_forever, daemon=True).start()
    while not stop.is_set():
        try:
            handler = handler or Handler()
            handler.step()
            HEALTH["problem"] = None
        except Exception as error:  # What was not committed is read again.
            HEALTH["problem"], handler = repr(error), None
            print("python handler:", HEALTH["problem"], file=sys.stderr, flush=True)
            stop.wait(1)
    if handler:  # Others need not wait for the leases to end.
        handler.db.execute("update partition_lease set expires_at = '-infinity' where owner = %s", (handler.owner,))

main()
