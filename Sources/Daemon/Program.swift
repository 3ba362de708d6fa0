/// What this program is, as the log and the command line say it.
public enum Program {
    public static let version = "0.1.0"
    static let name = "baton \(version)"
}
