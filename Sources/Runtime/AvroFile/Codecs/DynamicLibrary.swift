import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A library of the system that is loaded when it is first asked for, and never unloaded.
struct DynamicLibrary {
  private let handle: UnsafeMutableRawPointer
  private let name: String
  private let package: String

  /// - Parameters:
  ///   - name: what the dynamic loader knows it as on Linux.
  ///   - darwinName: and on macOS.
  ///   - package: Debian's package that has it.
  init(_ name: String, darwinName: String, package: String) throws(CodecFailure) {
    #if canImport(Darwin)
      let file = darwinName
    #else
      let file = name
    #endif
    guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
      throw .unavailable(library: file, package: package, reason: Self.reason())
    }
    self.handle = handle
    self.name = file
    self.package = package
  }

  /// The address of a function, as the type of pointer that it has.
  func function<Function>(_ symbol: String, _ type: Function.Type = Function.self) throws(CodecFailure) -> Function {
    guard let address = dlsym(handle, symbol) else {
      throw .unavailable(library: name, package: package, reason: Self.reason())
    }
    return unsafeBitCast(address, to: type)
  }

  private static func reason() -> String {
    guard let text = dlerror() else { return "no reason given" }
    return String(cString: text)
  }
}

/// Keeps a library's functions once they have been found. What was not found is looked for again the next time.
final class Loaded<Functions: Sendable>: Sendable {
  private let functions = Mutex<Functions?>(nil)

  func get(_ load: () throws(CodecFailure) -> Functions) throws(CodecFailure) -> Functions {
    try functions.withLock { (known) throws(CodecFailure) in
      if let known { return known }
      let loaded = try load()
      known = loaded
      return loaded
    }
  }
}

extension UnsafeRawBufferPointer {
  /// For libraries that want an address even of no bytes.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var none: UInt8 = 0
    guard let baseAddress else {
      return try withUnsafePointer(to: &none) { (address) throws(Failure) in try body(address) }
    }
    return try body(baseAddress.assumingMemoryBound(to: UInt8.self))
  }
}
