// The entry that libFuzzer calls. scripts/fuzz compiles it; SwiftPM does not, because it has no main of its own.

import FuzzTargets

private let target: FuzzTarget = {
  // libFuzzer hands its arguments on: the target's name is the program's.
  let name = CommandLine.arguments[0].split(separator: "/").last.map(String.init) ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    fatalError("no fuzz target \(name): one of \(FuzzTarget.all.map(\.name))")
  }
  return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
