package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	"github.com/starling-load/starling/record/flow"
)

// A rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(p []byte, v any) error { *v.(*[]byte) = bytes.Clone(p); return nil }
func (rawCodec) Name() string                    { return "raw" }

// chat answers a call with each message in upper case. To "fail" it answers with a
// status, once the client has ended: a call that the server cuts off before is not whole.
func chat(_ any, s grpc.ServerStream) error {
	for {
		var in []byte
		if err := s.RecvMsg(&in); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if string(in) == "fail" {
			for s.RecvMsg(&in) == nil {
			}
			return status.Error(codes.ResourceExhausted, "no more")
		}
		for range max(1, bytes.Count(in, []byte("*"))) {
			out := bytes.ToUpper(in)
			if err := s.SendMsg(&out); err != nil {
				return err
			}
		}
	}
}

// TestGRPCCallsOfAllKinds parses calls of the real library from the bytes of its client's
// connection.
func TestGRPCCallsOfAllKinds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(chat))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	wire := &tap{}
	client, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return wire.dial(ctx, "tcp", addr) }))
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("large ", 30_000)
	calls := []struct {
		method  string
		send    []string
		answers int
		status  codes.Code
		gzip    bool
	}{
		{"/chat/Unary", []string{"one"}, 1, codes.OK, false},
		{"/chat/ServerStream", []string{"a***"}, 3, codes.OK, false},
		{"/chat/ClientStream", []string{"x", "y", ""}, 3, codes.OK, false},
		{"/chat/Both", []string{"p**", "q*", large}, 4, codes.OK, false},
		{"/chat/Compressed", []string{large, "small"}, 2, codes.OK, true},
		{"/chat/Fails", []string{"ok", "fail"}, 1, codes.ResourceExhausted, false},
		{"/chat/FailsAtOnce", []string{"fail"}, 0, codes.ResourceExhausted, false},
	}
	for _, c := range calls {
		var o []grpc.CallOption
		if c.gzip {
			o = append(o, grpc.UseCompressor(gzip.Name))
		}
		s, err := client.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, c.method, o...)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range c.send {
			p := []byte(m)
			if err := s.SendMsg(&p); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		for range c.answers {
			if err := s.RecvMsg(new([]byte)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.RecvMsg(new([]byte)); err != io.EOF && status.Code(err) != c.status {
			t.Fatal(err)
		}
	}
	client.Close()
	server.GracefulStop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{1 << 20, 1} {
		captured, counts := wire.parse(nil, most)
		if len(captured.flows) != len(calls) || counts.Partial.Load() != 0 || len(captured.losses) != 0 {
			t.Fatalf("got %d flows, %d partial, losses %v, want %d whole ones", len(captured.flows), counts.Partial.Load(), captured.losses, len(calls))
		}
		for i, c := range calls {
			expectCall(t, captured.flows[i], c.method, c.send, c.answers, c.status)
		}
	}
}

func expectCall(t *testing.T, f *flow.Flow, method string, send []string, answers int, code codes.Code) {
	t.Helper()
	var up, down, want []string
	for _, m := range send {
		for range max(1, strings.Count(m, "*")) {
			want = append(want, strings.ToUpper(m))
		}
	}
	for i, m := range f.Messages {
		if m.Kind != flow.MessageGRPC || m.Size != int64(len(m.Data)) || i > 0 && m.At < f.Messages[i-1].At {
			t.Errorf("%s: message %d of kind %d, %d bytes of %d, at %v", method, i, m.Kind, len(m.Data), m.Size, m.At)
		}
		if m.FromClient {
			up = append(up, string(m.Data))
		} else {
			down = append(down, string(m.Data))
		}
	}
	if f.Request.Target != method || f.Request.Method != "POST" || f.Response.Status != 200 {
		t.Errorf("got %s %s %d, want POST %s 200", f.Request.Method, f.Request.Target, f.Response.Status, method)
	}
	if !slices.Equal(up, send) || !slices.Equal(down, want[:answers]) {
		t.Errorf("%s: %d messages up and %d down, want %d and %d, or other bytes", method, len(up), len(down), len(send), answers)
	}
	got := f.Response.Trailers.Value("grpc-status")
	if len(down) == 0 { // with trailers only, the trailers are the head
		got = f.Response.Headers.Value("grpc-status")
	}
	if got != fmt.Sprint(uint32(code)) {
		t.Errorf("%s: status %q, want %d", method, got, code)
	}
}
