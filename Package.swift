// swift-tools-version: 6.3
// The layers, from the inside out. Which module may import which is held by Tests/TidyTests.

import PackageDescription

let package = Package(
    name: "baton",
    products: [
        .executable(name: "baton", targets: ["baton"]),
        .library(name: "Baton", targets: ["Baton"]),
        .library(name: "Daemon", targets: ["Daemon"]),
        // Its objects, of which `./run build` links libws2_32.
        .library(name: "WinsockABI", type: .static, targets: ["WinsockABI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Pure: no clock, no randomness, no I/O, no Foundation, no unsafe.
        .target(name: "Winsock"),
        .target(name: "Registry", dependencies: ["Winsock"]),
        .target(name: "Wire", dependencies: ["Registry", "Winsock"]),
        .target(name: "Coordinator", dependencies: ["Registry", "Wire"]),

        // The configuration file.
        .target(
            name: "Configuration",
            dependencies: ["Registry", .product(name: "Yams", package: "Yams")]),

        // The log.
        .target(
            name: "Migrations", path: "Migrations",
            resources: [
                .embedInCode("m0001_log.sql"), .embedInCode("m0002_evidence.sql"),
                .embedInCode("m0003_chunks.sql"),
            ]),
        // Tree, tiles, proofs and signed notes: hashing, and nothing else.
        .target(
            name: "Evidence", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "CSQLite"),
        .target(
            name: "Journal",
            dependencies: [
                "CSQLite", "Registry", "Winsock", "Migrations", "Evidence",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // Time travel and questions; reads only.
        .target(name: "Replay", dependencies: ["Journal", "Registry", "Winsock"]),

        // The kernel.
        .target(name: "CLinux"),
        .target(name: "Transport", dependencies: ["CLinux"]),

        // The shell around the rules, the client library, the command line.
        .target(
            name: "Daemon",
            dependencies: [
                "Winsock", "Registry", "Wire", "Coordinator", "Evidence", "Journal", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "Baton", dependencies: ["Registry", "Wire", "Transport", "Winsock"]),

        // A recorded history, performed again with real processes.
        .target(
            name: "Drive",
            dependencies: [
                "Configuration", "Evidence", "Journal", "Registry", "Transport", "Winsock", "Wire",
            ]),

        // The C library: its headers are the contract, the bodies are Swift.
        .target(name: "CWinsock2", exclude: ["exports.txt", "link.sh", "ws2_32.map"]),
        .target(name: "WinsockABI", dependencies: ["Baton", "CWinsock2", "Transport", "Winsock"]),

        // The rules in a world of faults.
        .target(name: "Simulation", dependencies: ["Coordinator", "Registry", "Wire", "Winsock"]),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "Simulation", "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "baton",
            dependencies: [
                "Baton", "Configuration", "Daemon", "Drive", "Evidence", "Journal", "Registry",
                "Replay", "Winsock", "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Another program image, for the demo and to read.
        .executableTarget(
            name: "baton-demo-target", dependencies: ["Baton", "Transport", "Winsock"],
            path: "Examples/DemoTarget"),

        .executableTarget(
            name: "acceptor", dependencies: ["Baton", "Winsock"], path: "Examples/Acceptor"),

        // A process that does what an end-to-end test tells it.
        .executableTarget(
            name: "baton-test-peer", dependencies: ["Baton", "Transport", "Winsock", "Wire"],
            path: "Tests/Peer"),
        .target(name: "TestSupport", dependencies: ["Transport"], path: "Tests/Support"),
        .testTarget(name: "WinsockTests", dependencies: ["TestSupport", "Winsock"]),
        .testTarget(name: "RegistryTests", dependencies: ["TestSupport", "Registry", "Winsock"]),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["TestSupport", "Configuration", "Registry"]),
        .testTarget(
            name: "WireTests", dependencies: ["TestSupport", "Wire", "Registry", "Winsock"]),
        .testTarget(
            name: "CoordinatorTests", dependencies: ["Coordinator", "Registry", "Wire", "Winsock"]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "baton", "Baton", "Journal", "Registry", "Replay", "TestSupport", "Winsock",
                "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // Its histories and expected outputs are data.
        .testTarget(
            name: "ReplayTests",
            dependencies: [
                "Replay", "baton", "Journal", "Registry", "Winsock", "Transport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Golden", "Histories"]),
        // Also against the tools of others: OpenSSL, Go, Python.
        .testTarget(
            name: "EvidenceTests",
            dependencies: [
                "Evidence", "Transport", .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["vectors"]),
        .testTarget(
            name: "JournalTests",
            dependencies: [
                "TestSupport",
                "Journal", "Evidence", "Migrations", "Registry", "Winsock", "Transport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "TestSupport", "acceptor", "baton", "Baton", "Journal", "Registry", "Transport",
            ]),
        .testTarget(
            name: "DriveTests",
            dependencies: [
                "TestSupport",
                "Configuration", "Drive", "baton", "baton-test-peer", "Evidence", "Journal",
                "Registry", "Transport", "Winsock", "Wire",
            ],
            exclude: ["Golden"]),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation", "simulate", "Transport"],
            exclude: ["Seeds"]),
        .testTarget(name: "TidyTests", dependencies: ["Registry", "Transport"]),
        // Programs in C against libws2_32, which the tests link, and a coordinator.
        .testTarget(
            name: "WinsockABITests", dependencies: ["WinsockABI", "baton", "Transport"],
            exclude: ["C", "Headers", "headers.sh", "share.py"]),
        .testTarget(
            name: "MutationTests",
            dependencies: [
                "TestSupport",
                "Configuration", "Coordinator", "Daemon", "Journal", "Registry", "Transport",
                "Winsock", "Wire",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Corpus"]),
        .testTarget(name: "TransportTests", dependencies: ["TestSupport", "Transport"]),
        .testTarget(
            name: "BatonTests",
            dependencies: ["Baton", "Registry", "Wire", "Transport", "Winsock"]),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "TestSupport",
                "Daemon", "Baton", "Evidence", "Coordinator", "Journal", "Registry", "Transport",
                "Winsock",
                "Wire",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Faults/fault_shim.c", "Auditor"]),
    ],
    swiftLanguageModes: [.v6]
)

// Every Swift target is built the same way: all warnings are errors, unsafe code is marked.
for target in package.targets where !["CLinux", "CWinsock2"].contains(target.name) {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
    if target.type != .test {
        target.swiftSettings?.append(.strictMemorySafety())
    }
}
