import Foundation
import Testing

/// A view that would outlive its message does not compile.
@Suite struct ViewEscapeTests {
  /// Compiles a function body that has `bytes`, against the modules of this build and with no flag but the language mode.
  private func compile(_ body: String) throws -> (status: Int32, output: String) {
    let bundle = try #require(CommandLine.arguments.first { $0.contains(".xctest") }, "the test bundle's path")
    let modules = URL(filePath: bundle).deletingLastPathComponent()
    let folder = FileManager.default.temporaryDirectory.appending(path: "view-escape-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "snippet.swift")
    let text = """
      import AllTypesFixture
      import AvroRuntime
      func keep(_ body: @escaping () -> Void) {}
      func snippet(_ bytes: [UInt8]) throws {
      \(body)
      }
      """
    try Data(text.utf8).write(to: source)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "swiftc", "-swift-version", "6", "-c", source.path, "-o", folder.appending(path: "snippet.o").path,
      "-I", modules.appending(path: "Modules").path,
    ]
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text2 = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text2)
  }

  @Test func ordinaryCodeCompiles() throws {
    let result = try compile(
      """
      let length = try Unions.View.withDecoded(bytes) { view in
        switch view.outcome {
        case .string(let text): try text.string().count
        default: 0
        }
      }
      try Arrays.View.withDecoded(bytes) { view in
        try view.inners.each { print(try $0.left.string(), $0.right, length) }
      }
      """)
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(arguments: [
    // The view, what is in it, what is nested in it.
    "let view = try Inner.View.withDecoded(bytes) { view in return view }; _ = view.right",
    "let text = try Inner.View.withDecoded(bytes) { view in return view.left }; _ = text.utf8Count",
    "let inner = try Named.View.withDecoded(bytes) { view in return view.inner }; _ = inner.right",
    "let kept = try Unions.View.withDecoded(bytes) { view in return view.outcome }; _ = kept",
    "var kept: AvroStringView?; try Inner.View.withDecoded(bytes) { view in kept = view.left }",
    "var kept: Inner.View?; try Arrays.View.withDecoded(bytes) { view in view.inners.each { kept = $0 } }",
    """
    var kept: AvroStringView?
    try Unions.View.withDecoded(bytes) { view in
      switch view.outcome {
      case .string(let text): kept = text
      default: break
      }
    }
    """,
    "try Inner.View.withDecoded(bytes) { view in let copy = copy view; _ = copy.right }",
    "try List.View.withDecoded(bytes) { view in let next = view.next; _ = next }",
  ])
  func escapesDoNotCompile(body: String) throws {
    let result = try compile(body)
    #expect(result.status != 0)
    #expect(result.output.contains("error: "), "\(result.output)")
  }

  /// The compiler of Swift 6.3.1 refuses these too, but some by a crash instead of a diagnosis.
  @Test(arguments: [
    "try Inner.View.withDecoded(bytes) { view in keep { print(view.right) } }",
    "try Inner.View.withDecoded(bytes) { view in Task { print(view.right) }; return }",
  ])
  func capturesThatEscapeDoNotCompile(body: String) throws {
    #expect(try compile(body).status != 0)
  }
}
