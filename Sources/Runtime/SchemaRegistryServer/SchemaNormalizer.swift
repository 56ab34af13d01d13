import AvroSchema
import JSONText

/// Brings a schema that parses into one layout, as `normalize=true` asks: no white space, members in a fixed order,
/// names as short as their place allows, types without attributes as plain names. Attributes that Avro does not know
/// stay, sorted by name.
struct SchemaNormalizer {
  /// Names that the schema or its references define.
  private var known: Set<FullName>

  static func text(of json: JSONValue, types: NamedTypes) -> String {
    var normalizer = SchemaNormalizer(known: Set(types.names))
    return normalizer.normalized(json, in: "").text
  }

  private mutating func normalized(_ json: JSONValue, in namespace: String) -> JSONValue {
    switch json {
    case .string(let name): return .string(short(name, in: namespace))
    case .array(let branches):
      var items: [JSONValue] = []
      for branch in branches { items.append(normalized(branch, in: namespace)) }
      return .array(items)
    case .object(let members): return object(json, members, in: namespace)
    default: return json
    }
  }

  private mutating func object(_ json: JSONValue, _ members: [JSONValue.Member], in namespace: String) -> JSONValue {
    guard case .string(let type)? = json["type"] else {
      // An object around a schema says no more than the schema.
      return json["type"].map { normalized($0, in: namespace) } ?? json
    }
    switch type {
    case "record", "error", "enum", "fixed": return named(json, members, type: type, in: namespace)
    case "array", "map":
      let inner = type == "array" ? "items" : "values"
      var heading: [JSONValue.Member] = [.init("type", .string(type))]
      if let value = json[inner] { heading.append(.init(inner, normalized(value, in: namespace))) }
      return .object(heading + others(members, besides: ["type", inner]))
    default:
      let rest = others(members, besides: ["type"])
      let name = JSONValue.string(short(type, in: namespace))
      return rest.isEmpty ? name : .object([.init("type", name)] + rest)
    }
  }

  private mutating func named(
    _ json: JSONValue, _ members: [JSONValue.Member], type: String, in enclosing: String
  ) -> JSONValue {
    let name = FullName(json.text("name") ?? "", in: json.text("namespace") ?? enclosing)
    known.insert(name)
    var result: [JSONValue.Member] = [.init("type", .string(type)), .init("name", .string(name.name))]
    if name.namespace != enclosing { result.append(.init("namespace", .string(name.namespace))) }
    if let doc = json["doc"] { result.append(.init("doc", doc)) }
    if case .array(let items)? = json["fields"] {
      var fields: [JSONValue] = []
      for item in items { fields.append(field(item, in: name.namespace)) }
      result.append(.init("fields", .array(fields)))
    }
    for attribute in ["symbols", "size", "default"] {
      if let value = json[attribute] { result.append(.init(attribute, value)) }
    }
    let done: Set<String> = ["type", "name", "namespace", "doc", "fields", "symbols", "size", "default", "aliases"]
    result += others(members, besides: done)
    if let aliases = json["aliases"] { result.append(.init("aliases", aliases)) }
    return .object(result)
  }

  private mutating func field(_ json: JSONValue, in namespace: String) -> JSONValue {
    guard case .object(let members) = json else { return json }
    var result: [JSONValue.Member] = []
    if let name = json["name"] { result.append(.init("name", name)) }
    if let type = json["type"] { result.append(.init("type", normalized(type, in: namespace))) }
    for attribute in ["doc", "default", "order", "aliases"] {
      guard let value = json[attribute], attribute != "order" || value != .string("ascending") else { continue }
      result.append(.init(attribute, value))
    }
    let done: Set<String> = ["name", "type", "doc", "default", "order", "aliases"]
    return .object(result + others(members, besides: done))
  }

  private func others(_ members: [JSONValue.Member], besides done: Set<String>) -> [JSONValue.Member] {
    members.filter { !done.contains($0.name) }.map { JSONValue.Member($0.name, $0.value.sorted) }
      .sorted { ExactText.precedes(ExactText($0.name), ExactText($1.name)) }
  }

  /// A name without its namespace where that is the one around it.
  private func short(_ text: String, in namespace: String) -> String {
    if Schema.Primitive(rawValue: text) != nil { return text }
    let name = FullName(text, in: namespace)
    guard known.contains(name) else { return text }
    if name.namespace == namespace { return name.name }
    return name.description
  }
}
