package content

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// grpcNames are the names of gRPC status codes, by code (google.golang.org/grpc,
// package codes).
var grpcNames = [...]string{"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound",
	"AlreadyExists", "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange",
	"Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated"}

// The media types of gRPC. A codec may follow, as in "application/grpc+proto".
const (
	grpcMedia    = "application/grpc"
	grpcWebMedia = "application/grpc-web"
	grpcWebText  = "application/grpc-web-text"
)

// GRPC returns the name of the gRPC status of the answer ("OK", "Unauthenticated").
// It returns "" if the answer is not of gRPC or holds no status. The status stands in
// the trailers, in the head of an answer without a body, or in the last frame of a
// gRPC-Web body.
func (d *Doc) GRPC() string {
	kind, _, _ := strings.Cut(d.Media(), "+")
	if kind != grpcMedia && kind != grpcWebMedia && kind != grpcWebText {
		return ""
	}
	code := d.resp.Trailers.Value("Grpc-Status")
	if code == "" {
		code = d.resp.Headers.Value("Grpc-Status")
	}
	if code == "" && kind != grpcMedia {
		code = webStatus(d.Body(), kind == grpcWebText)
	}
	return grpcName(code)
}

// grpcName returns the name of a status code: "code N" for a number N without a name,
// "no number" for any other text, which may hold anything.
func grpcName(code string) string {
	if code == "" {
		return ""
	}
	n := 0
	for _, c := range []byte(code) {
		if c < '0' || c > '9' || n > 999 {
			return "no number"
		}
		n = 10*n + int(c-'0')
	}
	if n < len(grpcNames) {
		return grpcNames[n]
	}
	return "code " + code
}

// webStatus returns the status in the trailer frame of a gRPC-Web body, or "".
//
//	0      1             5
//	| flag | length, u32 | content |
//
// Bit 7 of the flag marks the trailers: lines "name: value".
func webStatus(body []byte, text bool) string {
	if text {
		body = webText(body)
	}
	for len(body) >= 5 {
		size := int64(binary.BigEndian.Uint32(body[1:]))
		if size > int64(len(body)-5) {
			return ""
		}
		if frame := body[5 : 5+size]; body[0] == 0x80 {
			return trailer(frame, "grpc-status")
		}
		body = body[5+size:]
	}
	return ""
}

// webText decodes the base64 form of a body. The body is made of pieces: each was
// encoded alone and may end in padding. Decoding stops where it fails.
func webText(body []byte) []byte {
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(body)))
	for len(body) > 0 {
		n := len(body)
		if pad := bytes.IndexByte(body, '='); pad >= 0 {
			n = min((pad/4+1)*4, n)
		}
		var err error
		out, err = base64.StdEncoding.AppendDecode(out, body[:n])
		if err != nil {
			return out
		}
		body = body[n:]
	}
	return out
}

// trailer returns the value of a field, whose name is in lower case.
func trailer(lines []byte, name string) string {
	for line := range bytes.Lines(lines) {
		field, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(bytes.TrimSpace(field)), name) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}
