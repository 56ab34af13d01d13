import AvroSchema

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
  if !model.topics.isEmpty {
    file.writer.line()
    file.writer.doc("The topics of all definitions.")
    file.writer.line("public enum Topics {}")
  }
  let isEmpty =
    model.topics.isEmpty && model.unmanaged.isEmpty && model.clients.isEmpty && model.services.isEmpty
    && model.databases.isEmpty
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

extension SourceWriter {
  fileprivate mutating func topology(_ context: SwiftContext) {
    let model = context.model
    array("topics", context.names.topics.map { "Topics.\($0).description" }, ",")
    array("unmanaged", model.unmanaged.map(swiftLiteral), ",")
    if model.clients.isEmpty {
      line("clients: [:],")
    } else {
      block("clients: [", closing: "],") { writer in
        for client in model.clients {
          let pairs = client.properties.map { "\(swiftLiteral($0.name)): \(swiftLiteral($0.value))" }
          if pairs.isEmpty {
            writer.line("\(swiftLiteral(client.kind)): [:],")
          } else {
            writer.itemList("\(swiftLiteral(client.kind)): [", pairs, "],")
          }
        }
      }
    }
    if model.services.isEmpty {
      line("services: [],")
    } else {
      block("services: [", closing: "],") { writer in
        for service in model.services { writer.service(service) }
      }
    }
    array("databases", context.names.databases.map { "\($0).description" }, "")
  }

  private mutating func service(_ service: ServiceDefinition) {
    block("ServiceDescription(", closing: "),") { writer in
      writer.line("name: \(swiftLiteral(service.name)),")
      writer.array("consumes", service.consumes.map(swiftLiteral), ",")
      writer.array("produces", service.produces.map(swiftLiteral), ",")
      writer.line("databases: \(swiftDictionary(service.databases.map { ($0.name, $0.access) }))")
    }
  }

  private mutating func array(_ label: String, _ items: [String], _ end: String) {
    itemList("\(label): [", items, "]\(end)")
  }

  /// As ``list(_:_:_:)``, with the comma behind the last item that belongs in a literal of several lines.
  mutating func itemList(_ prefix: String, _ items: [String], _ suffix: String) {
    let joined = prefix + items.joined(separator: ", ") + suffix
    if joined.count <= width || items.isEmpty {
      line(joined)
      return
    }
    block(prefix, closing: suffix) { $0.lines(items.map { "\($0)," }) }
  }
}
