package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/starling-load/starling/record/flow"
)

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "raw" }
func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), b...)
	return nil
}

// A grpcPath is a way of a call through the proxy.
type grpcPath struct {
	name      string
	tls       bool   // client to proxy, inside any tunnel
	targetTLS bool   // proxy to target
	scheme    string // of Upstream; "" is a forward proxy, reached by CONNECT
}

var grpcPaths = []grpcPath{
	{name: "MITM", tls: true, targetTLS: true},
	{name: "h2c in a tunnel"},
	{name: "reverse TLS", tls: true, targetTLS: true, scheme: "https"},
	{name: "reverse h2c", scheme: "h2c"},
	{name: "reverse h2c behind http", scheme: "http"},
	{name: "reverse TLS to h2c", tls: true, scheme: "h2c"},
	{name: "reverse TLS to h2c behind http", tls: true, scheme: "http"},
	{name: "reverse h2c to TLS", targetTLS: true, scheme: "https"},
}

// open serves calls by handler and connects to it through a proxy.
func (p grpcPath) open(t *testing.T, handler grpc.StreamHandler) (*rig, *grpc.ClientConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	so := []grpc.ServerOption{grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(handler)}
	o := Options{CA: testCA(t)}
	if p.targetTLS {
		pair := httptest.NewTLSServer(nil) // for its certificate
		so = append(so, grpc.Creds(credentials.NewServerTLSFromCert(&pair.TLS.Certificates[0])))
		o.UpstreamRoots = x509.NewCertPool()
		o.UpstreamRoots.AddCert(pair.Certificate())
		pair.Close()
	}
	server := grpc.NewServer(so...)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-served })
	if p.scheme != "" {
		o.Upstream, o.ListenTLS = &url.URL{Scheme: p.scheme, Host: l.Addr().String()}, p.tls
	}
	r := start(t, o)
	address := r.addr
	do := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})), grpc.WithNoProxy()}
	if p.scheme == "" {
		address = l.Addr().String()
		do = append(do, grpc.WithContextDialer(func(_ context.Context, to string) (net.Conn, error) { return connectTo(r.addr, to) }))
	}
	creds := insecure.NewCredentials()
	if p.tls {
		creds = credentials.NewTLS(&tls.Config{RootCAs: r.roots()})
	}
	c, err := grpc.NewClient("passthrough:///"+address, append(do, grpc.WithTransportCredentials(creds))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return r, c
}

// answer is a service of four methods, named by their kind of call, and one that
// fails.
func answer(_ any, s grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(s)
	s.SetTrailer(metadata.Pairs("x-bin", "at the end"))
	recv := func() (string, error) { var b []byte; err := s.RecvMsg(&b); return string(b), err }
	send := func(text string) error { b := []byte(text); return s.SendMsg(&b) }
	switch method {
	case "/svc/Fail":
		return status.Error(codes.NotFound, "no such thing")
	case "/svc/Unary":
		in, err := recv()
		return errors.Join(err, send("re "+in))
	case "/svc/Server":
		in, err := recv()
		return errors.Join(err, send(in+" 1"), send(in+" 2"), send(in+" 3"))
	case "/svc/Client":
		var all []string
		for {
			in, err := recv()
			if err == io.EOF {
				return send(strings.Join(all, "+"))
			}
			if err != nil {
				return err
			}
			all = append(all, in)
		}
	}
	for { // bidirectional
		in, err := recv()
		if err == io.EOF {
			return send("bye")
		}
		if err := errors.Join(err, send("re "+in)); err != nil {
			return err
		}
	}
}

// said writes the messages of a flow as a dialogue.
func said(f *flow.Flow) string {
	var b strings.Builder
	for i, m := range f.Messages {
		who := "<"
		if m.FromClient {
			who = ">"
		}
		if m.Kind != flow.MessageGRPC || m.Size != int64(len(m.Data)) || m.At <= 0 || m.At > f.Done || i > 0 && m.At < f.Messages[i-1].At {
			who = fmt.Sprintf("(%d, %d bytes, at %v)", m.Kind, m.Size, m.At)
		}
		fmt.Fprintf(&b, "%s%s ", who, m.Data)
	}
	return strings.TrimSpace(b.String())
}

func TestTheFourKindsOfGRPCCallsPassAndAreRecordedMessageByMessage(t *testing.T) {
	big := strings.Repeat("long ", 30_000)
	for _, p := range grpcPaths {
		t.Run(p.name, func(t *testing.T) {
			r, c := p.open(t, answer)
			for _, call := range []struct {
				method string
				says   []string
				hears  []string
				want   string
				status string
				gzip   bool
			}{
				{"Unary", []string{"a"}, []string{"re a"}, ">a <re a", "0", false},
				{"Unary", []string{""}, []string{"re "}, "> <re", "0", false},
				{"Unary", []string{big}, []string{"re " + big}, ">" + big + " <re " + strings.TrimSpace(big), "0", true},
				{"Server", []string{"n"}, []string{"n 1", "n 2", "n 3"}, ">n <n 1 <n 2 <n 3", "0", false},
				{"Client", []string{"a", "b", "c"}, []string{"a+b+c"}, ">a >b >c <a+b+c", "0", false},
				{"Fail", []string{"x"}, nil, ">x", "5", false},
			} {
				var opts []grpc.CallOption
				if call.gzip {
					opts = append(opts, grpc.UseCompressor(gzip.Name))
				}
				s, err := c.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/svc/"+call.method, opts...)
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range call.says {
					b := []byte(text)
					if err := s.SendMsg(&b); err != nil && err != io.EOF {
						t.Fatal(err)
					}
				}
				s.CloseSend()
				var heard []string
				for {
					var b []byte
					if err = s.RecvMsg(&b); err != nil {
						break
					}
					heard = append(heard, string(b))
				}
				if fmt.Sprint(heard) != fmt.Sprint(call.hears) || call.status == "0" && err != io.EOF || call.status != "0" && status.Code(err) != codes.NotFound {
					t.Errorf("%s: heard %.100q, %v", call.method, heard, err)
				}
				if s.Trailer().Get("x-bin") == nil {
					t.Errorf("%s: no trailers: %v", call.method, s.Trailer())
				}
				checkCall(t, r.sink.next(t), "/svc/"+call.method, call.want, call.status)
			}
			if n := r.p.Counts(); n.MessagesCut != 0 || n.BodiesCut != 0 {
				t.Errorf("counts %+v", n)
			}
		})
	}
}

func checkCall(t *testing.T, f *flow.Flow, method, want, code string) {
	t.Helper()
	if got := said(f); f.Error != "" && code == "0" || got != want && (code == "0" || got != "") {
		t.Errorf("%s recorded with error %q as %.200q, want %.200q", method, f.Error, got, want)
	}
	if f.Request.Target != method || f.Protocol != "HTTP/2.0" || f.Response == nil || f.Response.Status != 200 {
		t.Fatalf("%s recorded as %s over %s: %+v", method, f.Request.Target, f.Protocol, f.Response)
	}
	got := f.Response.Trailers.Value("grpc-status")
	if got == "" { // trailers alone come as the head
		got = f.Response.Headers.Value("grpc-status")
	}
	if got != code {
		t.Errorf("%s recorded with status %q, want %q; trailers %v", method, got, code, f.Response.Trailers)
	}
}

func TestABidirectionalGRPCCallIsNotHeldBack(t *testing.T) {
	for _, p := range grpcPaths {
		t.Run(p.name, func(t *testing.T) {
			r, c := p.open(t, answer)
			s, err := c.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/svc/Bidi")
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			for i := range 5 { // each answer has to come before the next question goes
				b := fmt.Appendf(nil, "q%d", i)
				if err := s.SendMsg(&b); err != nil {
					t.Fatal(err)
				}
				if err := s.RecvMsg(&b); err != nil || string(b) != fmt.Sprintf("re q%d", i) {
					t.Fatalf("question %d was answered by %q, %v", i, b, err)
				}
				want += fmt.Sprintf(">q%d <re q%d ", i, i)
			}
			s.CloseSend()
			var b []byte
			if err := s.RecvMsg(&b); err != nil || string(b) != "bye" {
				t.Errorf("the end was %q, %v", b, err)
			}
			if err := s.RecvMsg(&b); err != io.EOF {
				t.Errorf("after the end: %v", err)
			}
			checkCall(t, r.sink.next(t), "/svc/Bidi", want+"<bye", "0")
		})
	}
}

func TestAGRPCCallThatIsGivenUpReachesTheTarget(t *testing.T) {
	for _, p := range grpcPaths {
		t.Run(p.name, func(t *testing.T) {
			told := make(chan error, 1)
			r, c := p.open(t, func(_ any, s grpc.ServerStream) error {
				var b []byte
				s.RecvMsg(&b)
				s.SendMsg(&b)
				<-s.Context().Done()
				told <- s.Context().Err()
				return s.Context().Err()
			})
			ctx, cancel := context.WithCancel(t.Context())
			s, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/svc/Bidi")
			if err != nil {
				t.Fatal(err)
			}
			b := []byte("hello")
			s.SendMsg(&b)
			if err := s.RecvMsg(&b); err != nil {
				t.Fatal(err)
			}
			cancel()
			within(t, told, "the end at the target")
			if f := r.sink.next(t); f.Error != "client closed" || said(f) != ">hello <hello" {
				t.Errorf("recorded with error %q: %s", f.Error, said(f))
			}
		})
	}
}
