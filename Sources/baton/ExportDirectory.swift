import Transport

/// A new directory of files, which is complete or, when something fails, not left behind.
struct ExportDirectory {
    private let path: String
    /// The folders in it, each with a slash in front; the directory itself is the empty one.
    private var folders: Set<String> = []
    private var files: [String] = []

    init(_ path: String) { self.path = path }

    mutating func put(_ name: String, _ bytes: [UInt8]) throws {
        var folder = ""
        var isNew = folders.insert(folder).inserted
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            isNew = folders.insert(folder).inserted || isNew
        }
        if isNew { try SystemFiles.makeDirectories(path + folder, mode: 0o755) }
        try NewFile.write(bytes, to: "\(path)/\(name)", mode: 0o644)
        files.append(name)
    }

    /// Removes what was made. What stood there before is no part of it.
    func remove() throws(Errno) {
        for name in files { try SystemFiles.remove("\(path)/\(name)") }
        // The innermost first.
        for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count })
        where try SystemFiles.facts(of: path + folder) != nil {
            try SystemFiles.removeDirectory(path + folder)
        }
    }
}
