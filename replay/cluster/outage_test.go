package cluster

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/starling-load/starling/replay/stats"
)

// serverHost is a loopback address from which nobody connects, so that no port
// of it is taken while a server is away.
const serverHost = "127.0.0.77"

// natsServer starts a NATS server with JetStream on its folder. Port 0 is any.
func natsServer(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{
		Host: serverHost, Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	return s
}

// restart ends a server, runs meanwhile, and starts it again where it was.
func restart(t *testing.T, s *server.Server, dir string, meanwhile func()) *server.Server {
	t.Helper()
	_, text, err := net.SplitHostPort(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	meanwhile()
	return natsServer(t, dir, port)
}

func TestNoResultIsLostWhenNATSStartsAgain(t *testing.T) {
	dir := t.TempDir()
	s := natsServer(t, dir, 0)
	defer func() { s.Shutdown() }()
	var r rig
	r.intervals = make(map[string]int)
	begun, down, up := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var replayers sync.WaitGroup
	defer replayers.Wait()
	goOn := sync.OnceFunc(func() { close(up) })
	defer goOn()
	over := make(chan error, 1)
	go func() {
		over <- Coordinate(t.Context(), Options{
			Replayers: 1, NATS: s.ClientURL(), OnLost: func(name string) { r.lost = append(r.lost, name) }, OnFound: nobody(t),
			OnInterval: func(iv *stats.Interval) { r.intervals[strconv.FormatUint(iv.Seq, 10)]++ },
			OnReady: func(url string) error {
				replayers.Go(func() {
					err := Join(t.Context(), JoinOptions{URL: url, Name: "a", Play: func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
						if _, err := a.Ready(ctx); err != nil {
							return err
						}
						on(interval(a, 0, 1))
						close(begun)
						<-down
						on(interval(a, 1, 1))
						on(interval(a, 2, 1))
						<-up
						on(interval(a, 3, 1))
						return nil
					}})
					if err != nil {
						t.Errorf("the replayer ended with %v", err)
					}
				})
				return nil
			},
		})
	}()
	<-begun
	s = restart(t, s, dir, func() {
		close(down)
		time.Sleep(silenceLimit + time.Second) // an outage that would be silence
	})
	goOn()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	for seq := range 4 {
		if r.intervals[strconv.Itoa(seq)] == 0 {
			t.Errorf("interval %d is missing", seq)
		}
	}
	if len(r.lost) > 0 {
		t.Errorf("lost %v", r.lost)
	}
}
