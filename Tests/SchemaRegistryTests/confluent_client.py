"""Uses the registry at sys.argv[1] with confluent-kafka's own client, and prints what came of it as JSON."""

import io
import json
import sys

import fastavro
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    SchemaRegistryError,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

HEARTBEAT = json.dumps(
    {
        "type": "record",
        "name": "Heartbeat",
        "namespace": "nl.openweb.data",
        "fields": [{"name": "beat", "type": "long"}],
    }
)


def refused(call):
    try:
        call()
    except SchemaRegistryError as error:
        return [error.http_status_code, error.error_code]
    return None


def levels(client):
    """Sets, reads and lives under compatibility levels."""

    def record(*fields):
        return Schema(json.dumps({"type": "record", "name": "R", "fields": list(fields)}), "AVRO")

    one = {"name": "one", "type": "long"}
    bare = {"name": "two", "type": "string"}
    full = dict(bare, default="")
    client.register_schema("levels", record(one))
    client.set_compatibility(level="BACKWARD")
    found = [
        client.get_compatibility(),
        client.test_compatibility("levels", record(one, bare)),
        client.test_compatibility("levels", record(one, full)),
        client.test_compatibility("levels", record(one, bare), 1),
        client.test_compatibility("never registered", record(one)),
        refused(lambda: client.register_schema("levels", record(one, bare))),
        refused(lambda: client.get_compatibility("levels")),
    ]
    client.set_compatibility("levels", "NONE")
    found.append(client.get_compatibility("levels"))
    found.append(client.register_schema("levels", record(one, bare)) > 0)
    client.set_config("levels", ServerConfig(compatibility=ConfigCompatibilityLevel.FULL_TRANSITIVE))
    found.append(client.get_config("levels").compatibility_level.value)
    found.append(refused(lambda: client.test_compatibility("levels", record(one), 9)))
    found.append(refused(lambda: client.test_compatibility("levels", Schema("nonsense", "AVRO"))))
    found.append(refused(lambda: client.set_compatibility("levels", "SIDEWAYS")))
    return json.dumps(found)


def main(url):
    client = SchemaRegistryClient({"url": url})
    context = SerializationContext("heartbeat", MessageField.VALUE)
    found = {}

    strict = AvroSerializer(client, HEARTBEAT, conf={"auto.register.schemas": False})
    found["not registered"] = refused(lambda: strict({"beat": 1}, context))

    writer = AvroSerializer(client, HEARTBEAT)
    value = writer({"beat": 150}, context)
    found["bytes"] = value.hex()
    # A client of its own, so that nothing comes from the first one's cache.
    other = SchemaRegistryClient({"url": url})
    found["strict bytes"] = AvroSerializer(other, HEARTBEAT, conf={"auto.register.schemas": False})(
        {"beat": 150}, context
    ).hex()
    found["latest bytes"] = AvroSerializer(
        SchemaRegistryClient({"url": url}),
        HEARTBEAT,
        conf={"auto.register.schemas": False, "use.latest.version": True},
    )({"beat": 150}, context).hex()
    found["read"] = AvroDeserializer(SchemaRegistryClient({"url": url}))(value, context)

    fresh = SchemaRegistryClient({"url": url})
    id = int.from_bytes(value[1:5], "big")
    text = fresh.get_schema(id).schema_str
    found["fastavro"] = fastavro.schemaless_reader(io.BytesIO(value[5:]), json.loads(text), None)
    found["subjects"] = fresh.get_subjects()
    found["versions"] = fresh.get_versions("heartbeat-value")
    latest = fresh.get_latest_version("heartbeat-value")
    found["latest"] = [latest.subject, latest.version, latest.schema_id, json.loads(latest.schema.schema_str)]
    documented = dict(json.loads(HEARTBEAT), doc="with documentation")
    looked_up = fresh.lookup_schema("heartbeat-value", Schema(json.dumps(documented), "AVRO"))
    found["canonical form"] = [looked_up.version, looked_up.schema_id]
    found["odd subject"] = fresh.register_schema("odd/subject ä", Schema(HEARTBEAT, "AVRO"))
    found["compatibility"] = fresh.get_compatibility()
    found["types"] = fresh.get_schema_types()

    found["unknown id"] = refused(lambda: fresh.get_schema(999))
    found["unknown subject"] = refused(lambda: fresh.get_versions("none"))
    found["unknown version"] = refused(lambda: fresh.get_version("heartbeat-value", 9))
    found["bad schema"] = refused(lambda: fresh.register_schema("bad", Schema('{"type":"strange"}', "AVRO")))
    found["levels"] = levels(fresh)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
