import CRdKafka

/// One rule of a cluster's access control list: who may do what, or may not (Kafka's "ACL binding").
public struct AccessRule: Sendable, Hashable, Codable {
  /// What librdkafka 2.0.2 can name; transactional ids and delegation tokens it can't.
  public enum Resource: String, Sendable, Hashable, Codable, CaseIterable {
    case topic, group, cluster
  }

  public enum Operation: String, Sendable, Hashable, Codable, CaseIterable {
    case all, read, write, create, delete, alter, describe, clusterAction, describeConfigs, alterConfigs
    case idempotentWrite
  }

  /// The name of the cluster as a resource.
  public static let clusterName = "kafka-cluster"

  /// Such as `User:alice`.
  public var principal: String
  public var resource: Resource
  /// `*` stands for all, unless ``isPrefix``.
  public var name: String
  /// ``name`` is what the names begin with.
  public var isPrefix: Bool
  /// An address, or `*`.
  public var host: String
  public var operation: Operation
  /// False denies.
  public var isAllowed: Bool

  public init(
    principal: String, resource: Resource, name: String, isPrefix: Bool = false, host: String = "*",
    operation: Operation, isAllowed: Bool = true
  ) {
    self.principal = principal
    self.resource = resource
    self.name = name
    self.isPrefix = isPrefix
    self.host = host
    self.operation = operation
    self.isAllowed = isAllowed
  }
}

extension KafkaAdmin {
  /// The rules of the cluster, but for those on resources that librdkafka can't name.
  ///
  /// - Returns: `nil` when the cluster has no authorizer and says so.
  public func accessRules() async throws(KafkaError) -> [AccessRule]? {
    do {
      return try await run { core throws(KafkaError) in try core.accessRules() }
    } catch {
      if error.code == .securityDisabled { return nil }
      throw error
    }
  }

  /// Adds rules; one that is there already is no error.
  public func createAccessRules(_ rules: [AccessRule]) async throws(KafkaError) {
    if rules.isEmpty { return }
    try await run { core throws(KafkaError) in try core.createAccessRules(rules) }
  }

  /// Removes exactly these rules; one that isn't there is no error.
  public func deleteAccessRules(_ rules: [AccessRule]) async throws(KafkaError) {
    if rules.isEmpty { return }
    try await run { core throws(KafkaError) in try core.deleteAccessRules(rules) }
  }
}

extension AdminCore {
  func accessRules() throws(KafkaError) -> [AccessRule] {
    var text = [CChar](repeating: 0, count: 512)
    guard
      let filter = rd_kafka_AclBindingFilter_new(
        RD_KAFKA_RESOURCE_ANY, nil, RD_KAFKA_RESOURCE_PATTERN_ANY, nil, nil, RD_KAFKA_ACL_OPERATION_ANY,
        RD_KAFKA_ACL_PERMISSION_TYPE_ANY, &text, text.count)
    else { throw KafkaError(code: .invalidArgument, message: "a filter of all ACLs: \(string(text))") }
    defer { rd_kafka_AclBinding_destroy(filter) }
    return try call("describing ACLs", RD_KAFKA_ADMIN_OP_DESCRIBEACLS) { options, queue in
      rd_kafka_DescribeAcls(handle.pointer, filter, options, queue)
    } read: { event in
      var count = 0
      let found = rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event), &count)
      return UnsafeBufferPointer(start: found, count: count).compactMap { $0.flatMap(AccessRule.init) }
    }
  }

  func createAccessRules(_ rules: [AccessRule]) throws(KafkaError) {
    var objects = try bindings(rules) { rule, text in
      rd_kafka_AclBinding_new(
        rule.type, rule.name, rule.pattern, rule.principal, rule.host, rule.code, rule.permission, &text, text.count)
    }
    defer { for object in objects { rd_kafka_AclBinding_destroy(object) } }
    let failure = try call("creating ACLs", RD_KAFKA_ADMIN_OP_CREATEACLS) { options, queue in
      rd_kafka_CreateAcls(handle.pointer, &objects, objects.count, options, queue)
    } read: { event -> KafkaError? in
      var count = 0
      let results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count)
      return UnsafeBufferPointer(start: results, count: count).lazy
        .compactMap { accessError(rd_kafka_acl_result_error($0), "creating an ACL") }.first
    }
    if let failure { throw failure }
  }

  func deleteAccessRules(_ rules: [AccessRule]) throws(KafkaError) {
    var objects = try bindings(rules) { rule, text in
      rd_kafka_AclBindingFilter_new(
        rule.type, rule.name, rule.pattern, rule.principal, rule.host, rule.code, rule.permission, &text, text.count)
    }
    defer { for object in objects { rd_kafka_AclBinding_destroy(object) } }
    let failure = try call("deleting ACLs", RD_KAFKA_ADMIN_OP_DELETEACLS) { options, queue in
      rd_kafka_DeleteAcls(handle.pointer, &objects, objects.count, options, queue)
    } read: { event -> KafkaError? in
      var count = 0
      let results = rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event), &count)
      return UnsafeBufferPointer(start: results, count: count).lazy
        .compactMap { accessError(rd_kafka_DeleteAcls_result_response_error($0), "deleting an ACL") }.first
    }
    if let failure { throw failure }
  }

  private func bindings(
    _ rules: [AccessRule], _ make: (AccessRule, inout [CChar]) -> OpaquePointer?
  ) throws(KafkaError) -> [OpaquePointer?] {
    var objects: [OpaquePointer?] = []
    for rule in rules {
      var text = [CChar](repeating: 0, count: 512)
      guard let object = make(rule, &text) else {
        for object in objects { rd_kafka_AclBinding_destroy(object) }
        throw KafkaError(code: .invalidArgument, message: "ACL of \(rule.principal): \(string(text))")
      }
      objects.append(object)
    }
    return objects
  }
}

private func accessError(_ error: OpaquePointer?, _ what: String) -> KafkaError? {
  guard let error else { return nil }
  let text = rd_kafka_error_string(error).map { String(cString: $0) } ?? ""
  return KafkaError(code: KafkaErrorCode(rd_kafka_error_code(error)), message: "\(what): \(text)")
}

extension AccessRule {
  /// `nil` for a rule on something that librdkafka can't name.
  fileprivate init?(_ binding: OpaquePointer) {
    guard let resource = Resource(rd_kafka_AclBinding_restype(binding)),
      let operation = Operation(rd_kafka_AclBinding_operation(binding))
    else { return nil }
    self.init(
      principal: String(cString: rd_kafka_AclBinding_principal(binding)), resource: resource,
      name: String(cString: rd_kafka_AclBinding_name(binding)),
      isPrefix: rd_kafka_AclBinding_resource_pattern_type(binding) == RD_KAFKA_RESOURCE_PATTERN_PREFIXED,
      host: String(cString: rd_kafka_AclBinding_host(binding)), operation: operation,
      isAllowed: rd_kafka_AclBinding_permission_type(binding) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW)
  }

  fileprivate var type: rd_kafka_ResourceType_t { resource.code }
  fileprivate var code: rd_kafka_AclOperation_t { operation.code }
  fileprivate var pattern: rd_kafka_ResourcePatternType_t {
    isPrefix ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL
  }
  fileprivate var permission: rd_kafka_AclPermissionType_t {
    isAllowed ? RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW : RD_KAFKA_ACL_PERMISSION_TYPE_DENY
  }
}

extension AccessRule.Resource {
  /// Number 4 is "broker" where settings are asked for and "cluster" in ACLs; librdkafka has one name for both.
  fileprivate var code: rd_kafka_ResourceType_t {
    switch self {
    case .topic: RD_KAFKA_RESOURCE_TOPIC
    case .group: RD_KAFKA_RESOURCE_GROUP
    case .cluster: RD_KAFKA_RESOURCE_BROKER
    }
  }

  fileprivate init?(_ code: rd_kafka_ResourceType_t) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}

extension AccessRule.Operation {
  fileprivate var code: rd_kafka_AclOperation_t {
    switch self {
    case .all: RD_KAFKA_ACL_OPERATION_ALL
    case .read: RD_KAFKA_ACL_OPERATION_READ
    case .write: RD_KAFKA_ACL_OPERATION_WRITE
    case .create: RD_KAFKA_ACL_OPERATION_CREATE
    case .delete: RD_KAFKA_ACL_OPERATION_DELETE
    case .alter: RD_KAFKA_ACL_OPERATION_ALTER
    case .describe: RD_KAFKA_ACL_OPERATION_DESCRIBE
    case .clusterAction: RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION
    case .describeConfigs: RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS
    case .alterConfigs: RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS
    case .idempotentWrite: RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE
    }
  }

  fileprivate init?(_ code: rd_kafka_AclOperation_t) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}
