import AvroFile
import AvroRuntime
import Foundation
import PythonPeer
import Testing

/// What a generated record looks like, written by hand.
struct Sample: AvroRecord {
  var id: Int64
  var text: String
  var numbers: [Int64]

  static let schemaName = "files.Sample"
  static let schemaText = """
    {"type":"record","name":"Sample","namespace":"files","fields":[{"name":"id","type":"long"},\
    {"name":"text","type":"string"},{"name":"numbers","type":{"type":"array","items":"long"}}]}
    """

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Sample {
    Sample(id: try reader.readLong(), text: try reader.readString(), numbers: try reader.readLongs())
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeLong(id)
    writer.writeString(text)
    writer.writeLongs(numbers)
  }

  /// As containers.py makes them.
  init(_ index: Int) {
    self.init(
      id: Int64(index), text: String(repeating: "text \(index) é", count: index % 7),
      numbers: (0..<index % 5).map { Int64($0) })
  }

  init(id: Int64, text: String, numbers: [Int64]) {
    self.id = id
    self.text = text
    self.numbers = numbers
  }
}

/// A file of `count` samples in memory.
func container(_ count: Int, _ writing: AvroFileWriting = AvroFileWriting(blockBytes: 2000)) throws -> [UInt8] {
  var writer = try AvroFileWriter<Sample>(inMemory: [], writing)
  for index in 0..<count { try writer.append(Sample(index)) }
  return try writer.finish()
}

/// All that can be read, and the error that ended it.
func read(
  _ bytes: [UInt8], _ reading: AvroFileReading = AvroFileReading()
) -> (samples: [Sample], error: AvroFileError?, damage: AvroFileDamageReport) {
  var samples: [Sample] = []
  do throws(AvroFileError) {
    var reader = try AvroFileReader<Sample>(bytes: bytes, reading)
    do throws(AvroFileError) {
      while let sample = try reader.next() { samples.append(sample) }
    } catch {
      return (samples, error, reader.damage)
    }
    return (samples, nil, reader.damage)
  } catch {
    return (samples, error, AvroFileDamageReport())
  }
}

/// Where blocks begin, and where the last one ends.
func blockStarts(_ bytes: [UInt8]) throws -> [Int] {
  let marker = try AvroRawFileReader(bytes: bytes).header.syncMarker
  var starts: [Int] = []
  for index in 0...(bytes.count - 16) where bytes[index] == marker[0] && Array(bytes[index..<index + 16]) == marker {
    starts.append(index + 16)
  }
  return starts
}

/// A folder that is gone when the test ends.
final class Workplace {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "avro-file-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// Runs containers.py, which is fastavro's side; gives its standard output.
func runContainers(_ arguments: [String]) async throws -> String {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  return try await PythonPeer.run([folder.appending(path: "Python/containers.py").path] + arguments)
}
