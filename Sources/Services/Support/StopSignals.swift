import Dispatch
import Foundation

/// SIGTERM, SIGINT and SIGHUP as something to wait for; once one of these exists they no longer end the process.
public final class StopSignals: @unchecked Sendable {
  // Unchecked for the sources alone: set in init, and Dispatch allows their cancel() from any thread.
  private let sources: [any DispatchSourceSignal]
  private let came: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  public init() {
    let (came, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.came = came
    self.continuation = continuation
    // Started by nohup, SIGHUP is ignored already and stays so.
    let hangup = signal(SIGHUP, SIG_IGN)
    let ignoresHangup = unsafeBitCast(hangup, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    sources = ([SIGTERM, SIGINT] + (ignoresHangup ? [] : [SIGHUP])).map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
  }

  /// Returns when one came, or when the task is cancelled.
  public func wait() async {
    for await _ in came { return }
  }

  /// Stops listening; who waits returns.
  public func cancel() {
    for source in sources { source.cancel() }
    continuation.finish()
  }
}
