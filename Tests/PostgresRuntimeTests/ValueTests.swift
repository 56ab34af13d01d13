import FoundationEssentials
import PostgresRuntime
import Testing

/// Every type there and back, and what Postgres itself makes of it as text.
@Suite struct ValueTests {
  @Test func integersAtTheirEnds() async throws {
    try await withDatabase { connection in
      try await roundTrip([Int16.min, -1, 0, 1, .max], as: "smallint", connection)
      try await roundTrip([Int32.min, -1, 0, 1, .max], as: "int", connection)
      try await roundTrip([Int64.min, -1, 0, 1, .max], as: "bigint", connection)
      try await roundTrip([Int.min, -1, 0, 1, .max], as: "bigint", connection)
      let text = try await connection.run { session in
        try session.first(
          "select \(Int64.min)::text, \(Int32.max)::text, \(Int16.min)::text", as: String.self, String.self, String.self
        )
      }
      #expect(try #require(text) == ("-9223372036854775808", "2147483647", "-32768"))
    }
  }

  @Test func floatsAndBooleans() async throws {
    try await withDatabase { connection in
      try await roundTrip([true, false], as: "boolean", connection)
      try await roundTrip(
        [0, -0.0, 1.5, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity] as [Float], as: "real", connection)
      try await roundTrip(
        [0, 0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -.infinity] as [Double], as: "double precision",
        connection)
      let nan = try await connection.run { session in try session.first("select \(Double.nan)", as: Double.self) }
      #expect(try #require(nan).isNaN)
    }
  }

  @Test func texts() async throws {
    let values = [
      "", "a", "'; drop table x; --", "\\", "\"quoted\"", "é 漢字 🏦", "line\nline", "$1", "\u{1}", "{a,b}", "NULL",
    ]
    try await withDatabase { connection in
      try await roundTrip(values, as: "text", connection)
      let sizes = try await connection.run { session in
        try session.query("select octet_length(t) from unnest(\(values)) t", as: Int.self)
      }
      #expect(sizes == values.map { $0.utf8.count })
    }
  }

  @Test func bytesUpToTenMegabytes() async throws {
    let large = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await withDatabase { connection in
      try await roundTrip([[], [0], [0, 255, 0], Array(0...255)], as: "bytea", connection)
      let (bytes, digest) = try #require(
        try await connection.run { session in
          try session.first(
            "select b, md5(b) = md5(\(large)) from (select \(large) as b) t", as: [UInt8].self, Bool.self)
        })
      #expect(bytes == large)
      #expect(digest)
    }
  }

  @Test func identifiersAndTimes() async throws {
    let ids = [UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), UUID(), UUID()]
    try await withDatabase { connection in
      try await roundTrip(ids, as: "uuid", connection)
      let text = try await connection.run { session in try session.first("select \(ids[1])::text", as: String.self) }
      #expect(text == ids[1].uuidString.lowercased())
      let times = [
        PostgresTimestamp(microsSinceEpoch: 0), PostgresTimestamp(millisSinceEpoch: 1_795_462_354_123),
        PostgresTimestamp(microsSinceEpoch: -1), .infinity, .negativeInfinity,
      ]
      try await roundTrip(times, as: "timestamptz", connection)
      try await roundTrip(
        [PostgresDate(daysSinceEpoch: 0), PostgresDate(daysSinceEpoch: -800_000), .infinity], as: "date", connection)
      try await roundTrip([PostgresJSON(text: #"{"a": [1, null]}"#)], as: "jsonb", connection)
    }
  }

  /// Our calendar against Postgres'.
  @Test func timesAsTextAreThoseOfPostgres() async throws {
    try await withDatabase { connection in
      try await connection.run { session in
        try session.script("set timezone = 'UTC'")
        let days = stride(from: -700_000, through: 2_900_000, by: 997).map { PostgresDate(daysSinceEpoch: $0) }
        let texts = try session.query("select to_char(d, 'YYYY-MM-DD') from unnest(\(days)) d", as: String.self)
        #expect(texts == days.map(\.description))
        let times = (-200...200).map { PostgresTimestamp(microsSinceEpoch: $0 * 123_456_789_012_3) }
        let timeTexts = try session.query(
          #"select to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from unnest(\#(times)) t"#, as: String.self)
        #expect(timeTexts == times.map(\.description))
        let millis = try session.query(
          "select floor(extract(epoch from t) * 1000)::bigint from unnest(\(times)) t", as: Int64.self)
        #expect(millis == times.map(\.millisSinceEpoch))
      }
    }
  }

  @Test func numericsOfAnySize() async throws {
    let texts = [
      "0", "1", "-1", "0.1", "-0.0001", "10000", "99999999", "123456789012345678901234567890.123456789", "0.00", "1.50",
      "100000000000000000000", "NaN", "Infinity", "-Infinity", "12345.00006",
    ]
    try await withDatabase { connection in
      let values = try texts.map { try #require(PostgresNumeric($0)) }
      #expect(values.map(\.description) == texts)
      try await roundTrip(values, as: "numeric", connection)
      let back = try await connection.run { session in
        try session.query("select n::text from unnest(\(values)) n", as: String.self)
      }
      #expect(back == texts)
      let sum = try await connection.run { session in
        try session.first("select sum(x) from unnest(\([Int64.max, 1])) x", as: PostgresNumeric.self)
      }
      #expect(sum?.description == "9223372036854775808")
      #expect(sum?.int64 == nil)
      #expect(PostgresNumeric(Int64.min).int64 == Int64.min)
      #expect(PostgresNumeric("1.5")?.int64 == nil)
      #expect(["", "-", "1e5", "1.2.3", " 1", "."].allSatisfy { PostgresNumeric($0) == nil })
    }
  }

  @Test func nullsOfEveryKind() async throws {
    try await withDatabase { connection in
      try await connection.run { session in
        let row = try session.first(
          "select \(nil as Int64?), \(nil as String?), \(nil as UUID?), \(nil as [Int64]?), \("x" as String?), \([] as [UInt8])",
          as: Int64?.self, String?.self, UUID?.self, [Int64]?.self, String?.self, [UInt8]?.self)
        let values = try #require(row)
        #expect(values.0 == nil && values.1 == nil && values.2 == nil && values.3 == nil)
        #expect(values.4 == "x")
        #expect(values.5 == [])
      }
    }
  }

  @Test func whatDoesNotFitIsNamed() async throws {
    try await withDatabase { connection in
      let cases: [(SQL, String)] = [
        ("select 1 as a, null::bigint as amount", "row 1, column 2 (amount): is NULL, which Int64 cannot hold"),
        ("select 1 as a, 'x' as amount", "column 2 (amount): has the Postgres type text (1 bytes), which Int64"),
        ("select 1 as a, sum(1::bigint) as amount", "sum(amount)::bigint"),
        ("select 1 as a", "column 2: is not there: the statement gave 1 columns"),
      ]
      for (sql, message) in cases {
        let error = try await postgresError {
          _ = try await connection.run { session in try session.query(sql, as: Int.self, Int64.self) }
        }
        #expect(error.kind == .decoding)
        #expect(error.description.contains(message), "\(error)")
        #expect(error.statement == sql.text)
      }
      let small = try await postgresError {
        _ = try await connection.run { session in try session.query("select 1::bigint", as: Int32.self) }
      }
      #expect(small.kind == .decoding)
    }
  }

  @Test func arraysOfEveryShape() async throws {
    try await withDatabase { connection in
      try await connection.run { session in
        let row = try session.first(
          "select \([1, nil, 3] as [Int64?]), \([] as [String]), \([[1, 2], [], [0]] as [[UInt8]]), \([nil, ""] as [String?]), '{}'::int[]",
          as: [Int64?].self, [String].self, [[UInt8]].self, [String?].self, [Int32].self)
        let values = try #require(row)
        #expect(values.0 == [1, nil, 3])
        #expect(values.1 == [])
        #expect(values.2 == [[1, 2], [], [0]])
        #expect(values.3 == [nil, ""])
        #expect(values.4 == [])
      }
      for (sql, message): (SQL, String) in [
        ("select array[1, null]", "holds a NULL"), ("select array[[1], [2]]", "2 dimensions"),
        ("select 1", "type int"), ("select '\\x000000000000000000000017'::bytea", "type bytea"),
      ] {
        let error = try await postgresError {
          _ = try await connection.run { session in try session.query(sql, as: [Int32].self) }
        }
        #expect(error.message.contains(message), "\(error)")
      }
    }
  }

  @Test func zeroBytesInTextAreRefusedBeforeTheyAreSent() async throws {
    try await withDatabase { connection in
      let error = try await postgresError {
        try await connection.run { session in _ = try session.execute("select \(1), \("a\0b")") }
      }
      #expect(error.kind == .encoding)
      #expect(error.message.contains("parameter 2: a text holds a zero byte"))
      let inArray = try await postgresError {
        try await connection.run { session in _ = try session.execute("select \(["ok", "\0"])") }
      }
      #expect(inArray.kind == .encoding)
      let inName = try await postgresError {
        try await connection.run { session in try session.script("listen \(identifier: "a\0")") }
      }
      #expect(inName.kind == .encoding)
      // The connection is as good as before.
      #expect(try await answers(connection))
    }
  }

  /// As a scalar, as an array, and back from a column of the type.
  private func roundTrip<Value: PostgresScalar & PostgresArrayElement & Equatable & Sendable>(
    _ values: [Value], as type: String, _ connection: PostgresConnection
  ) async throws {
    try await connection.run { session in
      for value in values {
        let back = try session.first("select \(value)::\(unsafe: type)", as: Value.self)
        #expect(back == value)
        let isType = try session.first("select pg_typeof(\(value)) = \(type)::regtype", as: Bool.self)
        #expect(isType == true)
      }
      let array = try session.first("select \(values)::\(unsafe: type)[]", as: [Value].self)
      #expect(array == values)
      let optional: [Value?] = values + [nil]
      let optionals = try session.first("select \(optional)", as: [Value?].self)
      #expect(optionals == optional)
      let column = try session.query("select x from unnest(\(optional)) x", as: Value?.self)
      #expect(column == optional)
    }
  }
}
