import AvroSchema
import TopologyModel

/// What the files say, before names are looked up: the step between nodes and ``Model``.
struct Draft {
  /// Entries of `types:`; they are known in every file of their module.
  var sharedTypes: [ScopedName: SharedType] = [:]
  /// Records, enums and fixed of all files, nested ones included.
  var declarations: [TypeDeclaration] = []
  var declarationByName: [FullName: Int] = [:]
  var clients: [ClientSettings] = []
  var topics: [TopicDraft] = []
  var unmanaged: [LocatedText] = []
  var owned: [LocatedText] = []
  var cluster: String?
  var policies = TopicPolicies()
  var acls: [AccessDescription] = []
  var services: [ServiceDraft] = []
  var databases: [DatabaseDefinition] = []
  /// At the top of a YAML file, by file.
  var compatibilities: [Int: CompatibilityMode] = [:]
  /// The module of each file that belongs to another one than is made here.
  var moduleByFile: [Int: String] = [:]
  /// Types that two other modules define: a problem for who uses one.
  var foreignDuplicates: [FullName: Problem] = [:]

  /// Nil for the module that is made.
  func module(of location: Location) -> String? { moduleByFile[location.file] }
}

/// A name that means something in the files of one module only.
struct ScopedName: Hashable {
  /// Nil for the module that is made.
  var module: String?
  var name: String
}

/// A scalar and where it stands.
struct LocatedText: Hashable, Sendable {
  var text: String
  var location: Location
}

/// What a type's text means depends on where it stands.
struct TypeContext: Sendable {
  var file: Int
  var namespace: String
  /// `schemaText: plain`.
  var isPlain: Bool
  /// In an `.avsc` file: names follow the specification to the letter, and unknown attributes are metadata.
  var isAvro: Bool
}

struct SharedType {
  var type: TypeExpression
  var location: Location
}

/// A type as written.
struct TypeExpression {
  var location: Location
  var kind: Kind

  indirect enum Kind {
    case primitive(Schema.Primitive, LogicalType?)
    case name(String, TypeContext)
    case array(TypeExpression)
    case map(TypeExpression)
    case union([TypeExpression])
    /// `T?`
    case optional(TypeExpression)
    /// Index into ``Draft/declarations``.
    case declared(Int)
    /// Reported already.
    case invalid
  }
}

struct TypeDeclaration {
  var name: FullName
  var location: Location
  var file: Int
  var isPlain: Bool
  var doc: String?
  var aliases: [FullName]
  var body: Body
  var isUUID = false
  /// An entry of `records`, or at the root of an `.avsc` file.
  var isTopLevel = false
  /// Of the root of an `.avsc` file.
  var compatibility: CompatibilityMode?
  /// Of `symbols` or `size`.
  var detailLocation: Location?
  var symbolLocations: [String: Location] = [:]

  enum Body {
    case record([FieldDraft])
    case enumeration(symbols: [String], defaultSymbol: String?)
    case fixed(size: Int, LogicalType?)
    /// Reported already; the name is known all the same.
    case invalid
  }
}

struct FieldDraft {
  var name: LocatedText
  var doc: String?
  var type: TypeExpression
  var defaultNode: Node?
  var order: RecordSchema.Order
  var aliases: [String]
  /// Of an `.avsc` file.
  var isAvro = false
}

struct TopicDraft {
  /// `values` is empty until names are looked up.
  var definition: TopicDefinition
  var location: Location
  var values: [LocatedText]
  var keyLocation: Location
  /// Where partitions, replicas and each setting stand, where they are written.
  var partLocations: [TopicPolicies.Violation.Place: Location]
}

struct ServiceDraft {
  var definition: ServiceDefinition
  var topics: [LocatedText]
  var databases: [LocatedText]
}
