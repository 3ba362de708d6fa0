import Coordinator
import Journal
import Logging
import Registry
import Transport

extension EventLoop {
    /// Reads the configuration again. A bad one changes nothing; a good one that differs is an
    /// event, and holds from that event on. Without a file all stays as it was.
    func reloadConfiguration() {
        var changed = configuration
        do throws(ConfigurationFailure) {
            guard let settings = try configuration.reload?() else {
                return configuration.logger.notice("there is no configuration file to read again")
            }
            changed.take(settings)
        } catch {
            return configuration.logger.error("the configuration stays as it was: \(error)")
        }
        let grade = IdentityGrade(features.grade)
        guard grade.rank >= changed.minimumGrade.rank else {
            let error = DaemonError.identityTooWeak(found: grade, demanded: changed.minimumGrade)
            return configuration.logger.error("the configuration stays as it was: \(error)")
        }
        let unmapped = coordinator.reading { $0.rules.policy.unmapped }
        let rules = Startup.rules(changed, features, unmapped)
        guard coordinator.reading({ $0.rules != rules }) else {
            return configuration.logger.notice("the configuration was read again: the same rules")
        }
        let text = rules.text
        coordinator.perform(
            .configure(digest: Journal.digest(of: text), content: text), at: now())
        adopt(rules)
        configuration.logger.notice(
            "the configuration has changed", metadata: ["rules": "\(rules.policy.rules.count)"])
    }
}
