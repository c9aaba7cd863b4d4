package cmd

import (
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"
)

// startNATS serves what a team may have already: a NATS server with JetStream.
func startNATS(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "nats NAME")
	dir, err := os.MkdirTemp(ts.Getenv("TMPDIR"), "nats-")
	ts.Check(err)
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	ts.Check(err)
	s.Start()
	ts.Defer(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		ts.Fatalf("the NATS server is not ready after %s", patience)
	}
	storyOf(ts).nats[args[0]] = s
	ts.Setenv(args[0], s.ClientURL())
}

func awaitClients(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "joined NAME COUNT")
	s := storyOf(ts).nats[args[0]]
	until(ts, "clients of "+args[0], func() bool { return s.NumClients() >= number(ts, args[1]) })
}
