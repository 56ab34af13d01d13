import CRdKafka

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// Every function that C calls, all nonisolated: they run on threads that Swift does not know.

#if canImport(Glibc)
  func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
#else
  func threadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
  }
#endif

/// The context lives as long as the handle: see `ClientContext`.
private func context(_ opaque: UnsafeMutableRawPointer?) -> ClientContext? {
  opaque.map { Unmanaged<ClientContext>.fromOpaque($0).takeUnretainedValue() }
}

func onLog(
  _ handle: OpaquePointer?, _ severity: Int32, _ facility: UnsafePointer<CChar>?, _ text: UnsafePointer<CChar>?
) {
  guard let handle, let context = context(rd_kafka_opaque(handle)), case .handler(let write) = context.log else {
    return
  }
  write(
    Int(severity), facility.map { String(cString: $0) } ?? "", text.map { String(cString: $0) } ?? "")
}

func onError(
  _ handle: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) {
  guard let handle, let context = context(opaque) else { return }
  context.note(
    handle, rd_kafka_resp_err_t(rawValue: code), reason.map { String(cString: $0) } ?? "")
}

func onNew(
  _ handle: OpaquePointer?, _ configuration: OpaquePointer?, _ opaque: UnsafeMutableRawPointer?,
  _ text: UnsafeMutablePointer<CChar>?, _ size: Int
) -> rd_kafka_resp_err_t {
  guard let handle, let context = context(opaque) else { return RD_KAFKA_RESP_ERR__INVALID_ARG }
  let code = rd_kafka_interceptor_add_on_broker_state_change(handle, "state", onBrokerState, opaque)
  guard code == RD_KAFKA_RESP_ERR_NO_ERROR, context.fetchPace.isOn else { return code }
  return rd_kafka_interceptor_add_on_response_received(handle, "pace", onResponse, opaque)
}

func onBrokerState(
  _ handle: OpaquePointer?, _ broker: Int32, _ protocolName: UnsafePointer<CChar>?, _ name: UnsafePointer<CChar>?,
  _ port: Int32, _ state: UnsafePointer<CChar>?, _ opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
  guard let handle, let context = context(opaque), let name, let state else { return RD_KAFKA_RESP_ERR_NO_ERROR }
  context.brokerChanged("\(handle) \(String(cString: name)):\(port)/\(broker)", to: String(cString: state))
  return RD_KAFKA_RESP_ERR_NO_ERROR
}

/// Slows the loop of Fetch requests down where the broker answers empty ones at once. It runs on the thread of the
/// one broker, so a pause delays nothing but the next request to it, and what came with the response.
func onResponse(
  _ handle: OpaquePointer?, _ socket: Int32, _ name: UnsafePointer<CChar>?, _ broker: Int32, _ apiKey: Int16,
  _ version: Int16, _ correlation: Int32, _ size: Int, _ roundTripMicros: Int64, _ code: rd_kafka_resp_err_t,
  _ opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
  let fetch: Int16 = 1
  guard apiKey == fetch, let context = context(opaque) else { return RD_KAFKA_RESP_ERR_NO_ERROR }
  let pauseMicros = context.fetchPace.pauseMicros(
    afterResponseOf: size, roundTripMicros: roundTripMicros, nowMicros: monotonicMicros())
  if pauseMicros > 0 { usleep(pauseMicros) }
  return RD_KAFKA_RESP_ERR_NO_ERROR
}
