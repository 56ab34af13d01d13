import AvroSchema

extension SwiftFile {
  /// The topics of one file as constants, and what their values have to conform to.
  ///
  /// - Parameter conforming: records that an earlier topic took; they are not written again.
  mutating func addTopics(of file: Int, _ context: SwiftContext, conforming: inout Set<FullName>) {
    let indices = context.model.topics.indices.filter { context.model.topics[$0].file == file }
    guard !indices.isEmpty else { return }
    use(.topologyModel)
    writer.line()
    writer.line("extension Topics {")
    for (place, index) in indices.enumerated() {
      if place > 0 { writer.line() }
      writer.continued { $0.topic(index, context) }
    }
    writer.line("}")
    for index in indices {
      let topic = context.model.topics[index]
      if let name = context.names.topicEnums[index] {
        use(.avroRuntime)
        for value in topic.values { use(typeName: context.names[value]) }
        writer.topicEnum(name, topic, context)
        continue
      }
      for value in topic.values where conforming.insert(value).inserted {
        writer.line()
        writer.line("extension \(context.names[value]): TopicValue {}")
      }
    }
  }
}

extension SourceWriter {
  fileprivate mutating func topic(_ index: Int, _ context: SwiftContext) {
    let topic = context.model.topics[index]
    let name = context.names.topics[index]
    docs(topic.doc, "Topic `\(topic.name)`.")
    var arguments = [
      "name: \(swiftLiteral(topic.name))", "partitions: \(swiftInteger(topic.partitions))",
      "replicas: \(swiftInteger(topic.replicas))",
    ]
    if !topic.config.isEmpty { arguments.append("config: \(swiftDictionary(topic.config))") }
    guard let value = topic.values.first else {
      arguments.append("key: \(topic.key.swiftText)")
      list("public static let \(name) = RawTopic(", arguments, ")")
      return
    }
    arguments.append("subjects: .\(topic.subjects)")
    if let compatibility = topic.compatibility {
      arguments.append("compatibility: \(swiftLiteral(compatibility.rawValue))")
    }
    arguments.append("key: \(topic.key.swiftText)")
    let type = context.names.topicEnums[index] ?? context.names[value]
    guard
      let keyText = SwiftKey(topic, isEnum: context.names.topicEnums[index] != nil, context)?.closureLines(
        width: width - 4)
    else {
      list("public static let \(name) = Topic<\(type)>(", arguments, ")")
      return
    }
    if keyText.count == 1 {
      list("public static let \(name) = Topic<\(type)>(", arguments + ["keyText: \(keyText[0])"], ")")
      return
    }
    block("public static let \(name) = Topic<\(type)>(", closing: ")") { writer in
      for argument in arguments { writer.line(argument + ",") }
      writer.line("keyText: \(keyText[0])")
      writer.lines(Array(keyText.dropFirst()))
    }
  }

  /// The values of a topic that takes several records, or one of another module.
  fileprivate mutating func topicEnum(_ name: String, _ topic: TopicDefinition, _ context: SwiftContext) {
    let types = topic.values.map { context.names[$0] }
    let cases = Naming.memberNames(topic.values.map(\.name))
    line()
    doc("What topic `\(topic.name)` takes.")
    block("public enum \(name): TopicValue, Hashable {") { writer in
      for (name, type) in zip(cases, types) { writer.line("case \(name)(\(type))") }
      writer.line()
      writer.block("public static let topicSchemas = [", closing: "]") { writer in
        let comma = types.count > 1 ? "," : ""
        for type in types {
          writer.list("TopicSchema(", ["recordName: \(type).schemaName", "text: \(type).schemaText"], ")\(comma)")
        }
      }
      writer.line()
      writer.block("public static func topicRecordName(of value: Self) -> String {") { writer in
        writer.line("switch value {")
        for (name, type) in zip(cases, types) { writer.branch("case .\(name):", "\(type).schemaName") }
        writer.line("}")
      }
      writer.line()
      writer.list(
        "public static func decode(", ["recordName: String", "from reader: inout AvroReader"],
        ") throws(AvroError) -> Self {")
      writer.continued { writer in
        writer.line("switch recordName {")
        for (name, type) in zip(cases, types) {
          writer.branch("case \(type).schemaName:", "return .\(name)(try \(type).decode(from: &reader))")
        }
        writer.line("default: throw reader.error(.unknownRecord)")
        writer.line("}")
      }
      writer.line("}")
      writer.line()
      writer.block("public func encode(to writer: inout AvroWriter) {") { writer in
        writer.line("switch self {")
        for name in cases { writer.branch("case .\(name)(let value):", "value.encode(to: &writer)") }
        writer.line("}")
      }
    }
  }
}

extension TopicKey {
  fileprivate var swiftText: String {
    switch self {
    case .field(let name): ".field(\(swiftLiteral(name)))"
    case .time: ".time"
    case .none: ".none"
    }
  }
}

/// How a topic's key is made of its value.
private struct SwiftKey {
  /// By value of the topic: the case (nil when the value is the record itself) and the key's text, made of `$0` or `value`.
  var texts: [(caseName: String?, text: String)] = []

  /// Nil when the key is no field.
  init?(_ topic: TopicDefinition, isEnum: Bool, _ context: SwiftContext) {
    guard case .field(let fieldName) = topic.key else { return nil }
    let cases = Naming.memberNames(topic.values.map(\.name))
    for (value, name) in zip(topic.values, cases) {
      guard case .record(let record)? = context.definitions[value]?.schema else { return nil }
      let properties = SwiftRecordPlan(record, context).properties
      guard let property = properties.first(where: { $0.field.name == fieldName }) else { return nil }
      let access = "\(isEnum ? "value" : "$0").\(property.name)"
      texts.append((isEnum ? name : nil, Self.text(access, property, context)))
    }
  }

  private static func text(
    _ access: String, _ property: SwiftRecordPlan.Property, _ context: SwiftContext
  ) -> String {
    switch property.type {
    case .call("UUID", _, _), .call("UUIDText", _, _): return "\(access).uuidString.lowercased()"
    case .call("String", _, _): return access
    case .value:
      if case .reference = property.field.type { return "\(access).symbol" }
      return "String(\(access).integer)"
    default: return "String(\(access))"
    }
  }

  func closureLines(width: Int) -> [String] {
    guard texts.contains(where: { $0.caseName != nil }) else { return texts.map { "{ \($0.text) }" } }
    return ["{ value in", "  switch value {"]
      + texts.map { "  case .\($0.caseName ?? "")(let value): \($0.text)" } + ["  }", "}"]
  }
}

/// `["a": "b"]`, in the order given.
func swiftDictionary(_ pairs: [(name: String, value: String)]) -> String {
  let items = pairs.map { "\(swiftLiteral($0.name)): \(swiftLiteral($0.value))" }
  return items.isEmpty ? "[:]" : "[\(items.joined(separator: ", "))]"
}
