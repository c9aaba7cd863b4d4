package cmd

import (
	"net"
	"os"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"
)

// A natsServer is one that a team may have already: with JetStream, on a folder
// and a port that outlast an outage.
type natsServer struct {
	dir    string
	port   int
	server *server.Server // nil during an outage
}

func startNATS(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "nats NAME")
	dir, err := os.MkdirTemp(ts.Getenv("TMPDIR"), "nats-")
	ts.Check(err)
	n := &natsServer{dir: dir, port: server.RANDOM_PORT}
	ts.Defer(n.stop)
	n.start(ts)
	n.port = n.server.Addr().(*net.TCPAddr).Port
	storyOf(ts).nats[args[0]] = n
	ts.Setenv(args[0], n.server.ClientURL())
}

func (n *natsServer) start(ts *testscript.TestScript) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: n.port, JetStream: true, StoreDir: n.dir, NoLog: true, NoSigs: true,
	})
	ts.Check(err)
	s.Start()
	n.server = s
	if !s.ReadyForConnections(patience) {
		ts.Fatalf("the NATS server is not ready after %s", patience)
	}
}

func (n *natsServer) stop() {
	if n.server != nil {
		n.server.Shutdown()
		n.server.WaitForShutdown()
		n.server = nil
	}
}

func stopNATS(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "outage NAME")
	storyOf(ts).nats[args[0]].stop()
}

func resumeNATS(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "back NAME")
	storyOf(ts).nats[args[0]].start(ts)
}

func awaitClients(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "joined NAME COUNT")
	s := storyOf(ts).nats[args[0]].server
	until(ts, "clients of "+args[0], func() bool { return s.NumClients() >= number(ts, args[1]) })
}
