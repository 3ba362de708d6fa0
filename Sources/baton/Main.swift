import ArgumentParser
@main struct Main: ParsableCommand { 
  static let configuration = CommandConfiguration(commandName: "baton", subcommands: [Serve.self, Bench.self, BenchSource.self, BenchTarget.self])
}
