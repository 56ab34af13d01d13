#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reading inputs and writing outputs. POSIX calls only: loading Foundation would take longer than most runs.
enum Files {
  private static let extensions = [".yaml", ".yml", ".avsc"]

  // MARK: Reading

  /// The files that `arguments` name; of a folder those with a known extension, by name, hidden ones left out.
  static func inputs(_ arguments: [String]) throws(Loader.InputError) -> [Loader.Input] {
    var paths: [String] = []
    for argument in arguments {
      if argument == "-" || !isFolder(argument) {
        paths.append(argument)
        continue
      }
      let names = try names(in: argument).filter { name in
        !name.hasPrefix(".") && extensions.contains { name.hasSuffix($0) }
      }
      guard !names.isEmpty else {
        throw Loader.InputError(message: "no .yaml, .yml or .avsc file in \(argument)")
      }
      paths += names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { joined(argument, $0) }
    }
    guard paths.count <= InputLimits.files else {
      throw Loader.InputError(message: "more than \(InputLimits.files) files")
    }
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }.map { Loader.Input(path: $0, content: content(of: $0)) }
  }

  /// The files of other modules.
  static func modules(_ arguments: [Invocation.Module]) throws(Loader.InputError) -> [Loader.Module] {
    var modules: [Loader.Module] = []
    for argument in arguments {
      modules.append(Loader.Module(name: argument.name, inputs: try inputs(argument.paths)))
    }
    guard modules.map(\.inputs.count).reduce(0, +) <= InputLimits.moduleFiles else {
      throw Loader.InputError(message: "more than \(InputLimits.moduleFiles) files of other modules")
    }
    return modules
  }

  /// Where the versions that shipped stand, beside the definitions.
  static let historyFolder = "history"

  /// The history that goes with definitions: what `arguments` name, or else the folder `history` in each folder of
  /// `definitions`. Folders are read with all that is below them; only what is called like definitions counts.
  static func history(_ arguments: [String], definitions: [String]) throws(Loader.InputError) -> [Loader.Input] {
    var paths: [String] = []
    if arguments.isEmpty {
      for folder in definitions where isFolder(folder) && isFolder(joined(folder, historyFolder)) {
        paths += try below(joined(folder, historyFolder), depth: 0)
      }
    }
    for argument in arguments { paths += isFolder(argument) ? try below(argument, depth: 0) : [argument] }
    guard paths.count <= InputLimits.historyFiles else {
      throw Loader.InputError(message: "more than \(InputLimits.historyFiles) files of history")
    }
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }.map { Loader.Input(path: $0, content: content(of: $0)) }
  }

  private static func below(_ folder: String, depth: Int) throws(Loader.InputError) -> [String] {
    guard depth < InputLimits.historyDepth else {
      throw Loader.InputError(message: "\(folder) is more than \(InputLimits.historyDepth) folders deep in history")
    }
    var paths: [String] = []
    for name in try names(in: folder).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    where !name.hasPrefix(".") {
      let path = joined(folder, name)
      if isFolder(path) {
        paths += try below(path, depth: depth + 1)
      } else if extensions.contains(where: { name.hasSuffix($0) }) {
        paths.append(path)
      }
      guard paths.count <= InputLimits.historyFiles else { break }
    }
    return paths
  }

  static func joined(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  static func exists(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0
  }

  static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  static func names(in folder: String) throws(Loader.InputError) -> [String] {
    guard let stream = opendir(folder) else {
      throw Loader.InputError(message: "cannot read folder \(folder): \(reason())")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { name in
          String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }

  static func content(of path: String) -> Result<[UInt8], Loader.InputError> {
    if path == "-" { return bytes(of: 0) }
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(unreadable(reason())) }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { return .failure(unreadable(reason())) }
    guard info.st_mode & S_IFMT == S_IFREG else { return .failure(unreadable("not a regular file")) }
    return bytes(of: descriptor)
  }

  private static func unreadable(_ reason: String) -> Loader.InputError {
    Loader.InputError(message: "cannot be read: \(reason)")
  }

  /// At most one byte more than the limit: that is enough to refuse the file.
  private static func bytes(of descriptor: Int32) -> Result<[UInt8], Loader.InputError> {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= InputLimits.fileBytes {
      let count = read(descriptor, &chunk, min(chunk.count, InputLimits.fileBytes + 1 - bytes.count))
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        return .failure(unreadable(reason()))
      }
      bytes += chunk[..<count]
    }
    return .success(bytes)
  }

  private static func reason() -> String { String(cString: strerror(errno)) }

  // MARK: Writing

  /// Writes what has changed, all of it or nothing: first to temporary names beside the files, then renames.
  static func write(_ files: [GeneratedFile], toFolder folder: String) throws(Loader.InputError) {
    try makeFolder(folder)
    try write(files.map { (folder: folder, file: $0) })
  }

  /// As ``write(_:toFolder:)``, in several folders at once.
  static func write(_ files: [(folder: String, file: GeneratedFile)]) throws(Loader.InputError) {
    for folder in Set(files.map(\.folder)).sorted() { try makeFolder(folder) }
    var pending: [(temporary: String, final: String)] = []
    do throws(Loader.InputError) {
      for (folder, file) in files {
        let path = joined(folder, file.name)
        if case .success(let old) = wholeContent(of: path), old.elementsEqual(file.text.utf8) { continue }
        let temporary = joined(folder, ".\(file.name).\(getpid()).tmp")
        pending.append((temporary, path))
        try writeWhole(file.text, to: temporary)
      }
      for (temporary, path) in pending where rename(temporary, path) != 0 {
        throw Loader.InputError(message: "cannot write \(path): \(reason())")
      }
    } catch {
      for (temporary, _) in pending { unlink(temporary) }
      throw error
    }
  }

  private static func wholeContent(of path: String) -> Result<[UInt8], Loader.InputError> {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(unreadable(reason())) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count == 0 { return .success(bytes) }
      if count < 0 { return .failure(unreadable(reason())) }
      bytes += chunk[..<count]
    }
  }

  private static func makeFolder(_ folder: String) throws(Loader.InputError) {
    var path = folder.hasPrefix("/") ? "/" : ""
    for part in folder.split(separator: "/") {
      path += part
      if mkdir(path, 0o777) != 0, errno != EEXIST, !isFolder(path) {
        throw Loader.InputError(message: "cannot make folder \(path): \(reason())")
      }
      path += "/"
    }
    guard isFolder(folder) else { throw Loader.InputError(message: "\(folder) is not a folder") }
  }

  private static func writeWhole(_ text: String, to path: String) throws(Loader.InputError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Loader.InputError(message: "cannot write \(path): \(reason())") }
    defer { close(descriptor) }
    guard write(text, to: descriptor) else {
      throw Loader.InputError(message: "cannot write \(path): \(reason())")
    }
  }

  /// False, with `errno` set, when not everything could be written.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { buffer in
      var rest = UnsafeRawBufferPointer(buffer)
      while !rest.isEmpty {
        let count = systemWrite(descriptor, rest)
        if count < 0 {
          if errno == EINTR { continue }
          return false
        }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
