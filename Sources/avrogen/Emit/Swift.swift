import AvroSchema
import TopologyModel

/// `<stem>.swift` for each definition file, also for one that defines nothing, and `AvrogenIndex.swift`.
///
/// The same model gives the same bytes. What comes of a file depends on the names in the others, nothing else.
func emitSwift(_ model: Model) -> [GeneratedFile] {
  let context = SwiftContext(model)
  var conforming: Set<FullName> = []
  var files = model.files.indices.map { index -> GeneratedFile in
    var file = SwiftFile()
    for type in model.types where type.file == index { file.add(type, context) }
    file.addTopics(of: index, context, conforming: &conforming)
    for database in model.databases.indices where model.databases[database].file == index {
      file.addDatabase(database, context)
    }
    let source = model.files[index].path.split(separator: "/").last.map(String.init) ?? ""
    return GeneratedFile(name: "\(model.files[index].stem).swift", text: file.text(source: source))
  }
  files.append(GeneratedFile(name: "AvrogenIndex.swift", text: indexText(context)))
  return files
}

/// What all files add up to.
private func indexText(_ context: SwiftContext) -> String {
  let model = context.model
  var file = SwiftFile()
  file.addTypeList(context)
  if !model.topics.isEmpty {
    file.writer.line()
    file.writer.doc("The topics of all definitions.")
    file.writer.line("public enum Topics {}")
  }
  let isEmpty =
    model.topics.isEmpty && model.unmanaged.isEmpty && model.clients.isEmpty && model.services.isEmpty
    && model.databases.isEmpty && model.owned.isEmpty && model.cluster == nil && model.acls.isEmpty
    && model.policies == TopicPolicies()
  if !isEmpty {
    file.use(.topologyModel)
    file.writer.line()
    file.writer.doc("All that is known of topics, clients, services and databases.")
    file.writer.block("public enum Topology {") { writer in
      writer.block("public static let description = TopologyDescription(", closing: ")") { $0.topology(context) }
    }
  }
  return file.text(source: "all definitions of this target")
}

extension SwiftFile {
  /// Fixed types that stand for another Swift type have no metatype of their own and are not in the list.
  fileprivate mutating func addTypeList(_ context: SwiftContext) {
    let names = context.model.types.map { context.names[$0.name] }
    let listed = zip(context.model.types, names).compactMap { type, name in
      context.simpleType(.reference(type.name))?.text == name ? "\(name).self" : nil
    }
    guard !listed.isEmpty else { return }
    use(.avroRuntime)
    writer.line()
    writer.doc("What avrogen made of all definitions of this target.")
    writer.block("public enum AvrogenIndex {") { writer in
      writer.doc("Every record, enum and fixed.")
      writer.itemList("public static let types: [any AvroNamedValue.Type] = [", listed, "]")
    }
  }
}

extension SourceWriter {
  fileprivate mutating func topology(_ context: SwiftContext) {
    let model = context.model
    array("topics", context.names.topics.map { "Topics.\($0).description" }, ",")
    array("unmanaged", model.unmanaged.map(swiftLiteral), ",")
    blocks("clients", of: model.clients, empty: "[:]") { client, comma, writer in
      let pairs = client.properties.map { "\(swiftLiteral($0.name)): \(swiftLiteral($0.value))" }
      writer.itemList("\(swiftLiteral(client.kind)): [", pairs.isEmpty ? [":"] : pairs, "]\(comma)")
    }
    blocks("services", of: model.services, empty: "[]") { service, comma, writer in
      writer.service(service, comma)
    }
    var rest: [(inout SourceWriter, String) -> Void] = [
      { $0.array("databases", context.names.databases.map { "\($0).description" }, $1) }
    ]
    if let cluster = model.cluster { rest.append { $0.line("clusterID: \(swiftLiteral(cluster))\($1)") } }
    if !model.owned.isEmpty { rest.append { $0.array("owned", model.owned.map(swiftLiteral), $1) } }
    let policies = model.policies.swiftArguments
    if !policies.isEmpty { rest.append { $0.list("policies: TopicPolicies(", policies, ")\($1)") } }
    if !model.acls.isEmpty { rest.append { $0.access(model.acls, $1) } }
    for (index, write) in rest.enumerated() { write(&self, index == rest.count - 1 ? "" : ",") }
  }

  private mutating func access(_ rules: [AccessDescription], _ end: String) {
    block("acls: [", closing: "]\(end)") { writer in
      for rule in rules {
        writer.list("AccessDescription(", rule.swiftArguments, rules.count > 1 ? ")," : ")")
      }
    }
  }

  private mutating func service(_ service: ServiceDefinition, _ comma: String) {
    block("ServiceDescription(", closing: ")\(comma)") { writer in
      writer.line("name: \(swiftLiteral(service.name)),")
      writer.array("consumes", service.consumes.map(swiftLiteral), ",")
      writer.array("produces", service.produces.map(swiftLiteral), ",")
      writer.line("databases: \(swiftDictionary(service.databases.map { ($0.name, $0.access) }))")
    }
  }

  /// A literal whose items take several lines. Behind the last of several is a comma, behind an only one is none.
  private mutating func blocks<Item>(
    _ label: String, of items: [Item], empty: String, _ write: (Item, String, inout SourceWriter) -> Void
  ) {
    if items.isEmpty {
      line("\(label): \(empty),")
      return
    }
    block("\(label): [", closing: "],") { writer in
      for item in items { write(item, items.count > 1 ? "," : "", &writer) }
    }
  }

  private mutating func array(_ label: String, _ items: [String], _ end: String) {
    itemList("\(label): [", items, "]\(end)")
  }

  /// As ``list(_:_:_:)``, with the comma behind the last item that belongs in a literal of several lines.
  mutating func itemList(_ prefix: String, _ items: [String], _ suffix: String) {
    let joined = prefix + items.joined(separator: ", ") + suffix
    if joined.count < width || items.isEmpty {
      line(joined)
      return
    }
    block(prefix, closing: suffix) { $0.lines(items.map { items.count > 1 ? "\($0)," : $0 }) }
  }
}

extension TopicPolicies {
  /// Only what is said.
  fileprivate var swiftArguments: [String] {
    var arguments: [String] = []
    if let topicName { arguments.append("topicName: \(swiftLiteral(topicName))") }
    let bounds = [
      ("minPartitions", minPartitions), ("maxPartitions", maxPartitions), ("minReplicas", minReplicas),
      ("maxReplicas", maxReplicas),
    ]
    for (name, bound) in bounds { if let bound { arguments.append("\(name): \(swiftInteger(bound))") } }
    if let configKeys {
      arguments.append("configKeys: [\(configKeys.map(swiftLiteral).joined(separator: ", "))]")
    }
    if let minInsyncReplicas { arguments.append("minInsyncReplicas: .\(minInsyncReplicas)") }
    return arguments
  }
}

extension AccessDescription {
  fileprivate var swiftArguments: [String] {
    var arguments = [
      "principal: \(swiftLiteral(principal))", "resource: .\(resource)", "name: \(swiftLiteral(name))",
      "operations: [\(operations.map(swiftLiteral).joined(separator: ", "))]",
    ]
    if host != "*" { arguments.append("host: \(swiftLiteral(host))") }
    if !isAllowed { arguments.append("isAllowed: false") }
    return arguments
  }
}
