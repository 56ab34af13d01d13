import Foundation
import Testing

@testable import GraphQLRuntime

/// Documents that are made to take long or to exhaust the stack: each ends in an error that names a limit.
@Suite struct HostileTests {
  static let schema = ValidationTests.schema

  /// Limits far beyond what anyone should set, so that only what can't be configured holds.
  static var wide: GraphQLLimits {
    var limits = GraphQLLimits()
    limits.maxDocumentBytes = .max
    limits.maxTokens = .max
    limits.maxDepth = .max
    limits.maxAliases = 1_000_000_000
    limits.maxCost = 1_000_000_000
    return limits
  }

  /// Runs it on a thread with a quarter of the stack that threads usually have here.
  static func onSmallStack<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: body()) }
      thread.stackSize = 2 << 20
      thread.start()
    }
  }

  @Sendable static func parsed(_ text: String, _ limits: GraphQLLimits) -> Result<Document, GraphQLError> {
    do throws(GraphQLError) {
      return .success(try Document(parsing: text, limits: limits))
    } catch {
      return .failure(error)
    }
  }

  @Sendable static func errors(_ text: String, _ limits: GraphQLLimits) -> [GraphQLError] {
    switch parsed(text, limits) {
    case .success(let document): schema.validate(document, limits: limits)
    case .failure(let error): [error]
    }
  }

  static func isLimit(_ error: GraphQLError) -> Bool {
    error.extensions.first { $0.name == "code" }?.value == .string("LIMIT")
  }

  @Test(arguments: HostileDocuments.deep.indices) func nestingEndsInAnError(index: Int) async throws {
    let text = HostileDocuments.deep[index]
    let errors = await Self.onSmallStack { Self.errors(text, Self.wide) }
    let error = try #require(errors.first)
    #expect(Self.isLimit(error) || error.message.contains("syntax error"), "\(error.message)")
    #expect(error.locations.count == 1)
    // With the limits that are there unless one sets others it ends even before it is parsed.
    #expect(Self.errors(text, GraphQLLimits()).map(\.locations) == [[]])
  }

  /// Parsed, hashed, compared, printed, validated and freed.
  @Test func deepestDocumentFitsOnASmallStack() async throws {
    let text = HostileDocuments.deepest(GraphQLLimits.deepest)
    let errors = await Self.onSmallStack { () -> [GraphQLError] in
      switch Self.parsed(text, Self.wide) {
      case .failure(let error): return [error]
      case .success(let document):
        let printed = document.description
        guard case .success(let same) = Self.parsed(printed, Self.wide), same.description == printed,
          Set([document, same]).count == 2
        else { return [] }
        return Self.schema.validate(document, limits: Self.wide)
      }
    }
    #expect(errors.count > 1, "\(errors)")
    #expect(!errors.contains { $0.message.contains("syntax") || $0.message.contains("maxDepth") }, "\(errors)")
  }

  @Test(arguments: HostileDocuments.overParsingLimits.indices) func parsingNamesTheLimit(index: Int) throws {
    let (limit, text) = HostileDocuments.overParsingLimits[index]
    let error = try #require(#expect(throws: GraphQLError.self) { try Document(parsing: text) })
    #expect(Self.isLimit(error))
    #expect(error.message.contains(limit), "\(error.message)")
  }

  @Test(arguments: HostileDocuments.overValidationLimits.indices) func validationNamesTheLimit(index: Int) throws {
    let (limit, text) = HostileDocuments.overValidationLimits[index]
    let errors = Self.schema.validate(try Document(parsing: text, limits: Self.wide))
    #expect(errors.contains { Self.isLimit($0) && $0.message.contains(limit) }, "\(errors.map(\.message))")
  }

  @Test(arguments: HostileDocuments.endless.indices) func everyDocumentHasAnEnd(index: Int) async throws {
    let text = HostileDocuments.endless[index]
    let errors = await Self.onSmallStack { Self.errors(text, Self.wide) }
    #expect(!errors.isEmpty)
    #expect(errors.count <= GraphQLLimits().maxErrors + 5)
  }

  @Test func costOfVariablesIsKnownWhenTheyHaveValues() throws {
    let document = try Document(parsing: "query($n: Int) { pets(first: $n) { id name } }")
    let operation = try #require(document.operations.first)
    let limits = GraphQLLimits()
    #expect(Self.schema.validate(document, limits: limits).isEmpty)
    func error(_ value: Int64?) -> GraphQLError? {
      Self.schema.costError(
        of: operation, fragments: document.fragmentsByName, variables: value.map { ["n": .integer($0)] } ?? [:],
        limits: limits)
    }
    #expect(error(9_999) == nil)
    #expect(error(10_000).map(Self.isLimit) == true)
    // The argument's own default counts when there is no value.
    #expect(error(nil) == nil)
    #expect(error(-5) == nil)
  }
}
