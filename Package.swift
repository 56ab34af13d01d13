// swift-tools-version: 6.2
import PackageDescription

// The order is the way a value travels: YAML -> avrogen -> Definitions -> Runtime -> Services.

let package = Package(
  name: "open-bank-mark",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "avrogen", targets: ["avrogen"]),
    .plugin(name: "AvrogenBuild", targets: ["AvrogenBuild"]),
    .plugin(name: "AvrogenCommand", targets: ["AvrogenCommand"]),
    .library(name: "AvroSchema", targets: ["AvroSchema"]),
    .library(name: "AvroRuntime", targets: ["AvroRuntime"]),
    .library(name: "AvroFile", targets: ["AvroFile"]),
    .library(name: "TopologyModel", targets: ["TopologyModel"]),
    .library(name: "KafkaRuntime", targets: ["KafkaRuntime"]),
    .library(name: "SchemaRegistry", targets: ["SchemaRegistry"]),
    .library(name: "SchemaRegistryServer", targets: ["SchemaRegistryServer"]),
    .library(name: "PostgresRuntime", targets: ["PostgresRuntime"]),
    .library(name: "GraphQLRuntime", targets: ["GraphQLRuntime"]),
    .library(name: "GraphQLServer", targets: ["GraphQLServer"]),
    .library(name: "Synchronizer", targets: ["SynchronizerService"]),
    .library(name: "CommandHandler", targets: ["CommandHandlerService"]),
    .library(name: "Definitions", targets: ["Definitions"]),
    .executable(name: "bank", targets: ["bank"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
  ],
  targets: House.cLibraries + House.generator + House.runtime + House.definitions + House.services + House.tests
)

enum House {
  /// One module map a C library; each is imported by one Swift target.
  static var cLibraries: [Target] {
    [
      .systemLibrary(
        name: "CYaml", path: "Sources/avrogen/CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
      .systemLibrary(
        name: "CAvro", path: "Sources/Runtime/AvroFile/CAvro", pkgConfig: "avro-c", providers: [.apt(["libavro-dev"])]),
      .systemLibrary(name: "CCodecs", path: "Sources/Runtime/AvroFile/CCodecs"),
      .systemLibrary(
        name: "CRdKafka", path: "Sources/Runtime/Kafka/CRdKafka", pkgConfig: "rdkafka",
        providers: [.apt(["librdkafka-dev"])]),
      .systemLibrary(
        name: "CPq", path: "Sources/Runtime/Postgres/CPq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    ]
  }

  /// The generator takes no package dependency: everyone who uses the plugin compiles it.
  static var generator: [Target] {
    [
      .executableTarget(
        name: "avrogen", dependencies: ["AvroSchema", "AvroRuntime", "AvroFile", "TopologyModel", "CYaml", "CAvro"],
        path: "Sources/avrogen", exclude: ["CYaml"], swiftSettings: strict),
      .plugin(name: "AvrogenBuild", capability: .buildTool(), dependencies: ["avrogen"]),
      .plugin(
        name: "AvrogenCommand",
        capability: .command(
          intent: .custom(verb: "avrogen", description: "Write Swift, SQL and .avsc from definitions"),
          permissions: [.writeToPackageDirectory(reason: "writes the generated files where --output says")]),
        dependencies: ["avrogen"]),
    ]
  }

  static var runtime: [Target] {
    [
      .target(name: "JSONText", path: "Sources/Runtime/JSON", swiftSettings: strict),
      .target(
        name: "AvroSchema", dependencies: ["JSONText"], path: "Sources/Runtime/AvroSchema", swiftSettings: strict),
      .target(
        name: "AvroRuntime", dependencies: ["AvroSchema"], path: "Sources/Runtime/Avro", swiftSettings: strict),
      .target(
        name: "AvroFile", dependencies: ["AvroSchema", "AvroRuntime", "CCodecs"], path: "Sources/Runtime/AvroFile",
        exclude: ["CAvro", "CCodecs"], swiftSettings: strict),
      .target(
        name: "TopologyModel", dependencies: ["AvroRuntime"], path: "Sources/Runtime/Topology", swiftSettings: strict),
      .target(
        name: "KafkaRuntime", dependencies: ["CRdKafka"], path: "Sources/Runtime/Kafka", exclude: ["CRdKafka"],
        swiftSettings: strict),
      .target(
        name: "SchemaRegistry", dependencies: ["AvroSchema", "AvroRuntime", "TopologyModel"],
        path: "Sources/Runtime/SchemaRegistry", swiftSettings: strict),
      .target(
        name: "SchemaRegistryServer",
        dependencies: [
          "AvroSchema", "JSONText", hummingbird, .product(name: "HummingbirdTLS", package: "hummingbird"),
        ],
        path: "Sources/Runtime/SchemaRegistryServer", swiftSettings: strict),
      .target(
        name: "PostgresRuntime", dependencies: ["CPq"], path: "Sources/Runtime/Postgres", exclude: ["CPq"],
        swiftSettings: strict),
      .target(
        name: "GraphQLRuntime", dependencies: ["JSONText"], path: "Sources/Runtime/GraphQL", swiftSettings: strict),
      .target(
        name: "GraphQLServer",
        dependencies: [
          "GraphQLRuntime", "JSONText", hummingbird,
          .product(name: "HummingbirdCore", package: "hummingbird"),
          .product(name: "NIOCore", package: "swift-nio"),
          .product(name: "NIOHTTP1", package: "swift-nio"),
          .product(name: "NIOWebSocket", package: "swift-nio"),
          .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
          .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
          .product(name: "HTTPTypes", package: "swift-http-types"),
          .product(name: "Logging", package: "swift-log"),
        ],
        path: "Sources/Runtime/GraphQLServer",
        resources: ["graphiql.html", "graphiql-page.js", "plain.html", "plain.js", "client.js", "page.css"].map {
          .embedInCode("Page/\($0)")
        }, swiftSettings: strict),
    ]
  }

  /// The YAML files are the target's sources; the plugin makes Swift of them.
  static var definitions: [Target] {
    [
      .target(
        name: "Definitions", dependencies: ["AvroRuntime", "TopologyModel", "PostgresRuntime"], path: "definitions",
        swiftSettings: strict, plugins: ["AvrogenBuild"])
    ]
  }

  static var services: [Target] {
    [
      .target(
        name: "BankSupport",
        dependencies: [
          "Definitions", "KafkaRuntime", "SchemaRegistry", "PostgresRuntime", hummingbird,
          .product(name: "HummingbirdCore", package: "hummingbird"), crypto,
        ],
        path: "Sources/Services/Support", swiftSettings: strict),
      .target(
        name: "SetupDBService", dependencies: ["PostgresRuntime", "TopologyModel"], path: "Sources/Services/SetupDB",
        swiftSettings: strict),
      .target(
        name: "SynchronizerService",
        dependencies: ["AvroSchema", "JSONText", "KafkaRuntime", "SchemaRegistry", "TopologyModel"],
        path: "Sources/Services/Synchronizer", swiftSettings: strict),
      service("HeartbeatService", folder: "Heartbeat"),
      service("CommandGeneratorService", folder: "CommandGenerator"),
      service("CommandHandlerService", folder: "CommandHandler"),
      service("AuditService", folder: "Audit"),
      .target(
        name: "GraphQLEndpointService",
        dependencies: [
          "BankSupport", "GraphQLRuntime", "GraphQLServer", "JSONText", hummingbird,
          .product(name: "CryptoExtras", package: "swift-crypto"),
        ],
        path: "Sources/Services/GraphQLEndpoint", resources: [.embedInCode("schema.graphql")], swiftSettings: strict),
      .target(
        name: "FrontendService",
        dependencies: [
          "BankSupport", hummingbird, crypto, .product(name: "HTTPTypes", package: "swift-http-types"),
        ],
        path: "Sources/Services/Frontend", resources: [.copy("Page")], swiftSettings: strict),
      .target(name: "LoadRuns", path: "Sources/Services/LoadRuns", swiftSettings: strict),
      .target(
        name: "LoadTestService",
        dependencies: [
          "BankSupport", "LoadRuns", "JSONText",
          .product(name: "NIOCore", package: "swift-nio"),
          .product(name: "NIOPosix", package: "swift-nio"),
          .product(name: "NIOHTTP1", package: "swift-nio"),
          .product(name: "NIOWebSocket", package: "swift-nio"),
        ],
        path: "Sources/Services/LoadTest", swiftSettings: strict),
      .target(
        name: "ReportService", dependencies: ["BankSupport", "LoadRuns", "CYaml"], path: "Sources/Services/Report",
        resources: [.embedInCode("Style/chart.css"), .embedInCode("Style/page.css")], swiftSettings: strict),
      .executableTarget(
        name: "bank",
        dependencies: [
          "LoadRuns", "LoadTestService", "ReportService",
          "SetupDBService", "SynchronizerService", "HeartbeatService", "CommandGeneratorService",
          "CommandHandlerService", "AuditService", "GraphQLEndpointService", "FrontendService", "BankSupport",
          "SchemaRegistryServer",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Sources/Services/bank", swiftSettings: strict),
    ]
  }

  /// Fixtures are definitions compiled by the plugin; what several tests start stands in Tests/Support.
  static var tests: [Target] {
    fixtures + testSupport + [
      test("JSONTextTests", ["JSONText", "AvroSchema"]),
      test("AvroSchemaTests", ["AvroSchema"], exclude: ["java_compatibility.txt"]),
      test(
        "AvroRuntimeTests", ["AvroRuntime", "AvroSchema", "LibAvroBridge", "PythonPeer", "RandomAvro"],
        exclude: ["Python"]),
      test(
        "AvroDifferentialTests", ["AvroRuntime", "AvroSchema", "LibAvroBridge", "PythonPeer", "RandomAvro"],
        exclude: ["fastavro_peer.py"]),
      test("AvroFileTests", ["AvroFile", "AvroRuntime", "CAvro", "PythonPeer"], exclude: ["Golden", "Python"]),
      test("TopologyModelTests", ["TopologyModel"]),
      test("AvrogenTests", ["avrogen", "AvroSchema", "AvroRuntime", "AvroFile"], exclude: ["Cases", "Golden"]),
      test("AvrogenEmitTests", ["avrogen", "AvroSchema"], exclude: ["Golden"]),
      test(
        "GeneratedTests",
        [
          "AllTypesFixture", "NastyNamesFixture", "UnitsFixture", "Money", "OrdersFixture", "Definitions",
          "AvroRuntime", "AvroSchema", "PostgresRuntime",
          "TopologyModel",
          "LibAvroBridge", "TestPostgres",
        ]),
      test(
        "GraphQLRuntimeTests", ["GraphQLRuntime", "JSONText", "PythonPeer"],
        exclude: ["execution_peer.py", "graphql_core_peer.py"]),
      test("FuzzTests", ["FuzzTargets"]),
      test("PluginTests", ["AvroSchema", "RandomAvro"]),
      test("KafkaRuntimeTests", ["KafkaRuntime", "EmbeddedBroker", "FreePort"]),
      test(
        "LoopbackProxyTests",
        ["LoopbackProxy", "KafkaRuntime", "PostgresRuntime", "EmbeddedBroker", "FreePort", "TestPostgres"]),
      test("PostgresRuntimeTests", ["PostgresRuntime", "TestPostgres", "LoopbackProxy"]),
      test(
        "SchemaRegistryTests", ["SchemaRegistry", "SchemaRegistryServer", "TopologyModel", "PythonPeer"],
        exclude: ["confluent_client.py", "rest_client.py", "rest_fuzz.py", "Java"]),
      test(
        "GraphQLServerTests",
        [
          "GraphQLServer", "GraphQLRuntime", "JSONText", "PythonPeer", hummingbird,
          .product(name: "Logging", package: "swift-log"),
        ], exclude: ["Python"]),
      test(
        "SetupDBTests",
        ["SetupDBService", "Definitions", "PostgresRuntime", "TopologyModel", "TestPostgres", "avrogen"]),
      test(
        "SynchronizerTests",
        [
          "SynchronizerService", "KafkaRuntime", "SchemaRegistry", "SchemaRegistryServer", "TopologyModel",
          "EmbeddedBroker", "FreePort", "RunningBank", "avrogen", "bank",
        ], exclude: ["Cases"]),
      test(
        "BankSupportTests",
        [
          "BankSupport", "bank", "avrogen", "EmbeddedBroker", "FreePort", "LoopbackProxy", "PostgresRuntime",
          "PythonPeer", "TestPostgres", hummingbird,
        ], exclude: ["Python"]),
      test("HeartbeatTests", ["HeartbeatService", "TestStreams"]),
      test("CommandGeneratorTests", ["CommandGeneratorService", "TestStreams"]),
      test("CommandHandlerTests", ["CommandHandlerService", "TestBank", "TestStreams", "FreePort"]),
      test(
        "FaultTests",
        [
          "bank", "AuditService", "BankSupport", "CommandHandlerService", "GraphQLEndpointService", "JSONText",
          "EmbeddedBroker", "FreePort", "LoopbackProxy", "RunningBank", "TestBank", "TestPostgres",
        ]),
      test(
        "GraphQLEndpointTests",
        ["GraphQLEndpointService", "CommandHandlerService", "TestBank", "FreePort", "PythonPeer"],
        exclude: ["endpoint_client.py"]),
      test(
        "AuditTests",
        [
          "AuditService", "SetupDBService", "SynchronizerService", "EmbeddedBroker", "TestPostgres", "TestBank",
          "TestStreams",
        ]
      ),
      test("SystemTests", ["bank", "avrogen", "RunningBank"], exclude: ["Python"]),
      test("LoadRunsTests", ["LoadRuns"]),
      test("LoadTestTests", ["bank", "LoadRuns", "LoadTestService", "RunningBank"]),
      test("ReportTests", ["LoadRuns", "ReportService"], exclude: ["Golden"]),
      test("FrontendTests", ["bank", "FrontendService", "PythonPeer", "RunningBank"], exclude: ["Browser"]),
    ]
  }

  static var fixtures: [Target] {
    [
      .target(
        name: "AllTypesFixture", dependencies: ["AvroRuntime"], path: "Tests/Fixtures/AllTypes", swiftSettings: strict,
        plugins: ["AvrogenBuild"]),
      .target(
        name: "NastyNamesFixture", dependencies: ["AvroRuntime", "TopologyModel", "PostgresRuntime"],
        path: "Tests/Fixtures/NastyNames", swiftSettings: strict, plugins: ["AvrogenBuild"]),
      // Three modules, each of which refers to types of those before it.
      .target(
        name: "UnitsFixture", dependencies: ["AvroRuntime"], path: "Tests/Fixtures/Units", swiftSettings: strict,
        plugins: ["AvrogenBuild"]),
      .target(
        name: "Money", dependencies: ["AvroRuntime", "TopologyModel", "UnitsFixture"], path: "Tests/Fixtures/Money",
        swiftSettings: strict, plugins: ["AvrogenBuild"]),
      .target(
        name: "OrdersFixture", dependencies: ["AvroRuntime", "Money", "TopologyModel"], path: "Tests/Fixtures/Orders",
        swiftSettings: strict + [
          .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
        ], plugins: ["AvrogenBuild"]),
    ]
  }

  static var testSupport: [Target] {
    [
      .target(
        name: "FuzzTargets",
        dependencies: ["AllTypesFixture", "AvroFile", "AvroRuntime", "AvroSchema", "GraphQLRuntime"],
        path: "Tests/Fuzz/Targets", swiftSettings: strict),
      .target(name: "PythonPeer", path: "Tests/Support/PythonPeer", swiftSettings: strict),
      .target(name: "RunningBank", path: "Tests/Support/RunningBank", swiftSettings: strict),
      .target(name: "FreePort", path: "Tests/Support/FreePort", swiftSettings: strict),
      .target(name: "LoopbackProxy", path: "Tests/Support/LoopbackProxy", swiftSettings: strict),
      .target(
        name: "EmbeddedBroker", dependencies: ["FreePort"], path: "Tests/Support/EmbeddedBroker", swiftSettings: strict),
      .target(
        name: "TestPostgres", dependencies: ["FreePort", "PostgresRuntime"], path: "Tests/Support/TestPostgres",
        swiftSettings: strict),
      .target(
        name: "RandomAvro", dependencies: ["AvroSchema"], path: "Tests/Support/RandomAvro", swiftSettings: strict),
      .target(
        name: "LibAvroBridge", dependencies: ["AvroSchema", "CAvro"], path: "Tests/Support/LibAvroBridge",
        swiftSettings: strict),
      .target(
        name: "TestStreams",
        dependencies: [
          "Definitions", "KafkaRuntime", "SchemaRegistry", "SchemaRegistryServer", "EmbeddedBroker", "FreePort",
        ],
        path: "Tests/Support/TestStreams", swiftSettings: strict),
      .target(
        name: "TestBank",
        dependencies: [
          "AuditService", "BankSupport", "CommandHandlerService", "Definitions", "KafkaRuntime", "PostgresRuntime",
          "SchemaRegistry", "EmbeddedBroker", "TestPostgres", "TestStreams",
        ],
        path: "Tests/Support/TestBank", swiftSettings: strict),
    ]
  }

  static var hummingbird: Target.Dependency { .product(name: "Hummingbird", package: "hummingbird") }
  static var crypto: Target.Dependency { .product(name: "Crypto", package: "swift-crypto") }

  /// Warnings are errors here; generated code has to pass too.
  static var strict: [SwiftSetting] { [.treatAllWarnings(as: .error)] }

  static func service(_ name: String, folder: String) -> Target {
    .target(
      name: name, dependencies: ["BankSupport"], path: "Sources/Services/\(folder)", swiftSettings: strict)
  }

  static func test(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
      name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
  }
}
