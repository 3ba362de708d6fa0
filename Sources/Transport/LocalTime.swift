internal import Glibc

/// How this host's people read a clock and a user's number.
package enum LocalTime {
    /// Seconds that the local clock is ahead of UTC at this time, in seconds since 1970. By TZ, or
    /// the zone of the host.
    ///
    /// localtime_r(3)
    package static func offset(at seconds: Int64) -> Int64 {
        var time = time_t(seconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&time, &parts) != nil else { return 0 }
        return Int64(unsafe parts.tm_gmtoff)
    }
}

/// The names of users, as this host has them now.
package enum UserNames {
    /// What an entry takes, as far as one is reasonable.
    private static let capacity = 16_384

    /// Nil where no user has this number, or who knows does not answer.
    ///
    /// getpwuid_r(3)
    package static func name(of uid: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: capacity)
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getpwuid_r(uid, &entry, start, buffer.count, &found) == 0,
                unsafe found != nil, let name = unsafe entry.pw_name
            else { return nil }
            return unsafe String(cString: name)
        }
    }
}
