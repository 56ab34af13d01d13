import java.io.*;
import java.lang.management.*;
import java.nio.*;
import java.nio.file.*;
import java.util.*;
import org.apache.avro.Schema;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
import org.apache.avro.specific.*;

/** Avro's own Java library, "generic" or "specific"; Peers/c/peer.h says what is answered. */
public final class JavaPeer {
  interface Pass { void run() throws IOException; }

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long SAMPLE_NANOS = 3_000_000, WARM_UP_NANOS = 1_500_000_000;
  /** What is decoded goes here, so that it is not optimized away. */
  static volatile Object sink;

  /** Maps keep the order of the bytes, so that encoding can be compared. */
  static final class OrderedGenericReader extends GenericDatumReader<Object> {
    OrderedGenericReader(Schema writer, Schema reader) { super(writer, reader); }
    @Override protected Object newMap(Object old, int size) { return new LinkedHashMap<Object, Object>(size * 2); }
  }

  static final class OrderedSpecificReader extends SpecificDatumReader<Object> {
    OrderedSpecificReader(Schema writer, Schema reader) { super(writer, reader); }
    @Override protected Object newMap(Object old, int size) { return new LinkedHashMap<Object, Object>(size * 2); }
  }

  static final class Case {
    final byte[][] data;
    final Map<String, Pass> passes = new HashMap<>();
    final Map<String, Integer> counts = new HashMap<>();

    Case(String name, Path folder, boolean specific) throws IOException {
      data = load(folder.resolve(name + ".bin"));
      Schema schema = parse(folder.resolve(name + ".avsc"));
      DatumReader<Object> reader = reader(schema, schema, specific);
      DatumWriter<Object> writer = specific ? new SpecificDatumWriter<>(schema) : new GenericDatumWriter<>(schema);
      Object[] records = new Object[data.length];
      for (int i = 0; i < data.length; i++) records[i] = decode(reader, data[i]);
      check(name, writer, records);
      passes.put("decode", decoding(reader, data, false));
      // Into the record before, as libavro's peer does; whichever is faster counts.
      passes.put("decode-other", decoding(reader, data, true));
      ByteArrayOutputStream out = new ByteArrayOutputStream(1 << 16);
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
      passes.put("encode", () -> {
        for (Object record : records) {
          out.reset();
          writer.write(record, encoder);
        }
      });
      // The buffered encoder is the other one there is; whichever is faster counts.
      BinaryEncoder buffered = EncoderFactory.get().binaryEncoder(out, null);
      passes.put("encode-other", () -> {
        for (Object record : records) {
          out.reset();
          writer.write(record, buffered);
          buffered.flush();
        }
      });
      Path older = folder.resolve(name + ".writer.avsc");
      if (Files.exists(older)) {
        DatumReader<Object> resolving = reader(parse(older), schema, specific);
        byte[][] written = load(folder.resolve(name + ".writer.bin"));
        Object[] resolved = new Object[written.length];
        for (int i = 0; i < written.length; i++) resolved[i] = decode(resolving, written[i]);
        check(name + " (evolved)", writer, resolved);
        passes.put("evolved", decoding(resolving, written, false));
        passes.put("evolved-other", decoding(resolving, written, true));
      }
    }

    private void check(String name, DatumWriter<Object> writer, Object[] records) throws IOException {
      for (int i = 0; i < records.length; i++) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.write(records[i], EncoderFactory.get().directBinaryEncoder(out, null));
        if (!Arrays.equals(out.toByteArray(), data[i]))
          throw new IOException(name + ": record " + i + " is encoded to other bytes");
      }
    }

    private static DatumReader<Object> reader(Schema writer, Schema reader, boolean specific) {
      return specific ? new OrderedSpecificReader(writer, reader) : new OrderedGenericReader(writer, reader);
    }

    private static Object decode(DatumReader<Object> reader, byte[] bytes) throws IOException {
      return reader.read(null, DecoderFactory.get().binaryDecoder(bytes, null));
    }

    private static Pass decoding(DatumReader<Object> reader, byte[][] data, boolean reuses) {
      BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(data[0], null);
      return () -> {
        Object last = null;
        for (byte[] bytes : data) {
          Object record = reader.read(reuses ? last : null, DecoderFactory.get().binaryDecoder(bytes, decoder));
          last = record;
          sink = record;
        }
      };
    }

    String measure(String op, int samples) throws IOException {
      double[] first = results(op, samples), second = results(op + "-other", samples);
      double[] best = first[0] <= second[0] ? first : second;
      return String.format(Locale.ROOT, "ns %.3f %.3f", best[0], best[samples / 2]);
    }

    private double[] results(String op, int samples) throws IOException {
      Pass pass = passes.get(op);
      if (!counts.containsKey(op)) {
        long start = THREADS.getCurrentThreadCpuTime();
        do pass.run(); while (THREADS.getCurrentThreadCpuTime() - start < WARM_UP_NANOS);
        start = THREADS.getCurrentThreadCpuTime();
        int count = 0;
        do {
          pass.run();
          count++;
        } while (THREADS.getCurrentThreadCpuTime() - start < SAMPLE_NANOS);
        counts.put(op, count);
      }
      int count = counts.get(op);
      double[] results = new double[samples];
      for (int sample = 0; sample < samples; sample++) {
        long start = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < count; i++) pass.run();
        results[sample] = (THREADS.getCurrentThreadCpuTime() - start) / ((double) count * data.length);
      }
      Arrays.sort(results);
      return results;
    }
  }

  static byte[][] load(Path path) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    byte[][] records = new byte[bytes.getInt()][];
    for (int i = 0; i < records.length; i++) {
      records[i] = new byte[bytes.getInt()];
      bytes.get(records[i]);
    }
    return records;
  }

  static Schema parse(Path path) throws IOException { return new Schema.Parser().parse(Files.readString(path)); }

  public static void main(String[] arguments) throws IOException {
    boolean specific = arguments[0].equals("specific");
    Path folder = Path.of(arguments[1]);
    Map<String, Case> cases = new HashMap<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("quit")) break;
      String answer = "none";
      try {
        if (words[0].equals("open")) {
          Case opened = new Case(words[1], folder, specific);
          cases.put(words[1], opened);
          long total = 0;
          for (byte[] bytes : opened.data) total += bytes.length;
          answer = String.format(Locale.ROOT, "ok %d %.1f", opened.data.length, (double) total / opened.data.length);
        } else if (cases.containsKey(words[1]) && cases.get(words[1]).passes.containsKey(words[2])) {
          answer = cases.get(words[1]).measure(words[2], Integer.parseInt(words[3]));
        }
      } catch (Exception error) {
        answer = "error " + error.toString().replace('\n', ' ');
      }
      System.out.println(answer);
    }
  }
}
