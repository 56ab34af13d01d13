import Foundation
import Synchronization
import Testing

@testable import SchemaRegistryServer

@Suite struct StoreTests {
  @Test func keepsIDsOverARestart() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        for index in 1...5 {
          #expect(
            try await registry.post("/subjects/s\(index)/versions", schema: Samples.record("R", fields: index)).id
              == index)
        }
        #expect(try await registry.post("/subjects/s1/versions", schema: Samples.record("R", fields: 5)).id == 5)
      }
      try await withRegistry(directory: directory) { registry async throws in
        for index in 1...5 {
          let schema = Samples.record("R", fields: index)
          #expect(try await registry.get("/schemas/ids/\(index)").schema == schema)
          #expect(try await registry.post("/subjects/s\(index)/versions", schema: schema).id == index)
        }
        #expect(try await registry.get("/subjects/s1/versions").text == "[1,2]")
        #expect(try await registry.post("/subjects/new/versions", schema: Samples.heartbeat).id == 6)
      }
    }
  }

  /// One byte of the second line is changed: that registration is gone, the others stay, and its id is not given out
  /// again, for records on topics may carry it.
  @Test func neverServesADamagedLine() async throws {
    try await withDirectory { directory in
      try await Self.fill(directory, count: 3)
      let path = directory + "/registry.jsonl"
      var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines.count == 3)
      lines[1] = lines[1].replacingOccurrences(of: "long", with: "lonh")
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
      for _ in 1...2 {
        try await withRegistry(directory: directory) { registry async throws in
          #expect(try await registry.get("/schemas/ids/1").status == 200)
          #expect(try await registry.get("/schemas/ids/2").errorCode == 40403)
          #expect(try await registry.get("/schemas/ids/3").status == 200)
          #expect(try await registry.get("/subjects").text == #"["s1","s3"]"#)
        }
      }
      try await withRegistry(directory: directory) { registry async throws in
        let id = try #require(
          try await registry.post("/subjects/s2/versions", schema: Samples.record("R", fields: 2)).id)
        #expect(id > 3)
        #expect(try await registry.get("/schemas/ids/2").errorCode == 40403)
      }
    }
  }

  /// An imported id is not the next one: it has to be read in what is left of its line.
  @Test func theIDOfADamagedImportIsNotGivenOut() async throws {
    @Sendable func body(_ fields: Int, id: Int) throws -> String {
      let schema = String(decoding: try JSONEncoder().encode(Samples.record("R", fields: fields)), as: UTF8.self)
      return "{\"schema\":\(schema),\"id\":\(id),\"version\":\(fields)}"
    }
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.put("/mode", #"{"mode":"IMPORT"}"#).status == 200)
        for (fields, id) in [(1, 5), (2, 40)] {
          #expect(try await registry.post("/subjects/s/versions", text: try body(fields, id: id)).id == id)
        }
        #expect(try await registry.put("/mode", #"{"mode":"READWRITE"}"#).status == 200)
      }
      let path = Journal.path(in: directory)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      // The last field of the second schema.
      let damaged = text.replacingOccurrences(of: #"\"f1\""#, with: #"\"g1\""#)
      #expect(damaged != text)
      try Data(damaged.utf8).write(to: URL(fileURLWithPath: path))
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.get("/schemas/ids/40").errorCode == 40403)
        let id = try #require(try await registry.post("/subjects/n/versions", schema: Samples.heartbeat).id)
        #expect(id > 40)
        // Each context has ids of its own, and nobody knows whose that one was.
        let other = try #require(try await registry.post("/subjects/:.c:n/versions", schema: Samples.heartbeat).id)
        #expect(other > 40)
      }
    }
  }

  /// The end of the file is cut off at every length: what is whole is served, the next registration gets a new id and
  /// is there after another start.
  @Test func survivesAWriteThatWasCutOff() async throws {
    try await withDirectory { directory in
      try await Self.fill(directory, count: 2)
      let path = directory + "/registry.jsonl"
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      let firstLine = try #require(whole.firstIndex(of: 10)) + 1
      for length in [firstLine, firstLine + 1, firstLine + 40, whole.count - 2, whole.count - 1] {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        let id = try await withRegistry(directory: directory) { registry async throws in
          #expect(try await registry.get("/schemas/ids/1").status == 200)
          return try await registry.post("/subjects/next/versions", schema: Samples.heartbeat).id
        }
        try await withRegistry(directory: directory) { registry async throws in
          #expect(try await registry.get("/subjects/next/versions/1").id == id, "cut at \(length)")
          #expect(try await registry.get("/schemas/ids/1").status == 200)
        }
      }
    }
  }

  @Test func anyDamagedByteIsNoticed() async throws {
    try await withDirectory { directory in
      try await Self.fill(directory, count: 1)
      let path = directory + "/registry.jsonl"
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      var random = SeededGenerator(seed: 7)
      for _ in 0..<25 {
        var damaged = whole
        let place = Int.random(in: 0..<(damaged.count - 1), using: &random)
        damaged[place] ^= UInt8.random(in: 1...255, using: &random)
        try damaged.write(to: URL(fileURLWithPath: path))
        try await withRegistry(directory: directory) { registry async throws in
          #expect(try await registry.get("/schemas/ids/1").errorCode == 40403, "byte \(place)")
          let id = try #require(
            try await registry.post("/subjects/s1/versions", schema: Samples.record("R", fields: 1)).id)
          #expect(id > 1, "byte \(place)")
        }
      }
    }
  }

  @Test func refusesASecondRegistryOnTheSameDirectory() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { _ in
        await #expect(throws: EmbeddedRegistryError.self) {
          try await withRegistry(directory: directory) { _ in }
        }
      }
    }
  }

  @Test func saysThatThePortIsTaken() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory + "/a") { registry async throws in
        let port = try #require(URL(string: registry.url)?.port)
        let second = EmbeddedRegistry(directory: directory + "/b", port: port)
        let error = await #expect(throws: EmbeddedRegistryError.self) { try await second.run() }
        #expect(error?.message.contains("127.0.0.1:\(port)") == true)
      }
    }
  }

  /// A file as it was written before there were deletions, references and modes.
  @Test func readsLinesOfBefore() async throws {
    func line(_ kind: String, _ body: String) -> String {
      let checksum = String(CRC32.checksum(body.utf8), radix: 16)
      let padding = String(repeating: "0", count: 8 - checksum.count)
      return "{\"crc32\":\"\(padding)\(checksum)\",\"\(kind)\":\(body)}\n"
    }
    let lines =
      line("registration", #"{"id":1,"schema":"\"int\"","subject":"a","version":1}"#)
      + line("level", #"{"level":"FULL"}"#) + line("level", #"{"level":"NONE","subject":"a"}"#)
      + line("registration", #"{"id":2,"schema":"\"long\"","subject":"a","version":2}"#)
      + line("level", #"{"subject":"b"}"#)
    try await withDirectory { directory in
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try Data(lines.utf8).write(to: URL(fileURLWithPath: Journal.path(in: directory)))
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.get("/schemas/ids/2").schema == "\"long\"")
        #expect(try await registry.get("/subjects/a/versions").text == "[1,2]")
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"FULL"}"#)
        #expect(try await registry.get("/config/a").text == #"{"compatibilityLevel":"NONE"}"#)
        #expect(try await registry.get("/config/b").errorCode == 40408)
        #expect(try await registry.post("/subjects/a/versions", schema: "\"bytes\"").id == 3)
      }
    }
  }

  /// After an fsync that failed nobody knows what is on the disk: what is known is read, and nothing is changed.
  @Test func aFailedFsyncStopsChanges() async throws {
    let calls = Mutex(0)
    try await withDirectory { directory in
      try await withRegistry(
        directory: directory,
        configure: { registry in
          registry.sync = { descriptor in
            calls.withLock { $0 += 1 }
            return calls.withLock { $0 } == 2 ? -1 : fsync(descriptor)
          }
        }
      ) { registry async throws in
        #expect(try await registry.post("/subjects/a/versions", schema: "\"int\"").id == 1)
        let failed = try await registry.post("/subjects/a/versions", schema: "\"long\"")
        #expect(failed.status == 500 && failed.errorCode == 50001)
        #expect(try await registry.put("/config", #"{"compatibility":"NONE"}"#).errorCode == 50001)
        #expect(try await registry.get("/subjects/a/versions").text == "[1]")
        // What is there already is found as before.
        #expect(try await registry.post("/subjects/a/versions", schema: "\"int\"").id == 1)
      }
      let id = try await withRegistry(directory: directory) {
        try await $0.post("/subjects/a/versions", schema: "\"bytes\"").id
      }
      #expect(try #require(id) > 1)
    }
  }

  /// A disk that does not answer holds up changes and nobody else.
  @Test func readingDoesNotWaitForTheDisk() async throws {
    let isHeld = Mutex(true)
    var limits = RegistryLimits()
    limits.writeTimeoutMillis = 60_000
    limits.maxWaitingChanges = 1
    try await withDirectory { [limits] directory in
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.post("/subjects/a/versions", schema: "\"int\"").id == 1)
      }
      try await withRegistry(
        directory: directory, limits: limits,
        configure: { registry in
          registry.sync = { descriptor in
            while isHeld.withLock({ $0 }) { usleep(5_000) }
            return fsync(descriptor)
          }
        }
      ) { registry async throws in
        let answers = try await withThrowingTaskGroup(of: RegistryEndpoint.Answer.self) { group in
          for name in "abcd" {
            group.addTask { try await registry.post("/subjects/\(name)/versions", schema: "\"long\"") }
          }
          #expect(try await registry.get("/subjects").text == #"["a"]"#)
          #expect(try await registry.get("/subjects/a/versions").text == "[1]")
          #expect(try await registry.post("/subjects/a", schema: "\"int\"").version == 1)
          // One is on its way, one waits, and two are not taken.
          var answers: [RegistryEndpoint.Answer] = []
          for try await answer in group {
            answers.append(answer)
            if answers.count == 2 { isHeld.withLock { $0 = false } }
          }
          return answers
        }
        #expect(answers.map(\.errorCode) == [50002, 50002, nil, nil])
        #expect(answers.map(\.id) == [nil, nil, 2, 2])
      }
    }
  }

  @Test func aStoppedRegistryTakesNoChanges() async throws {
    try await withDirectory { directory in
      let store = try await RegistryStore(directory: directory, limits: RegistryLimits())
      await store.close()
      let schema = try ParsedSchema(SchemaContent(text: "\"int\""), limits: RegistryLimits())
      let failure = await #expect(throws: RegistryFailure.self) { try await store.register(schema, subject: "a") }
      #expect(failure?.status == 500 && failure?.code == 50004)
    }
  }

  @Test func aFullJournalIsAnErrorAndCanBeReadAgain() async throws {
    var limits = RegistryLimits()
    limits.maxJournalBytes = 2_000
    try await withDirectory { [limits] directory in
      let count = try await withRegistry(directory: directory, limits: limits) { registry async throws in
        var count = 0
        while count < 100 {
          let answer = try await registry.post("/subjects/s\(count)/versions", schema: "\"int\"")
          guard answer.status == 200 else {
            #expect(answer.errorCode == 50001)
            break
          }
          count += 1
        }
        return count
      }
      #expect((1..<100).contains(count))
      try await withRegistry(directory: directory, limits: limits) { registry async throws in
        #expect(try await registry.get("/schemas").text.components(separatedBy: "\"id\":1").count == count + 1)
      }
    }
  }

  @Test func badUsersAndCertificatesAreToldAtStart() async throws {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for text in ["", "# nobody\n", "alice\n", ":secret\n"] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/users"))
        #expect(throws: EmbeddedRegistryError.self) { try RegistryUsers(file: directory + "/users") }
      }
      for end in ["\n", "\r\n"] {
        let lines = ["# two", "alice:a:b", "", "bob:", ""].joined(separator: end)
        try Data(lines.utf8).write(to: URL(fileURLWithPath: directory + "/users"))
        let users = try RegistryUsers(file: directory + "/users")
        #expect(["alice:a:b", "bob:"].allSatisfy { users.admit($0) })
        #expect(["alice:a", "alice", "bob:x", "", "carol:", "alice:a:b\r"].allSatisfy { !users.admit($0) })
      }
      #expect(throws: EmbeddedRegistryError.self) { try RegistryUsers(file: directory + "/nothing") }
      var registry = EmbeddedRegistry(directory: directory, port: 0)
      registry.tls = RegistryTLS(certificateChainFile: directory + "/users", privateKeyFile: directory + "/users")
      let configured = registry
      let error = await #expect(throws: EmbeddedRegistryError.self) { try await configured.run() }
      #expect(error?.message.contains("PEM") == true)
    }
  }

  private static func fill(_ directory: String, count: Int) async throws {
    try await withRegistry(directory: directory) { registry async throws in
      for index in 1...count {
        let schema = Samples.record("R", fields: index)
        #expect(try await registry.post("/subjects/s\(index)/versions", schema: schema).id == index)
      }
    }
  }
}
