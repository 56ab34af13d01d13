import ArgumentParser
import BankSupport
import SchemaRegistry

struct RegistryImportVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Write definitions and their history from what a running registry has.",
    discussion: """
      The newest schema of each subject becomes YAML, one file a namespace; all versions go to history/. What the \
      definitions language can't say is left as it is in left-out/, with a line that says why.
      """)

  /// avrogen reads as many files of history.
  static let maxVersions = 5_000

  @OptionGroup var options: RegistryOptions

  @Option(help: ArgumentHelp("Folder to write to; made when missing.", valueName: "dir"))
  var output: String

  @Option(name: .customLong("subject"), help: "Only this subject; may be given several times.")
  var subjects: [String] = []

  @Flag(help: "Replace files that are there and differ.")
  var force = false

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("--output is empty") }
  }

  func perform() async throws {
    let imported = try RegistryImport(of: try await read(try options.client()))
    let written = try Files.replaceAll(imported.files, folder: output, replacesOthers: force)
    for note in imported.notes { printError("note: \(note)") }
    for path in written { print(path) }
    if written.isEmpty { print("nothing to write: \(imported.files.count) files as they are in \(output)") }
  }

  private func read(_ client: RegistryClient) async throws -> [RegisteredSubject] {
    var found: [RegisteredSubject] = []
    var count = 0
    var seen: Set<String> = []
    let names = subjects.isEmpty ? try await client.subjects().sorted() : subjects.filter { seen.insert($0).inserted }
    for name in names {
      let numbers = try await client.versions(subject: name)
      count += numbers.count
      guard count <= Self.maxVersions else {
        throw SupportError("more than \(Self.maxVersions) versions, which avrogen won't read: choose with --subject")
      }
      var subject = RegisteredSubject(name: name, versions: [])
      for number in numbers {
        let version = try await client.version(number, subject: name)
        subject.versions.append(
          RegisteredSubject.Version(
            number: number, text: version.schema, type: version.schemaType, references: version.references))
      }
      if !numbers.isEmpty { found.append(subject) }
    }
    guard !found.isEmpty else { throw SupportError("the registry has no subject: nothing to import") }
    return found
  }
}
