import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// What good input means: the whole model as text, beside the files that it is of.
@Suite struct GoldenTests {
  private static let golden = Fixtures.folder.appending(path: "Golden")

  private func model(of folder: URL) throws -> Model {
    switch Loader.load(try Fixtures.inputs(folder)) {
    case .good(let model): return model
    case .bad(let lines):
      Issue.record("\(lines.joined(separator: "\n"))")
      return Model()
    }
  }

  @Test func everyFormOfTheLanguage() throws {
    let folder = Self.golden.appending(path: "language")
    try Fixtures.expect(ModelText.text(of: try model(of: folder)), equals: "expected.txt", in: folder)
  }

  /// In `.avsc` a logical type that is unknown or does not fit is as if it were not there, and `true` is no symbol.
  @Test(arguments: ["ignored-logical-types", "avsc-defaults"]) func schemasOfOthers(name: String) throws {
    let folder = Self.golden.appending(path: name)
    try Fixtures.expect(ModelText.text(of: try model(of: folder)), equals: "expected.txt", in: folder)
  }

  @Test func theBanksOwnDefinitions() throws {
    let text = ModelText.text(of: try model(of: Fixtures.definitions))
    try Fixtures.expect(text, equals: "definitions.txt", in: Self.golden)
  }

  /// The names and canonical forms that other services on the cluster rely on.
  @Test func recordsOfTheBank() throws {
    let model = try model(of: Fixtures.definitions)
    let names = model.types.map(\.name.description).filter { $0.hasPrefix("nl.openweb.data.") }
    #expect(
      names.map { String($0.dropFirst(16)) } == [
        "Uuid", "Atype", "Heartbeat", "ConfirmAccountCreation", "AccountCreationConfirmed", "AccountCreationFailed",
        "ConfirmMoneyTransfer", "MoneyTransferConfirmed", "MoneyTransferFailed", "BalanceChanged",
      ])
    #expect(model.types.filter { $0.isUUID }.map(\.name.name) == ["Uuid"])
    #expect(model.topics.count == 13)
    #expect(model.databases.map(\.name) == ["balancedb", "transactiondb"])
  }
}

/// A model as lines of text.
enum ModelText {
  static func text(of model: Model) -> String {
    var lines: [String] = []
    for file in model.files { lines.append("file \(file.path) -> \(file.stem)") }
    for type in model.types {
      let flags = (type.isPlain ? " plain" : "") + (type.isUUID ? " uuid" : "")
      lines.append("type \(type.name) in \(model.files[type.file].path)\(flags)")
      lines.append("  \(type.schema.text(.full))")
    }
    for client in model.clients { lines.append("client \(client.kind) \(pairs(client.properties))") }
    for topic in model.topics {
      lines.append("topic \(topic.name) \(topic.partitions)x\(topic.replicas) \(topic.key) \(topic.subjects.rawValue)")
      lines.append("  \(topic.values.map(\.description)) \(pairs(topic.config)) \(topic.doc ?? "-")")
      if let mode = topic.compatibility { lines.append("  \(mode.rawValue)") }
    }
    lines.append("unmanaged \(model.unmanaged)")
    for service in model.services {
      let databases = service.databases.map { "\($0.name): \($0.access)" }
      lines.append("service \(service.name) \(service.doc ?? "-")")
      lines.append("  consumes \(service.consumes) produces \(service.produces) databases \(databases)")
    }
    for database in model.databases {
      lines.append("database \(database.name) roles \(database.roles) \(database.doc ?? "-")")
      for table in database.tables { lines += text(of: table) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func pairs(_ properties: [(name: String, value: String)]) -> String {
    properties.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
  }

  private static func text(of table: TableDefinition) -> [String] {
    var lines = ["  table \(table.name) \(table.doc ?? "-")"]
    for column in table.columns {
      var words = ["    \(column.name)", column.type.rawValue]
      if column.isNullable { words.append("nullable") }
      if column.isIdentity { words.append("identity") }
      if column.isTouchedOnUpdate { words.append("touch") }
      if let expression = column.defaultExpression { words.append("default \(expression)") }
      if let doc = column.doc { words.append("-- \(doc)") }
      lines.append(words.joined(separator: " "))
    }
    lines.append("    key \(table.primaryKey) unique \(table.uniques) checks \(table.checks)")
    for index in table.indexes {
      lines.append("    index \(index.columns) unique \(index.isUnique) where \(index.condition ?? "-")")
    }
    for grant in table.grants { lines.append("    grant \(grant.role) \(grant.privileges)") }
    for row in table.seedRows { lines.append("    row \(row.map { "\($0.column)=\($0.value)" })") }
    return lines
  }
}
