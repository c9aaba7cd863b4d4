package exchange_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
)

// TestTheHandshakeTellsHTTP2WhereItsPrefaceIsMissing drops the packet with the HTTP/2
// preface of the client, inside TLS.
func TestTheHandshakeTellsHTTP2WhereItsPrefaceIsMissing(t *testing.T) {
	origin := httptest.NewUnstartedServer(http.HandlerFunc(shop))
	origin.EnableHTTP2 = true
	origin.StartTLS()
	defer origin.Close()
	var secrets secretLog
	wire := new(tap)
	transport := &http.Transport{
		DialContext:       wire.dial,
		TLSClientConfig:   &tls.Config{RootCAs: origin.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, KeyLogWriter: &secrets},
		ForceAttemptHTTP2: true,
	}
	sent := visit(t, &http.Client{Transport: transport}, origin.URL)
	transport.CloseIdleConnections()

	dropped, fromClient := 0, 0
	l := wire.lines[0]
	l.mu.Lock() // the connection may still be closing
	for i := range l.pieces {
		p := &l.pieces[i]
		if p.d != tcp.FromClient {
			continue
		}
		// Behind ClientHello and Finished comes the preface.
		if fromClient++; fromClient == 3 {
			p.hole, dropped = true, len(p.p)
		}
	}
	l.mu.Unlock()
	if dropped < len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
		t.Fatalf("%d bytes dropped: not the preface", dropped)
	}
	b, n := wire.parse(secrets.b.Bytes(), 1<<20)
	if len(b.flows) != sent || n.Requests.Load() != uint64(sent) || n.Responses.Load() != uint64(sent) {
		t.Errorf("%d flows, %d requests and %d responses; %d sent", len(b.flows), n.Requests.Load(), n.Responses.Load(), sent)
	}
	if len(b.conns) != 1 || b.conns[0].TLS == nil || b.conns[0].TLS.ALPN != "h2" {
		t.Errorf("connections %+v", b.conns)
	}
	if n.Gaps.Load() != 1 {
		t.Errorf("%d gaps, want 1", n.Gaps.Load())
	}
}
