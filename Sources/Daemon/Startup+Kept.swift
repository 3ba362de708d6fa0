import Transport

extension Startup {
    /// In the keeper, before the first coordinator: what a service manager handed down.
    static func keepInherited(_ kept: KeptDescriptors) {
        guard let listener = ServiceManager.inheritedListener() else { return }
        guard kept.keep(listener, as: .inheritedListener) else { return }
        KeptDescriptors.leave([SharedDescriptor(listener)])
    }

    /// The listener that the keeper has. Clients that connected while nobody listened are in its
    /// queue.
    static func keptListener(
        _ keeper: KeeperLink, path: String
    ) throws(DaemonError) -> Listening? {
        guard
            let entry = keeper.kept.entries.first(where: {
                $0.kind == .listener || $0.kind == .inheritedListener
            })
        else { return nil }
        do throws(Errno) {
            let listener = try Listener(adopting: keeper.kept.duplicate(of: entry))
            return Listening(listener: listener, ownsFile: entry.kind == .listener)
        } catch {
            throw .socketUnusable(
                path: entry.kind == .listener ? path : "the inherited socket",
                detail: "it must be a listening SOCK_SEQPACKET Unix socket (\(error))")
        }
    }

    /// Keeps another descriptor of the listener, which stays when the coordinator's is closed.
    static func keep(
        _ listener: borrowing Listener, _ keeper: KeeperLink, path: String
    ) throws(ListenError) {
        do throws(Errno) {
            let copy = SharedDescriptor(try listener.duplicate())
            guard keeper.kept.keep(copy, as: .listener) else { return }
            KeptDescriptors.leave([copy])
        } catch {
            throw .failed(error)
        }
    }
}

extension DaemonError {
    init(_ error: ListenError, path: String) {
        self =
            error == .inUse
            ? .socketInUse(path: path)
            : .socketUnusable(path: path, detail: error.description)
    }
}
