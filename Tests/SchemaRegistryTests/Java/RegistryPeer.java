import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/** Uses the registry at args[0] with Confluent's own serializer and client; a line for each thing, name and outcome. */
public final class RegistryPeer {
  private static void say(String name, Object outcome) {
    System.out.println(name + ": " + outcome);
  }

  private static String refusal(Callable<?> call) throws Exception {
    try {
      return "not refused, " + call.call();
    } catch (RestClientException problem) {
      return problem.getStatus() + " " + problem.getErrorCode();
    }
  }

  private static String hex(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte each : bytes) text.append(String.format("%02x", each));
    return text.toString();
  }

  public static void main(String[] args) throws Exception {
    String url = args[0];
    Map<String, Object> conf = new HashMap<>(Map.of("schema.registry.url", url));
    Schema beat = SchemaBuilder.record("Heartbeat").namespace("java.data").fields().requiredLong("beat").endRecord();
    GenericRecord value = new GenericData.Record(beat);
    value.put("beat", 150L);

    KafkaAvroSerializer serializer = new KafkaAvroSerializer();
    serializer.configure(conf, false);
    byte[] bytes = serializer.serialize("java", value);
    say("bytes", hex(bytes));

    Map<String, Object> strict = new HashMap<>(conf);
    strict.put("auto.register.schemas", false);
    KafkaAvroSerializer careful = new KafkaAvroSerializer();
    careful.configure(strict, false);
    say("strict", hex(careful.serialize("java", value)));

    strict.put("use.latest.version", true);
    KafkaAvroSerializer latest = new KafkaAvroSerializer();
    latest.configure(strict, false);
    say("latest", hex(latest.serialize("java", value)));

    KafkaAvroDeserializer deserializer = new KafkaAvroDeserializer();
    deserializer.configure(conf, false);
    say("read", deserializer.deserialize("java", bytes));

    CachedSchemaRegistryClient client = new CachedSchemaRegistryClient(List.of(url), 100);
    AvroSchema more = new AvroSchema("{\"type\":\"record\",\"name\":\"Heartbeat\",\"namespace\":\"java.data\",\"fields\":["
        + "{\"name\":\"beat\",\"type\":\"long\"},{\"name\":\"host\",\"type\":\"string\",\"default\":\"\"}]}");
    AvroSchema less = new AvroSchema("{\"type\":\"record\",\"name\":\"Heartbeat\",\"namespace\":\"java.data\",\"fields\":["
        + "{\"name\":\"host\",\"type\":\"string\"}]}");
    say("compatible", client.testCompatibility("java-value", more) + " " + client.testCompatibility("java-value", less));
    say("why not", client.testCompatibilityVerbose("java-value", less).get(0).contains("READER_FIELD_MISSING_DEFAULT_VALUE"));
    say("incompatible", refusal(() -> client.register("java-value", less)));
    say("second", client.register("java-value", more) > 0);
    say("versions", client.getAllVersions("java-value"));
    say("latest version", client.getLatestSchemaMetadata("java-value").getVersion());
    say("version of", client.getVersion("java-value", new AvroSchema(beat)));
    say("subjects", client.getAllSubjectsByPrefix("java"));
    say("level", client.updateCompatibility("java-value", "FULL") + " " + client.getCompatibility("java-value"));
    say("mode", client.setMode("READONLY", "java-value") + " " + client.getMode("java-value"));
    say("read-only", refusal(() -> client.deleteSubject("java-value")));
    client.setMode("READWRITE", "java-value");

    List<SchemaReference> references = List.of(new SchemaReference("java.data.Heartbeat", "java-value", 1));
    AvroSchema top = new AvroSchema("{\"type\":\"array\",\"items\":\"java.data.Heartbeat\"}", references,
        Map.of("java.data.Heartbeat", beat.toString()), null);
    int id = client.register("java-top", top);
    CachedSchemaRegistryClient other = new CachedSchemaRegistryClient(List.of(url), 100,
        List.of(new io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider()), Map.of(), Map.of());
    say("references", other.getSchemaById(id).references().size() + " " + ((Schema) other.getSchemaById(id).rawSchema()).getElementType().getName());
    say("referenced", refusal(() -> client.deleteSubject("java-value")));
    say("all of id", other.getAllSubjectsById(id) + " " + other.getAllVersionsById(id).size());

    say("deleted", client.deleteSubject("java-top") + " " + client.deleteSubject("java-top", true));
    say("unknown", refusal(() -> client.getAllVersions("java-top")) + ", " + refusal(() -> other.getSchemaById(4711)));
    say("deleted again", refusal(() -> new CachedSchemaRegistryClient(List.of(url), 9).deleteSubject("java-value", true)));
  }
}
