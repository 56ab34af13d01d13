import Foundation
import Glibc
import Testing

/// `bank up` as a process tree, with the real broker and the real Postgres and no services.
@Suite("Supervisor", .serialized)
struct SupervisorTests {
  @Test("Starts, refuses a second one, stops on bank down, is cleaned")
  func startAndStop() throws {
    let bank = try BankProgram()
    try bank.startUp()
    #expect(bank.processes().count >= 4)

    let second = try bank.run(verb: "up", "--infrastructure-only")
    #expect(second.status == 1)
    #expect(second.output.contains("a bank runs already on \(bank.home) (process "))
    let clean = try bank.run(verb: "clean")
    #expect(clean.status == 1)
    #expect(clean.output.contains("bank down"))

    let began = Date()
    let down = try bank.run(verb: "down")
    #expect(down.status == 0)
    #expect(Date().timeIntervalSince(began) < 10)
    #expect(try bank.upStatus() == 0)
    #expect(bank.log.contains("stopped in"))
    #expect(bank.processes() == [])
    #expect(try bank.run(verb: "down").output == "no bank runs on \(bank.home)\n")

    let removed = try bank.run(verb: "clean")
    #expect(removed.output == "removed \(bank.home)\n")
    #expect(!FileManager.default.fileExists(atPath: bank.home))
  }

  @Test("Ctrl-C stops it as bank down does", arguments: [SIGINT, SIGTERM])
  func signals(signal: Int32) throws {
    let bank = try BankProgram()
    try bank.startUp()
    kill(try #require(bank.up).processIdentifier, signal)
    #expect(try bank.upStatus() == 0)
    #expect(bank.processes() == [])
  }

  @Test("kill -9 takes the whole tree down, and the next one starts on what is left")
  func killed() throws {
    let bank = try BankProgram()
    try bank.startUp()
    kill(try #require(bank.up).processIdentifier, SIGKILL)
    _ = try bank.upStatus()
    try bank.wait("the tree to be gone") { bank.processes().isEmpty }
    try bank.startUp()
    #expect(try bank.run(verb: "down").status == 0)
    #expect(try bank.upStatus() == 0)
    #expect(bank.processes() == [])
  }

  @Test("A server that dies stops everything, with its last words", arguments: ["broker", "postgres", "registry"])
  func infrastructureDies(name: String) throws {
    let bank = try BankProgram()
    try bank.startUp()
    kill(try #require(bank.pid(of: name)), SIGKILL)
    #expect(try bank.upStatus() == 1)
    #expect(bank.log.contains("\(name) ended with signal 9"))
    #expect(bank.log.contains("stopping everything"))
    #expect(!bank.log.contains("GLIBC_2.39"))
    try bank.wait("the tree to be gone") { bank.processes().isEmpty }
  }

  @Test("A service that dies is started again, and all stop within 10 s")
  func serviceDies() throws {
    let bank = try BankProgram()
    try bank.startUp([])
    for name in ["command-handler", "command-generator", "heartbeat"] {
      let first = try #require(bank.pid(of: name))
      kill(first, SIGKILL)
      try bank.wait("\(name) to be started again") {
        bank.log.contains("\(name) ended with signal 9") && ![nil, first].contains(bank.pid(of: name))
      }
    }
    let began = Date()
    #expect(try bank.run(verb: "down").status == 0)
    #expect(try bank.upStatus() == 0)
    #expect(Date().timeIntervalSince(began) < 10)
    #expect(!bank.log.contains("was killed"))
    #expect(bank.processes() == [])
  }

  @Test("A port in use is named before anything is started")
  func portInUse() throws {
    let bank = try BankProgram()
    let port = 15_432 + bank.portOffset
    let held = try #require(TestPort.bound(port))
    let result = try bank.run(verb: "up", "--infrastructure-only")
    withExtendedLifetime(held) {}
    #expect(result.status == 1)
    #expect(
      result.output == "bank: port \(port) (Postgres) in use by another program: stop it, or move all ports with "
        + "--port-offset N\n")
    #expect(bank.processes() == [])
  }

  @Test("A folder that is no home is not removed")
  func cleanForeign() throws {
    let bank = try BankProgram()
    let folder = TemporaryFolder()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path + "/photo"))
    let result = try bank.run(["clean", "--home", folder.path])
    #expect(result.status == 1)
    #expect(result.output.contains("nothing was removed"))
    #expect(FileManager.default.fileExists(atPath: folder.path + "/photo"))
  }

  @Test(
    "Wrong usage ends with 2",
    arguments: [
      ["nonsense"], ["up", "--heartbeat-batch", "x"], ["up", "--heartbeat-batch", "-1"], ["down", "extra"],
    ])
  func usage(arguments: [String]) throws {
    let result = try BankProgram().run(arguments)
    #expect(result.status == 2)
    #expect(result.output.contains("Usage:"))
  }

  @Test("A broker that is not there says what to do")
  func noBroker() throws {
    let bank = try BankProgram()
    let result = try bank.run(
      ["up", "--home", bank.home, "--port-offset", String(bank.portOffset), "--infrastructure-only"],
      environment: ["BANK_BROKER_BINARY": "/nowhere/noida-db"])
    #expect(result.status == 1)
    #expect(result.output.contains("BANK_BROKER_BINARY is /nowhere/noida-db"))
    #expect(bank.processes() == [])
  }
}
