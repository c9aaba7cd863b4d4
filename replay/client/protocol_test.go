package client

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"

	"github.com/starling-load/starling/record/flow"
)

func TestTrailersPassInBothDirections(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprintf(w, "%s %s %s", body, r.Trailer.Get("X-Check"), r.Header.Get("Te"))
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "1")
	})
	for name, open := range protocolServers(t, handler) {
		t.Run(name, func(t *testing.T) {
			c := open()
			for _, body := range []string{"payload", strings.Repeat("long ", 10_000), ""} {
				req := get("/")
				req.Method = "POST"
				req.Headers = flow.Headers{{Name: "Trailer", Value: "X-Check"}, {Name: "TE", Value: "trailers"}}
				req.Body = flow.NewBody([]byte(body))
				req.Trailers = flow.Headers{{Name: "X-Check", Value: "7"}}
				var resp Response
				if _, err := c.do(t.Context(), req, &resp); err != nil {
					t.Fatal(err)
				}
				if got, want := string(resp.Body.Data), body+" 7 trailers"; got != want {
					t.Errorf("the target saw %.100q, want %.100q", got, want)
				}
				if resp.Trailers.Value("X-Sum") != "42" || resp.Trailers.Value("X-Late") != "1" {
					t.Errorf("trailers %v", resp.Trailers)
				}
			}
		})
	}
}

func TestTheProtocolIsTheRoutes(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	secure := httptest.NewUnstartedServer(handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewUnstartedServer(handler)
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	for _, tt := range []struct {
		name   string
		o      Options
		origin string
		asked  Protocol
		want   string
	}{
		{"what TLS agrees to", Options{}, secure.URL, Auto, "HTTP/2.0"},
		{"HTTP/1.1 over TLS", Options{}, secure.URL, HTTP1, "HTTP/1.1"},
		{"HTTP/2 over TLS", Options{}, secure.URL, HTTP2, "HTTP/2.0"},
		{"HTTP/1.1 for all", Options{HTTP1: true}, secure.URL, HTTP2, "HTTP/1.1"},
		{"plain", Options{}, plain.URL, Auto, "HTTP/1.1"},
		{"HTTP/2 with prior knowledge", Options{}, plain.URL, HTTP2, "HTTP/2.0"},
		{"HTTP/2 for all that leave it open", Options{H2C: true}, plain.URL, Auto, "HTTP/2.0"},
		{"HTTP/1.1 where HTTP/2 is for all", Options{H2C: true}, plain.URL, HTTP1, "HTTP/1.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Insecure = true
			var resp Response
			_, err := newPool(t, tt.o, 1).Do(t.Context(), Route{Origin: tt.origin, Protocol: tt.asked}, 0, get("/"), &resp)
			if err != nil || string(resp.Body.Data) != tt.want || resp.Protocol != tt.want {
				t.Errorf("the target saw %q, the client %q, %v; want %q", resp.Body.Data, resp.Protocol, err, tt.want)
			}
		})
	}
}

// rawCodec passes messages as they are.
type rawCodec struct{}

func (rawCodec) Name() string                       { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }

func TestAUnaryCallOfGRPCIsAnExchange(t *testing.T) {
	encoding.RegisterCodec(rawCodec{})
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			return err
		}
		if string(message) != "let me in" {
			return status.Error(codes.Unauthenticated, "who are you?")
		}
		answer := []byte("welcome")
		return stream.SendMsg(&answer)
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Stop()
	p := newPool(t, Options{}, 1)
	for message, want := range map[string]string{"let me in": "0", "open": "16"} {
		req := get("/shop.Cart/Add")
		req.Method = "POST"
		req.Headers = flow.Headers{{Name: "content-type", Value: "application/grpc"}}
		req.Body = flow.NewBody(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...))
		var resp Response
		if _, err := p.Do(t.Context(), Route{Origin: "http://" + l.Addr().String(), Protocol: HTTP2}, 0, req, &resp); err != nil {
			t.Fatal(err)
		}
		got := resp.Trailers.Value("grpc-status") + resp.Headers.Value("grpc-status") // a refusal may be a head alone
		if got != want {
			t.Errorf("%q: status %q, want %q (%v, %v)", message, got, want, resp.Headers, resp.Trailers)
		}
		if want == "0" && string(resp.Body.Data) != "\x00\x00\x00\x00\x07welcome" {
			t.Errorf("%q: answer %q", message, resp.Body.Data)
		}
	}
}

func TestAGRPCRequestAsksForTrailers(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Header.Get("Te")) }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	for media, want := range map[string]string{"application/grpc": "trailers", "application/grpc+proto": "trailers", "application/grpc-web": "", "application/json": ""} {
		req := get("/")
		req.Headers = flow.Headers{{Name: "content-type", Value: media}}
		var resp Response
		_, err := newPool(t, Options{H2C: true}, 1).Do(t.Context(), Route{Origin: s.URL}, 0, req, &resp)
		if err != nil || string(resp.Body.Data) != want {
			t.Errorf("%s: the target saw TE %q, %v; want %q", media, resp.Body.Data, err, want)
		}
	}
}

func TestAHeadIsWrittenAsRecorded(t *testing.T) {
	heads := make(chan string, 1)
	at := listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			var head strings.Builder
			for !strings.HasSuffix(head.String(), "\r\n\r\n") {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				head.WriteString(line)
			}
			heads <- head.String()
			io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	for _, tt := range []struct {
		name string
		req  flow.Request
		want string
	}{
		{"order and case", flow.Request{Method: "GET", Target: "/a%2fB?x=%zz&y", Authority: "shop.test", Headers: flow.Headers{
			{Name: "user-AGENT", Value: "x"}, {Name: "Host", Value: "recorded"}, {Name: "X_y", Value: ""}, {Name: "accept", Value: "*/*"}, {Name: "X-Y", Value: "2"}}},
			"GET /a%2fB?x=%zz&y HTTP/1.1\r\nuser-AGENT: x\r\nHost: shop.test\r\nX_y: \r\naccept: */*\r\nX-Y: 2\r\n\r\n"},
		{"no fields", flow.Request{Method: "GET", Target: "/"}, "GET / HTTP/1.1\r\nHost: " + at + "\r\n\r\n"},
		{"the length is that of the body", flow.Request{Method: "POST", Target: "/", Authority: "a", Headers: flow.Headers{
			{Name: "content-length", Value: "999"}, {Name: "X", Value: "y"}}}, "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\nX: y\r\n\r\n"},
		{"a body that is empty has a length", flow.Request{Method: "PUT", Target: "/", Authority: "a"}, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
		{"what is about the connection", flow.Request{Method: "GET", Target: "*", Authority: "a", Headers: flow.Headers{
			{Name: "connection", Value: "keep-alive"}, {Name: "Connection", Value: "close"}, {Name: "Keep-Alive", Value: "5"}, {Name: "Upgrade", Value: "h2c"},
			{Name: "Proxy-Connection", Value: "x"}, {Name: "Expect", Value: "100-continue"}, {Name: "Upgrade-Insecure-Requests", Value: "1"}}},
			"GET * HTTP/1.1\r\nHost: a\r\nconnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n\r\n"},
		{"line ends in a value", flow.Request{Method: "GET", Target: "/", Authority: "a", Headers: flow.Headers{{Name: "X", Value: "a\r\nEvil: b"}}},
			"GET / HTTP/1.1\r\nHost: a\r\nX: a  Evil: b\r\n\r\n"},
	} {
		var resp Response
		if _, err := dial(t, Options{}, "http://"+at).do(t.Context(), &Request{Request: tt.req}, &resp); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := <-heads; got != tt.want {
			t.Errorf("%s:\n%q\nwant\n%q", tt.name, got, tt.want)
		}
	}
}
