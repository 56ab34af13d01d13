import ArgumentParser
import AvroSchema
import BankSupport
import Definitions
import Foundation
import SchemaRegistry
import TopologyModel

/// Which registry a verb asks.
struct RegistryOptions: ParsableArguments, Sendable {
  @OptionGroup var home: HomeOptions

  @Option(
    help: ArgumentHelp(
      "The registry; SCHEMA_REGISTRY_URL, else that of the run, unless given.", valueName: "url"))
  var registry: String?

  func validate() throws {
    guard let registry else { return }
    do {
      guard try RegistryClient.hasCredentials(registry) else { return }
    } catch { throw ValidationError("--registry: \(error)") }
    throw ValidationError(
      "--registry has a user in it; everybody on this machine can read a command line: use SCHEMA_REGISTRY_URL instead")
  }

  func client() throws -> RegistryClient {
    try RegistryClient(try registry ?? home.environment().registryURL())
  }
}

struct RegistryCompatVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "compat", abstract: "Ask a running registry whether schemas may follow what it has.",
    discussion: """
      Without files: the bank's own schemas, each under the subjects of its topics. With files, or folders of them as \
      "avrogen avsc" writes: the same for the records in them that are on a topic. With --subject: one file under that \
      subject. Nothing is registered. Exit status 1 when one does not fit or can't be checked.
      """)

  @OptionGroup var options: RegistryOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The same as naming files and folders without it.", valueName: "file|dir"))
  var definitions: [String] = []

  @Option(help: "The subject to compare with, whatever the topics say.")
  var subject: String?

  @Argument(help: "Files with one complete schema each (.avsc), and folders of such.")
  var files: [String] = []

  private var inputs: [String] { definitions + files }

  func validate() throws {
    guard let subject else { return }
    guard !subject.isEmpty else { throw ValidationError("--subject is empty") }
    guard inputs.count <= 1 else { throw ValidationError("--subject goes with one file, not \(inputs.count)") }
    guard !inputs.isEmpty || BankSubjects.all.contains(where: { $0.name == subject }) else {
      throw ValidationError("no topic of the bank has the subject \(subject); name a file to compare with it")
    }
  }

  func perform() async throws {
    let candidates = try candidates()
    let client = try options.client()
    var isFine = candidates.isComplete
    for candidate in candidates.all {
      isFine = try await report(candidate, client) && isFine
    }
    if !isFine { throw ExitCode(1) }
  }

  // MARK: What to ask

  /// What is asked for, and whether there was nothing that could not be read.
  private func candidates() throws(SupportError) -> (all: [BankSubjects.Entry], isComplete: Bool) {
    if inputs.isEmpty { return (BankSubjects.all.filter { subject == nil || $0.name == subject }, true) }
    var all: [BankSubjects.Entry] = []
    var isComplete = true
    for path in try Self.schemaFiles(inputs) {
      do throws(SupportError) {
        all += try entries(of: path)
      } catch {
        printError("\(path): \(error)")
        isComplete = false
      }
    }
    guard !all.isEmpty || !isComplete else {
      throw SupportError("none of these schemas is of a topic: say with --subject what to compare with")
    }
    return (all, isComplete)
  }

  private func entries(of path: String) throws(SupportError) -> [BankSubjects.Entry] {
    guard let bytes = try Files.read(path, limitBytes: DefinitionsText.maxFileBytes) else {
      throw SupportError("no such file")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw SupportError("not UTF-8") }
    let schema: Schema
    do { schema = try Schema(parsing: text) } catch { throw SupportError("not a complete schema: \(error)") }
    if let subject { return [BankSubjects.Entry(name: subject, recordName: "", schemaText: text)] }
    let name = schema.definedName?.description
    let entries = BankSubjects.all.filter { $0.recordName == name }
    if entries.isEmpty { print("\(path): \(name ?? "a type without a name") is on no topic, not checked") }
    return entries.map { BankSubjects.Entry(name: $0.name, recordName: $0.recordName, schemaText: text) }
  }

  /// Of a folder its `.avsc` files, by name; not those of folders below.
  private static func schemaFiles(_ inputs: [String]) throws(SupportError) -> [String] {
    var paths: [String] = []
    for input in inputs {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue else {
        paths.append(input)
        continue
      }
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: input) } catch {
        throw SupportError("cannot read folder \(input): \(error.localizedDescription)")
      }
      let schemas = names.filter { $0.hasSuffix(".avsc") && !$0.hasPrefix(".") }.sorted()
      guard !schemas.isEmpty else { throw SupportError("no .avsc file in \(input)") }
      paths += schemas.map { input.hasSuffix("/") ? input + $0 : "\(input)/\($0)" }
    }
    return paths
  }

  // MARK: Asking

  /// Prints how it stands. What goes for all subjects (no answer, no permission) is thrown.
  private func report(_ candidate: BankSubjects.Entry, _ client: RegistryClient) async throws -> Bool {
    let name = candidate.name
    do throws(RegistryError) {
      _ = try await client.versions(subject: name)
      let answer = try await client.compatibility(subject: name, schema: candidate.schemaText)
      print("\(name): \(answer.isCompatible ? "compatible" : "not compatible")")
      if !answer.isCompatible {
        for message in answer.messages { print("  " + message.replacing("\n", with: "\n  ")) }
      }
      return answer.isCompatible
    } catch {
      switch error {
      case .subjectNotFound:
        print("\(name): not registered yet, takes any schema")
        return true
      case .invalidSchema(_, let reason):
        print("\(name): not taken by the registry: \(reason)")
        return false
      default: throw error
      }
    }
  }
}

/// The subjects of the bank's topics.
enum BankSubjects {
  struct Entry: Hashable, Sendable {
    var name: String
    /// Full name.
    var recordName: String
    var schemaText: String
  }

  /// By topic; one that several topics share is there once.
  static let all: [Entry] = {
    var seen: Set<Entry> = []
    let entries = Topology.description.topics.flatMap(\.subjects).map {
      Entry(name: $0.subject, recordName: $0.recordName, schemaText: $0.schemaText)
    }
    return entries.filter { seen.insert($0).inserted }
  }()
}

func printError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
