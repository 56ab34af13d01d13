import AuditService
import Foundation
import TestBank
import Testing

/// One line of the table that `make test-faults` prints.
struct FaultRow: Encodable {
  let fault: String
  /// How often the fault was injected.
  let injected: Int
  /// Commands that had no outcome yet when it was, all times together.
  let inFlight: Int
  /// Whether each invariant holds, by name.
  let invariants: [String: Bool]
  let seconds: Double

  /// Appends it to the file that `BANK_FAULT_TABLE` names, when it does; several processes may.
  func write() throws {
    guard let path = ProcessInfo.processInfo.environment["BANK_FAULT_TABLE"], !path.isEmpty else { return }
    let line = try JSONEncoder().encode(self) + Data("\n".utf8)
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
    try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: line)
  }
}

/// Called once a fault is over: waits until nothing is in flight, audits the bank twice (`bank audit`, and the auditor
/// that knows the topics alone), expects that every invariant holds, and writes the row.
///
/// - Parameters:
///   - injected: how often the fault was injected.
///   - inFlight: commands that had no outcome yet when it was.
///   - hasDatabase: false where the ledger is the topic `journal`.
/// - Returns: what `bank audit` said.
@discardableResult
func faultHeld(
  _ fault: String, injected: Int, inFlight: Int, bank: TestBank, hasDatabase: Bool = true,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws -> AuditReport {
  let report = try await reportWhenDrained(bank)
  let findings = try await TopicAuditor.findings(bank, hasDatabase: hasDatabase)
  var invariants = Dictionary(report.invariants.map { ($0.name, $0.holds) }) { $0 && $1 }
  invariants["I5"] = report.isDrained
  invariants["topics"] = findings.isEmpty
  try FaultRow(
    fault: fault, injected: injected, inFlight: inFlight, invariants: invariants, seconds: bank.lapSeconds()
  ).write()
  #expect(report.isGood && report.isDrained, "\(fault): \(report.text)", sourceLocation: sourceLocation)
  #expect(findings.isEmpty, "\(fault): \(findings.prefix(20))", sourceLocation: sourceLocation)
  return report
}

/// I1 to I4 hold at any moment, so one audit that says otherwise is the last; only I5 is waited for.
private func reportWhenDrained(_ bank: TestBank) async throws -> AuditReport {
  let deadline = ContinuousClock.now + .seconds(30)
  while true {
    let report = try await bank.audit()
    if !report.isGood || report.isDrained || ContinuousClock.now > deadline { return report }
    try await Task.sleep(for: .milliseconds(100))
  }
}
