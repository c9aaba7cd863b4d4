package compose

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// SetHeader sets the value of the first line of that name and keeps the case of the
// name. It removes further lines of that name. It appends a line where there is none.
func SetHeader(h flow.Headers, name, value string) flow.Headers {
	out := make(flow.Headers, 0, len(h)+1)
	found := false
	for _, line := range h {
		switch {
		case !strings.EqualFold(line.Name, name):
			out = append(out, line)
		case !found:
			found = true
			out = append(out, flow.Header{Name: line.Name, Value: value})
		}
	}
	if !found {
		out = append(out, flow.Header{Name: name, Value: value})
	}
	return out
}

// DropHeader removes every line of that name.
func DropHeader(h flow.Headers, name string) flow.Headers {
	var out flow.Headers
	for _, line := range h {
		if !strings.EqualFold(line.Name, name) {
			out = append(out, line)
		}
	}
	return out
}

// LooksCoded reports whether data begins with the mark of the coding. brotli has no
// mark.
func LooksCoded(data []byte, coding string) bool {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "gzip", "x-gzip":
		return bytes.HasPrefix(data, []byte{0x1f, 0x8b, 8})
	case "zstd":
		return bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
	case "deflate":
		return len(data) > 2 && data[0] == 0x78 && (uint(data[0])<<8|uint(data[1]))%31 == 0 // RFC 1950
	case "identity", "":
		return true
	}
	return false
}

// FixLength sets Content-Length, where it is there, to the size of the body.
func FixLength(h *flow.Headers, size int64) {
	if n := h.Value("Content-Length"); n != "" && n != fmt.Sprint(size) {
		*h = SetHeader(*h, "Content-Length", fmt.Sprint(size))
	}
}
