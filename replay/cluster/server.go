package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// An embedded is a NATS server in this process, on loopback, for one run.
type embedded struct {
	server *server.Server
	dir    string
	url    string // with its token
}

// startServer starts a server on a free loopback port. Its store is a temporary
// folder, which stop removes.
func startServer() (*embedded, error) {
	dir, err := os.MkdirTemp("", "starling-nats-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the embedded NATS server: %w", err)
	}
	token := rand.Text()
	srv, err := server.NewServer(&server.Options{
		ServerName: "starling", Host: "127.0.0.1", Port: server.RANDOM_PORT,
		NoSigs: true, NoLog: true, Authorization: token, MaxPayload: 8 << 20,
		JetStream: true, StoreDir: dir, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 16 << 30,
	})
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("set up the embedded NATS server: %w", err)
	}
	e := &embedded{server: srv, dir: dir}
	srv.Start()
	if !srv.ReadyForConnections(20 * time.Second) {
		e.stop()
		return nil, errors.New("the embedded NATS server did not come up; is loopback networking allowed?")
	}
	addr := srv.Addr().(*net.TCPAddr)
	e.url = (&url.URL{Scheme: "nats", User: url.User(token), Host: addr.String()}).String()
	return e, nil
}

// stop ends the server and removes its store.
func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	os.RemoveAll(e.dir)
}

// connect opens a connection. Until it is closed, it reconnects by itself whenever it
// is lost.
func connect(rawURL, name string, options ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect(rawURL, append([]nats.Option{
		nats.Name("starling " + name),
		nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.Timeout(5 * time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the default writes to stderr
	}, options...)...)
	var unparsed *url.Error
	if errors.As(err, &unparsed) { // it quotes the URL
		err = errors.New("it is no valid URL")
	}
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w; is it running, and is the token right?", redacted(rawURL), err)
	}
	return nc, nil
}

// redacted is a URL, or several with commas between, without credentials.
func redacted(rawURL string) string {
	servers := strings.Split(rawURL, ",")
	for i, server := range servers {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil {
			return "the given URL"
		}
		u.User = nil
		servers[i] = u.String()
	}
	return strings.Join(servers, ",")
}
