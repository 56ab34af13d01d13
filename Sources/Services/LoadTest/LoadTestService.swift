import BankSupport
import Foundation
import LoadRuns
import NIOPosix

/// `bank load-test`: measures a bank as its users feel it.
public enum LoadTestService {
  /// Accounts that are made at a time: the endpoint hashes two passwords at a time.
  private static let clientsAtATime = 8

  /// What is wanted beside the profile's numbers.
  public struct Options: Sendable {
    /// The run file.
    public var output: String
    /// Home of a bank that runs already; nil starts a fresh one.
    public var running: String?
    /// Keep the fresh bank's folder.
    public var keepsHome = false
    /// What the program was built as, for the header.
    public var build: String

    public init(output: String, running: String? = nil, keepsHome: Bool = false, build: String) {
      self.output = output
      self.running = running
      self.keepsHome = keepsHome
      self.build = build
    }
  }

  /// Runs a test and writes its file.
  ///
  /// - Returns: how it ended.
  /// - Throws: ``LoadTestProblem`` when what was asked for can't be; no file was written then. Other errors when the bank
  ///   did not start.
  public static func run(_ settings: LoadTestSettings, _ options: Options) async throws -> RunEnd {
    do { try settings.check() } catch { throw LoadTestProblem("\(error)") }
    try RunWriter.check(path: options.output)
    let stop = StopFlag()
    let signals = StopSignals()
    let listener = Task {
      await signals.wait()
      stop.set()
    }
    defer {
      listener.cancel()
      signals.cancel()
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "bank-load-\(UUID().uuidString)").path
    let progress = ProgressLine()
    try Files.makeFolder(folder)
    defer {
      if options.keepsHome {
        progress.say("kept \(folder)")
      } else {
        try? FileManager.default.removeItem(atPath: folder)
      }
    }
    let machine = Machine.current()
    let bank: BankUnderTest
    if let running = options.running {
      bank = try BankUnderTest.running(home: Files.absolute(running))
    } else {
      progress.say("starting a fresh bank")
      bank = try await BankUnderTest.fresh(home: folder, settings: settings, stop: stop)
    }
    do {
      let sampler = Sampler(bank)
      let work: @Sendable () async throws -> RunEnd = {
        try await measure(bank, sampler, machine, folder: folder, settings, options, progress, stop)
      }
      let end = try await options.running == nil ? work() : keepingPace(of: sampler, progress, work)
      await bank.stop()
      return end
    } catch {
      await bank.stop()
      throw error
    }
  }

  /// A bank that ran before the test runs on as it did, however the test ends.
  static func keepingPace<Value: Sendable>(
    of bank: some MeasuredBank, _ progress: ProgressLine, _ work: @Sendable () async throws -> Value
  ) async throws -> Value {
    let before = try await bank.pace()
    let result: Result<Value, any Error>
    do { result = .success(try await work()) } catch { result = .failure(error) }
    do { try await bank.setPace(before) } catch {
      progress.say(
        "the heartbeat is not back at its pace, batchSize \(before.batchSize), sleepMillis \(before.sleepMillis): \(error)"
      )
    }
    return try result.get()
  }

  /// Gives up what is being set up when Ctrl-C comes.
  private static func unlessStopped<Value: Sendable>(
    _ stop: StopFlag, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    do {
      return try await withThrowingTaskGroup(of: Value.self) { tasks in
        tasks.addTask { try await work() }
        tasks.addTask {
          while !stop.isSet {
            try Task.checkCancellation()
            await stop.sleep(millis: 100)
          }
          throw LoadTestProblem.stopped
        }
        defer { tasks.cancelAll() }
        guard let value = try await tasks.next() else { throw LoadTestProblem.stopped }
        return value
      }
    } catch let error where stop.isSet && !(error is LoadTestProblem) {
      throw LoadTestProblem.stopped
    }
  }

  private static func measure(
    _ bank: BankUnderTest, _ sampler: Sampler, _ machine: Machine, folder: String, _ settings: LoadTestSettings,
    _ options: Options,
    _ progress: ProgressLine, _ stop: StopFlag
  ) async throws -> RunEnd {
    var settings = settings
    if options.running == nil { settings.services = LoadTestSettings.ownServices.merging(settings.services) { $1 } }
    var versions = Versions.of(bank.run)
    versions["bank"] = options.build
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var browsers: Browsers?
    let clients: [any LoadClient]
    do {
      switch settings.client {
      case .graphql:
        clients = try await unlessStopped(stop) { [settings] in try await graphQLClients(settings, bank, group) }
      case .browser:
        let started = try await unlessStopped(stop) { [settings] in
          try await Browsers.start(settings, bank, folder: folder)
        }
        browsers = started
        clients = started.clients
        versions["chromium"] = started.version
      }
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
    let result: Result<RunEnd, any Error>
    do {
      guard !stop.isSet else { throw LoadTestProblem.stopped }
      let writer = try RunWriter(path: options.output)
      writer.write(
        RunHeader(
          startedAt: ISO8601DateFormatter().string(from: Date()), revision: Versions.revision(), machine: machine,
          settings: settings, versions: versions, startUpMillis: bank.startUpMillis))
      progress.say("measuring into \(options.output), Ctrl-C ends it early")
      let end = await LoadTestRun.run(
        settings, clients: clients, bank: sampler, writer: writer, progress: progress, until: stop)
      writer.write(end)
      await writer.flush()
      if let failure = writer.failure { throw SupportError(failure) }
      result = .success(end)
    } catch { result = .failure(error) }
    for client in clients { await client.close() }
    await browsers?.stop()
    try? await group.shutdownGracefully()
    return try result.get()
  }

  private static func graphQLClients(
    _ settings: LoadTestSettings, _ bank: BankUnderTest, _ group: MultiThreadedEventLoopGroup
  ) async throws -> [any LoadClient] {
    let port = bank.run.ports.graphQL
    return try await withThrowingTaskGroup(of: (Int, GraphQLClient).self) { tasks in
      var made: [Int: GraphQLClient] = [:]
      var next = 0
      while made.count < settings.clients {
        while next < settings.clients, next - made.count < clientsAtATime {
          let number = next
          tasks.addTask {
            (
              number,
              try await GraphQLClient.make(number: number, group: group, port: port, subprotocol: settings.subprotocol)
            )
          }
          next += 1
        }
        do {
          if let (number, client) = try await tasks.next() { made[number] = client }
        } catch {
          tasks.cancelAll()
          for client in made.values { await client.close() }
          while let late = await tasks.nextResult() {
            if case .success((_, let client)) = late { await client.close() }
          }
          throw error
        }
      }
      return (0..<settings.clients).compactMap { made[$0] }
    }
  }
}
