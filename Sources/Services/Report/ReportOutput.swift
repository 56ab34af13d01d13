import BankSupport
import Foundation
import Glibc

/// What a report may be written over: measurements take hours, and a mistyped name must not cost them.
enum ReportOutput {
  private static let beginning = "<!doctype html>"

  /// - Throws: ``ReportProblem`` when there is something else than an older report.
  static func check(_ output: String) throws(ReportProblem) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) else { return }
    guard !isFolder.boolValue else { throw ReportProblem("\(output) is a folder: name a file with --output") }
    guard let file = FileHandle(forReadingAtPath: output) else { throw ReportProblem("cannot read \(output)") }
    defer { try? file.close() }
    let found = (try? file.read(upToCount: beginning.utf8.count)).flatMap(\.self) ?? Data()
    guard found.elementsEqual(beginning.utf8) else {
      throw ReportProblem("\(output) is there and no report: it is not replaced, choose another --output")
    }
  }

  /// - Throws: ``ReportProblem`` when a file is one of those to spare, by whatever name.
  static func check(_ paths: [String], spare: [String]) throws(ReportProblem) {
    let spared = Set(spare.compactMap(place))
    for path in paths {
      if let place = place(path), spared.contains(place) {
        throw ReportProblem("\(path) is what the report is made of: it is not overwritten")
      }
    }
  }

  /// The same for all names of a file; nil where there is none.
  private static func place(_ path: String) -> [UInt64]? {
    var found = stat()
    return stat(path, &found) == 0 ? [UInt64(found.st_dev), UInt64(found.st_ino)] : nil
  }
}
