import AvroSchema
import TopologyModel

/// Everything that the definitions say, checked: emitters see this and nothing else.
struct Model: Sendable {
  /// In the order given on the command line (the plugin sorts by path).
  var files: [DefinitionFile] = []
  /// Every record, enum and fixed of every file, in order of file and place. Nested definitions are lifted out.
  var types: [TypeDefinition] = []
  /// What the types refer to and other modules define, by name of the module.
  var modules: [ForeignModule] = []
  var clients: [ClientSettings] = []
  var topics: [TopicDefinition] = []
  /// Topic names and `prefix*` patterns that the synchronizer leaves alone.
  var unmanaged: [String] = []
  /// Topic names and `prefix*` patterns that the synchronizer may delete where they are not declared.
  var owned: [String] = []
  /// The id of the only cluster that these definitions are for.
  var cluster: String?
  var policies = TopicPolicies()
  var acls: [AccessDescription] = []
  var services: [ServiceDefinition] = []
  var databases: [DatabaseDefinition] = []

  /// Own types and those of other modules.
  var allTypes: [TypeDefinition] { types + modules.flatMap(\.types) }
  /// What the references in the schemas of the types stand for.
  var namedTypes: NamedTypes { NamedTypes(of: allTypes.map(\.schema)) }
}

/// The types of a module that this one depends on. They are referred to; nothing is made of them here.
struct ForeignModule: Sendable {
  /// As it is imported.
  var name: String
  /// All of them, in the order of the module's own files: their Swift names follow from it.
  var types: [TypeDefinition]
}

/// One YAML or .avsc file.
struct DefinitionFile: Sendable {
  /// As given, for messages.
  var path: String
  /// File name without extension; the Swift file that comes of it is `<stem>.swift`.
  var stem: String
}

/// A record, enum or fixed. `schema` holds the definition itself with every other named type as `.reference`.
struct TypeDefinition: Sendable {
  var schema: Schema
  /// Index into `Model.files`; past them for a type of another module.
  var file: Int
  /// `schemaText: plain`: the registered text carries neither `doc` nor `logicalType`.
  var isPlain: Bool
  /// `swift: UUID` on a fixed of 16 bytes without a logical type.
  var isUUID: Bool
  /// An entry of `records`, or at the root of an `.avsc` file; others are parts of something.
  var isTopLevel = false
  /// What its file says; nil where nothing is said.
  var compatibility: CompatibilityMode?
  var name: FullName {
    switch schema {
    case .record(let record): record.name
    case .enumeration(let enumeration): enumeration.name
    case .fixed(let fixed): fixed.name
    case .reference(let name): name
    default: FullName(namespace: "", name: "")
    }
  }
}

/// `clients: { producer: { linger.ms: 5 } }`: one per kind.
struct ClientSettings: Sendable {
  /// `producer` or `consumer`.
  var kind: String
  /// librdkafka's property names, sorted.
  var properties: [(name: String, value: String)]
}

struct TopicDefinition: Sendable {
  var name: String
  var doc: String?
  var file: Int
  var partitions: Int
  var replicas: Int
  /// Sorted by name.
  var config: [(name: String, value: String)]
  /// The record types that the topic takes: one for `value:`, several for `values:`.
  var values: [FullName]
  var key: TopicKey
  var subjects: SubjectStrategy
  /// What its subjects keep to, by the topic or its file; nil where nothing is said.
  var compatibility: CompatibilityMode?
}

enum TopicKey: Sendable, Equatable {
  /// The field of that name, which every value of the topic has, with the same type.
  case field(String)
  /// `$time`: the time of sending, milliseconds since 1970, as text.
  case time
  case none
}

enum SubjectStrategy: String, Sendable, CaseIterable {
  case topicName, recordName, topicRecordName
}

/// Who may do what.
struct ServiceDefinition: Sendable {
  var name: String
  var doc: String?
  var consumes: [String]
  var produces: [String]
  /// Database name and access (`read` or `write`).
  var databases: [(name: String, access: String)]
}

struct DatabaseDefinition: Sendable {
  var name: String
  var doc: String?
  var file: Int
  /// Login roles that the database's set-up makes.
  var roles: [String]
  var tables: [TableDefinition]
}

struct TableDefinition: Sendable {
  var name: String
  var doc: String?
  var columns: [ColumnDefinition]
  /// Column names; from `primaryKey: true` on a column or `primaryKey: [a, b]` on the table.
  var primaryKey: [String]
  /// Each a list of column names.
  var uniques: [[String]]
  var indexes: [IndexDefinition]
  /// SQL expressions.
  var checks: [String]
  /// Percent of a page that inserts fill; nil is Postgres' own, 100.
  var fillFactor: Int?
  /// Role name and privileges (`select`, `insert`, `update`, `delete`), in the order written.
  var grants: [(role: String, privileges: [String])]
  /// Rows that set-up inserts when they are not there; the values are SQL literals in the order of the names.
  var seedRows: [[(column: String, value: SeedValue)]]
}

struct ColumnDefinition: Sendable {
  var name: String
  var doc: String?
  var type: ColumnType
  var isNullable: Bool
  var isIdentity: Bool
  /// A SQL expression, or nil.
  var defaultExpression: String?
  /// A trigger sets the column to now() on each update of the row.
  var isTouchedOnUpdate: Bool
}

enum ColumnType: String, Sendable, CaseIterable {
  case smallint, int, bigint, boolean, real, double, text, bytea, uuid, date, timestamptz, jsonb, numeric
}

enum SeedValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case text(String)
}

struct IndexDefinition: Sendable {
  var columns: [String]
  var isUnique: Bool
  /// SQL condition of a partial index.
  var condition: String?
}
