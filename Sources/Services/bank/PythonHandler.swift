import BankSupport
import Foundation
import Glibc

/// The command handler in Python (`Examples/python-handler`), as a strategy of the bank's own.
enum PythonHandler {
  private static let script = "Examples/python-handler/handler.py"

  /// - Throws: `SupportError` that says what is missing.
  static func check() throws(SupportError) { _ = try command() }

  /// Replaces this process by it: the same process number, so that whoever started this one can watch and stop it.
  static func become(_ environment: BankEnvironment) throws -> Never {
    let command = try command()
    let access = try environment.databaseAccess(role: "command_handler")
    var variables = [
      "KAFKA_BROKERS": try environment.brokers(), "SCHEMA_REGISTRY_URL": try environment.registryURL(),
      "DB_HOSTNAME": access.host, "DB_PORT": String(access.port),
      "BANK_HANDLER_ADDRESS": environment.bindAddress, "BANK_HANDLER_PORT": String(environment.ports.commandHandler),
    ]
    if let password = access.password { variables["DB_PASSWORD"] = password }
    for (name, value) in variables { setenv(name, value, 1) }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    // This may be a thread of Dispatch, which blocks all signals, and the new program would inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    execv(command[0], &arguments)
    throw SupportError("cannot start \(command[0]): \(String(cString: strerror(errno)))")
  }

  /// `BANK_PYTHON`, else `.venv/bin/python` of the checkout, and the script.
  private static func command() throws(SupportError) -> [String] {
    let named = ProcessInfo.processInfo.environment["BANK_PYTHON"] ?? ""
    guard let script = Files.checkout(script) else {
      throw SupportError("there is no \(script) in the working folder or above this program: start it in the checkout")
    }
    let python = named.isEmpty ? Files.checkout(".venv/bin/python") : named
    guard let python, FileManager.default.isExecutableFile(atPath: python) else {
      throw SupportError(
        "no Python for \(script): \(named.isEmpty ? "\"scripts/setup test\" makes .venv" : "\(named) is no program"), or "
          + "set BANK_PYTHON to an interpreter that has what \(script.replacing("handler.py", with: "requirements.txt")) "
          + "names")
    }
    return [python, script]
  }
}
