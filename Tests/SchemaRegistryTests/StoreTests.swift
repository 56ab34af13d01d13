import Foundation
import SchemaRegistryServer
import Testing

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

  private static func fill(_ directory: String, count: Int) async throws {
    try await withRegistry(directory: directory) { registry async throws in
      for index in 1...count {
        let schema = Samples.record("R", fields: index)
        #expect(try await registry.post("/subjects/s\(index)/versions", schema: schema).id == index)
      }
    }
  }
}
