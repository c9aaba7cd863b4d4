package content

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/starling-load/starling/model/content/protobuf"
	"github.com/starling-load/starling/record/flow"
)

func webFrame(flag byte, content string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(content)))) + content
}

func TestTheStatusOfGRPCIsAFeature(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	message, end := webFrame(0, "proto"), webFrame(0x80, "grpc-status: 16\r\ngrpc-message: token 4711 is unknown\r\n")
	for name, tt := range map[string]struct {
		media         string
		head, trailer string
		body          string
		want          string
	}{
		"trailers":                     {media: "application/grpc", trailer: "0", body: message, want: "OK"},
		"an error in the trailers":     {media: "application/grpc+proto", trailer: "16", want: "Unauthenticated"},
		"a head alone":                 {media: "application/grpc", head: "5", want: "NotFound"},
		"trailers win over the head":   {media: "application/grpc", head: "0", trailer: "13", want: "Internal"},
		"gRPC-Web":                     {media: "application/grpc-web+proto", body: message + end, want: "Unauthenticated"},
		"gRPC-Web without a message":   {media: "application/grpc-web", body: webFrame(0x80, "GRPC-Status:0\r\n"), want: "OK"},
		"gRPC-Web as text":             {media: "application/grpc-web-text", body: b64([]byte(message + end)), want: "Unauthenticated"},
		"gRPC-Web as text, in pieces":  {media: "application/grpc-web-text+proto", body: b64([]byte(message)) + b64([]byte(end)), want: "Unauthenticated"},
		"gRPC-Web with a head alone":   {media: "application/grpc-web", head: "7", want: "PermissionDenied"},
		"gRPC-Web, cut":                {media: "application/grpc-web", body: message + end[:20], want: ""},
		"a length past the end":        {media: "application/grpc-web", body: "\x00\xff\xff\xff\xffabc", want: ""},
		"text that is no base64":       {media: "application/grpc-web-text", body: "AAAA$$$$", want: ""},
		"a code without a name":        {media: "application/grpc", trailer: "42", want: "code 42"},
		"a status that is no number":   {media: "application/grpc", trailer: "sesame", want: "no number"},
		"a status that is too long":    {media: "application/grpc", trailer: "00000000000000000001234567", want: "no number"},
		"the field elsewhere":          {media: "application/json", trailer: "16", body: "{}", want: ""},
		"no status":                    {media: "application/grpc", body: message, want: ""},
		"a type that only looks alike": {media: "application/grpcish", trailer: "16", want: ""},
	} {
		r := &flow.Response{Status: 200, Headers: flow.Headers{{Name: "content-type", Value: tt.media}}, Body: flow.NewBody([]byte(tt.body))}
		if tt.head != "" {
			r.Headers = append(r.Headers, flow.Header{Name: "grpc-status", Value: tt.head})
		}
		if tt.trailer != "" {
			r.Trailers = flow.Headers{{Name: "grpc-status", Value: tt.trailer}}
		}
		d := New(r)
		if got := d.GRPC(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if had := slices.Contains(d.Shape().Features, "grpc:"+tt.want); had != (tt.want != "") {
			t.Errorf("%s: features %q", name, d.Shape().Features)
		}
	}
}

// The messages of gRPC-Web are those of gRPC, in both forms that it has.
func TestTheMessagesOfGRPCWebAreRead(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	message, _ := protobuf.Bytes(`1:"blue" 2:{1:"pear" 2:3}`)
	frame, end := webFrame(0, string(message)), webFrame(0x80, "grpc-status: 0\r\n")
	want := []Leaf{{"proto:1", "blue"}, {"proto:2.1", "pear"}, {"proto:2.2", "3"}}
	for name, tt := range map[string]struct{ media, body string }{
		"binary":             {"application/grpc-web", frame + end},
		"binary, with codec": {"application/grpc-web+proto", frame + end},
		"text":               {"application/grpc-web-text", b64([]byte(frame + end))},
		"text, in pieces":    {"application/grpc-web-text+proto", b64([]byte(frame)) + b64([]byte(end))},
	} {
		d := New(&flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: tt.media}}, Body: flow.NewBody([]byte(tt.body))})
		if got := d.Leaves(); !slices.Equal(got, want) {
			t.Errorf("%s: an answer holds %v, want %v", name, got, want)
		}
		s, err := ParseSelector("proto:2.1")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Values(d); !slices.Equal(got, []string{"pear"}) {
			t.Errorf("%s: the selector finds %q", name, got)
		}
	}
	for media, body := range map[string]string{"application/grpc-web+proto": frame, "application/grpc-web-text": b64([]byte(frame))} {
		spans := checkSpans(t, request("/shop.Cart/Add", media, body))
		got := map[string]string{}
		for i := range spans {
			got[spans[i].Selector] = spans[i].Value
		}
		if got["body:*|proto:1"] != "blue" || got["body:*|proto:2.2"] != "3" {
			t.Errorf("%s: a request holds %v", media, got)
		}
	}
}
