/// One reason why data written with one schema can't be read with another.
public struct SchemaIncompatibility: Hashable, Sendable, CustomStringConvertible {
  /// The six reasons, under the names that Avro's Java library and the schema registries use.
  public enum Reason: String, CaseIterable, Sendable {
    case nameMismatch = "NAME_MISMATCH"
    case fixedSizeMismatch = "FIXED_SIZE_MISMATCH"
    case missingEnumSymbols = "MISSING_ENUM_SYMBOLS"
    case readerFieldMissingDefaultValue = "READER_FIELD_MISSING_DEFAULT_VALUE"
    case typeMismatch = "TYPE_MISMATCH"
    case missingUnionBranch = "MISSING_UNION_BRANCH"
  }

  public var reason: Reason
  /// JSON pointer into the reader's schema; `/` is the whole, as Java's `SchemaCompatibility` writes it. For a branch
  /// that a reader's union lacks, the last step is that branch's index in the writer's union.
  public var pointer: String
  /// What is wrong, for a person: a sentence without a full stop.
  public var message: String
  /// What Java's checker puts beside the reason and registries pass on: the field's name, the symbols, both types.
  public var detail: String
  /// What to change in the reader's schema to make it legal.
  public var readerRemedy: String
  /// What to change in the writer's schema to make it legal.
  public var writerRemedy: String

  public init(
    reason: Reason, pointer: String, message: String, detail: String, readerRemedy: String, writerRemedy: String
  ) {
    self.reason = reason
    self.pointer = pointer
    self.message = message
    self.detail = detail
    self.readerRemedy = readerRemedy
    self.writerRemedy = writerRemedy
  }

  /// Place, reason, what is wrong and what to do in the reader's schema.
  public var description: String { "\(pointer) \(reason.rawValue): \(message); \(readerRemedy)" }
}

/// What a comparison of two schemas may take. Past a limit a pair counts as incompatible: nothing that was not compared
/// is called compatible.
public struct CompatibilityLimits: Hashable, Sendable {
  /// How deep both schemas are followed, references included.
  public var maxDepth: Int
  /// How many pairs of types are compared.
  public var maxComparisons: Int
  /// How many reasons are reported; the rest is left off.
  public var maxFindings: Int

  public init(maxDepth: Int = 500, maxComparisons: Int = 1_000_000, maxFindings: Int = 200) {
    self.maxDepth = maxDepth
    self.maxComparisons = maxComparisons
    self.maxFindings = max(1, maxFindings)
  }
}

extension Schema {
  /// Why data written with `writer` can't be read with this schema (specification 1.12, "Schema Resolution"); empty
  /// when it can, whatever the data is.
  ///
  /// Both have to be self-contained: a reference that nothing defines matches only the same name. Names match
  /// unqualified or by one of the reader's aliases, fields by name or alias, symbols that the reader lacks are legal
  /// when it has a default symbol. Two decimals match when the scale is the same and the reader's precision is not
  /// smaller; no other logical type matters.
  public func incompatibilities(
    readingDataOf writer: Schema, limits: CompatibilityLimits = CompatibilityLimits()
  ) -> [SchemaIncompatibility] {
    var checker = CompatibilityChecker(
      reader: SchemaGraph(allowingUnknown: self), writer: SchemaGraph(allowingUnknown: writer), limits: limits)
    return checker.findings()
  }

  /// Whether all data written with `writer` can be read with this schema.
  public func canRead(_ writer: Schema, limits: CompatibilityLimits = CompatibilityLimits()) -> Bool {
    var limits = limits
    limits.maxFindings = 1
    return incompatibilities(readingDataOf: writer, limits: limits).isEmpty
  }
}
