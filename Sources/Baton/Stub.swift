enum StubBaton {}
