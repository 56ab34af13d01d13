/// Which versions of a subject have to be able to read which (the levels of Confluent's schema registry).
public enum CompatibilityMode: String, CaseIterable, Hashable, Sendable {
  /// Anything goes.
  case none = "NONE"
  /// The new version reads what the one before it wrote.
  case backward = "BACKWARD"
  /// The new version reads what any version wrote.
  case backwardTransitive = "BACKWARD_TRANSITIVE"
  /// The version before reads what the new one writes.
  case forward = "FORWARD"
  /// Every version reads what the new one writes.
  case forwardTransitive = "FORWARD_TRANSITIVE"
  /// Both ways with the version before.
  case full = "FULL"
  /// Both ways with every version.
  case fullTransitive = "FULL_TRANSITIVE"

  /// Whether all versions count, or only the newest.
  public var isTransitive: Bool {
    switch self {
    case .backwardTransitive, .forwardTransitive, .fullTransitive: true
    case .none, .backward, .forward, .full: false
    }
  }

  /// Whether the new version has to read old data.
  public var newReadsOld: Bool {
    switch self {
    case .backward, .backwardTransitive, .full, .fullTransitive: true
    case .none, .forward, .forwardTransitive: false
    }
  }

  /// Whether old versions have to read new data.
  public var oldReadsNew: Bool {
    switch self {
    case .forward, .forwardTransitive, .full, .fullTransitive: true
    case .none, .backward, .backwardTransitive: false
    }
  }

  /// What keeps `candidate` from being the next version after `versions`, newest version first; empty when it may be.
  ///
  /// - Parameters:
  ///   - candidate: self-contained.
  ///   - versions: oldest first, each self-contained.
  ///   - limits: of each single comparison; `maxFindings` holds for all of them together.
  public func findings(
    for candidate: Schema, against versions: [Schema], limits: CompatibilityLimits = CompatibilityLimits()
  ) -> [VersionIncompatibility] {
    guard self != .none else { return [] }
    var findings: [VersionIncompatibility] = []
    for (index, version) in versions.enumerated().reversed().prefix(isTransitive ? versions.count : 1) {
      for isReadByOld in [false, true] where isReadByOld ? oldReadsNew : newReadsOld {
        var limits = limits
        limits.maxFindings -= findings.count
        guard limits.maxFindings > 0 else { return findings }
        let (reader, writer) = isReadByOld ? (version, candidate) : (candidate, version)
        findings += reader.incompatibilities(readingDataOf: writer, limits: limits).map {
          VersionIncompatibility(versionIndex: index, isReadByOld: isReadByOld, incompatibility: $0)
        }
      }
    }
    return findings
  }
}

/// A finding against one of the versions that are there already.
public struct VersionIncompatibility: Hashable, Sendable, CustomStringConvertible {
  /// Where that version stands in the list that was given, 0 being the oldest.
  public var versionIndex: Int
  /// True when the old version can't read new data (the pointer is into the old schema then), false when the new one
  /// can't read old data.
  public var isReadByOld: Bool
  public var incompatibility: SchemaIncompatibility

  public init(versionIndex: Int, isReadByOld: Bool, incompatibility: SchemaIncompatibility) {
    self.versionIndex = versionIndex
    self.isReadByOld = isReadByOld
    self.incompatibility = incompatibility
  }

  /// What to change in the new schema, the only one that can still be changed.
  public var remedy: String { isReadByOld ? incompatibility.writerRemedy : incompatibility.readerRemedy }

  /// Which way it breaks, place, reason, what is wrong and what to change in the new schema.
  public var description: String {
    let way = isReadByOld ? "the old schema can't read new data" : "the new schema can't read old data"
    let finding = incompatibility
    return "\(way): \(finding.pointer) \(finding.reason.rawValue): \(finding.message); \(remedy)"
  }
}
