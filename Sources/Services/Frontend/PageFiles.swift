import BankSupport
import Foundation

/// The files of `Page/`, read once: what is not among them is not served, whatever the path says.
public struct PageFiles: Sendable {
  /// What is served for an unknown path, with status 404 only.
  static let notFoundPath = "/not-found.html"

  private let files: [String: PageFile]
  let notFound: PageFile

  /// Those of this build, which stand beside the program.
  public static func ofThisBuild() throws(SupportError) -> PageFiles {
    guard let folder = Bundle.module.resourceURL?.appending(path: "Page") else {
      throw SupportError("the page's files are missing beside the program: build it again, or copy its .resources too")
    }
    return try PageFiles(folder: folder.path)
  }

  /// - Throws: `SupportError` when the folder cannot be read or lacks `index.html` or `not-found.html`.
  init(folder: String) throws(SupportError) {
    guard let names = FileManager.default.enumerator(atPath: folder) else {
      throw SupportError("cannot read the page's files in \(folder)")
    }
    var files: [String: PageFile] = [:]
    while let name = names.nextObject() as? String {
      guard let contentType = PageFile.contentType(ofName: name) else { continue }
      guard let bytes = try Files.read("\(folder)/\(name)") else { continue }
      files["/\(name)"] = PageFile(bytes, contentType: contentType)
    }
    guard let notFound = files.removeValue(forKey: Self.notFoundPath), let index = files["/index.html"] else {
      throw SupportError("the page's files in \(folder) are not complete: build the program again")
    }
    files["/"] = index
    self.files = files
    self.notFound = notFound
  }

  /// The paths that are served.
  public var paths: [String] { files.keys.sorted() }

  /// - Parameter path: of the request, as it came, such as `/style/base.css`.
  subscript(path: String) -> PageFile? { files[path] }
}
