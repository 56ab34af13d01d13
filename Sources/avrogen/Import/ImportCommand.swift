import AvroSchema

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `avrogen import`: the arguments, the files, and what is printed.
enum ImportCommand {
  static let verb = OwnVerb(
    name: "import",
    help: """
        import DIR|FILE…  YAML definitions of the types in .avsc, .avdl and .avpr files, one file a
                          namespace; of folders with those below, but for history folders, which
                          hold earlier versions; without --output all in one

      """,
    run: { arguments throws(Invocation.UsageError) in try run(arguments) })

  static func run(_ arguments: [String]) throws(Invocation.UsageError) -> Program.Result {
    var rest = arguments[...]
    var inputs: [String] = []
    var output: String?
    var isLiteral = false
    while let argument = rest.popFirst() {
      if isLiteral || !argument.hasPrefix("-") {
        inputs.append(argument)
      } else if argument == "--" {
        isLiteral = true
      } else if argument == "--help" || argument == "-h" {
        return Program.Result(status: 0, output: Invocation.help)
      } else if argument == "--output" || argument.hasPrefix("--output=") {
        guard output == nil else { throw Invocation.UsageError(message: "--output is given twice") }
        let value = argument == "--output" ? rest.popFirst() ?? "" : String(argument.dropFirst("--output=".count))
        guard !value.isEmpty, !value.hasPrefix("--") else {
          throw Invocation.UsageError(message: "--output needs a value")
        }
        output = value
      } else if argument == "-" {
        throw Invocation.UsageError(message: "import reads files and folders: of standard input it can't tell the kind")
      } else {
        let hint = NearName.hint(argument, among: ["--output", "--help"])
        throw Invocation.UsageError(message: "unknown option \(quoted(argument))\(hint)")
      }
    }
    guard !inputs.isEmpty else { throw Invocation.UsageError(message: "import needs a folder or file to read") }
    return run(inputs, output: output)
  }

  private static func run(_ inputs: [String], output: String?) -> Program.Result {
    do {
      let folders = ImportFolders(of: inputs)
      let (sources, skipped) = try folders.sources()
      let skipNotes = skipped.map {
        "\($0): note: not imported: a folder of this name holds versions that shipped; to import it, name it\n"
      }
      let outcome = Importer.run(sources) { path, importer, kind throws(Loader.InputError) in
        try folders.find(path, from: importer, kind)
      }
      switch outcome {
      case .bad(let lines): return Program.Result(status: 1, messages: lines.joined(separator: "\n") + "\n")
      case .good(let files, let types, let notes):
        let messages = skipNotes.joined() + notes.map { $0 + "\n" }.joined()
        guard let output else {
          return Program.Result(status: 0, output: try DefinitionsText.yaml(of: types), messages: messages)
        }
        try Files.write(files.map { GeneratedFile(name: $0.name, text: $0.text) }, toFolder: output)
        return Program.Result(status: 0, messages: messages)
      }
    } catch let error as Loader.InputError {
      return Program.Result(status: 1, messages: "avrogen: error: \(error.message)\n")
    } catch {
      return Program.Result(status: 1, messages: "avrogen: error: \(error)\n")
    }
  }
}

/// The inputs of one import, and the folders that it may read from.
struct ImportFolders {
  /// Folders below each other.
  static let depthLimit = 32

  private let inputs: [String]
  /// Without links; what is imported has to be below one of them.
  private let allowed: [String]

  init(of inputs: [String]) {
    self.inputs = inputs
    allowed = inputs.compactMap { input in
      Self.realPath(Files.isFolder(input) ? input : Self.folder(of: input))
    }
  }

  /// The files named, and those in the folders named and below, without hidden ones, links to folders and folders that
  /// are called `history`: several versions of a type can't be imported together. Of those the second result tells.
  func sources() throws(Loader.InputError) -> (files: [Importer.Source], skipped: [String]) {
    var paths: [String] = []
    var skipped: [String] = []
    for input in inputs {
      if Files.isFolder(input) {
        let count = paths.count
        let skippedCount = skipped.count
        try Self.collect(in: input, depth: 0, &paths, skipped: &skipped)
        guard paths.count > count else {
          let hint = skipped.count > skippedCount ? " but for folders called \(Files.historyFolder)" : ""
          throw Loader.InputError(message: "no .avsc, .avdl or .avpr file in \(input) or below\(hint)")
        }
      } else {
        guard ImportKind(path: input) != nil else {
          throw Loader.InputError(message: "\(input) is no .avsc, .avdl or .avpr file")
        }
        paths.append(input)
      }
      guard paths.count <= InputLimits.files else {
        throw Loader.InputError(message: "more than \(InputLimits.files) files")
      }
    }
    var seen: Set<String> = []
    let files = paths.compactMap { path -> Importer.Source? in
      guard let kind = ImportKind(path: path), seen.insert(Self.realPath(path) ?? path).inserted else { return nil }
      return Importer.Source(kind: kind, input: Loader.Input(path: path, content: Files.content(of: path)))
    }
    return (files, skipped)
  }

  private static func collect(
    in folder: String, depth: Int, _ paths: inout [String], skipped: inout [String]
  ) throws(Loader.InputError) {
    guard depth <= depthLimit else {
      throw Loader.InputError(message: "\(folder): folders more than \(depthLimit) deep")
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    for name in try Files.names(in: folder).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard !name.hasPrefix(".") else { continue }
      let path = prefix + name
      if Files.isFolder(path) {
        guard !isLink(path) else { continue }
        if name == Files.historyFolder {
          skipped.append(path)
        } else {
          try collect(in: path, depth: depth + 1, &paths, skipped: &skipped)
        }
      } else if ImportKind(path: name) != nil {
        paths.append(path)
      }
      guard paths.count <= InputLimits.files else {
        throw Loader.InputError(message: "more than \(InputLimits.files) files")
      }
    }
  }

  /// What `import` means in the file `importer`: a path from that file's folder, within the folders of the inputs.
  func find(_ path: String, from importer: String, _ kind: ImportKind) throws(Loader.InputError) -> Importer.Source {
    guard !path.isEmpty, !path.unicodeScalars.contains("\0") else { throw Loader.InputError(message: "not a path") }
    let whole = path.hasPrefix("/") ? path : Self.folder(of: importer) + "/" + path
    guard let real = Self.realPath(whole) else { throw Loader.InputError(message: "no such file") }
    guard allowed.contains(where: { real.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else {
      throw Loader.InputError(message: "it is outside of the folders that are imported; name its folder too")
    }
    // The name under which the file may have been read already.
    let known = inputPath(of: real)
    return Importer.Source(kind: kind, input: Loader.Input(path: known, content: Files.content(of: real)))
  }

  /// As `sources` names it, so that no file is read under two names; of others the shortest for a message.
  private func inputPath(of real: String) -> String {
    if let input = inputs.first(where: { Self.realPath($0) == real }) { return input }
    for input in inputs {
      let folder = Files.isFolder(input) ? input : Self.folder(of: input)
      guard let root = Self.realPath(folder), real.hasPrefix(root + "/") else { continue }
      let below = real.dropFirst(root.count + 1)
      if folder == "." && !input.hasPrefix(".") { return String(below) }
      return folder.hasSuffix("/") ? folder + below : "\(folder)/\(below)"
    }
    return real
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func isLink(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }

  private static func realPath(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
