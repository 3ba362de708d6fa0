enum StubDaemon {}
