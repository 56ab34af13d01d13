import JSONText

/// Why something is not an Avro schema, or a default not a value of one, and where.
public struct SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// The text is not JSON at all.
    case json(JSONError)
    /// A JSON value of the wrong type, or an attribute that is missing.
    case malformed
    case invalidName
    case unknownType
    case duplicateName
    case duplicateField
    case duplicateSymbol
    case invalidUnion
    case invalidSize
    case invalidDefault
    /// Whether a default fits takes more work than allowed to find out.
    case tooManySteps
    case tooDeep
  }

  public var kind: Kind
  /// JSON pointer (RFC 6901) into the schema, or into the default that was checked; empty for the whole.
  public var path: String
  /// What is wrong, as a sentence without a full stop.
  public var message: String

  public init(_ kind: Kind, path: String, message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Where in a JSON value something stands.
struct JSONPath {
  private(set) var steps: [String] = []

  mutating func push(_ step: String) { steps.append(step) }
  mutating func push(_ index: Int) { steps.append(String(index)) }
  mutating func pop() { steps.removeLast() }

  /// RFC 6901: `~` is written `~0` and `/` is written `~1`.
  var pointer: String {
    var output = ""
    for step in steps {
      output += "/"
      for character in step {
        switch character {
        case "~": output += "~0"
        case "/": output += "~1"
        default: output.append(character)
        }
      }
    }
    return output
  }
}
