import PostgresRuntime
import TestPostgres
import Testing

@Suite struct FirstTests {
  @Test func connects() async throws {
    let server = try await TestPostgres.shared()
    let connection = try await PostgresConnection.connect(try await server.makeDatabase())
    let rows = try await connection.run { session in
      try session.query("select \(1), \("a"), \(nil as Int?)", as: Int.self, String.self, Int?.self)
    }
    #expect(rows.count == 1)
    #expect(rows[0].0 == 1 && rows[0].1 == "a" && rows[0].2 == nil)
    await connection.close()
  }
}
