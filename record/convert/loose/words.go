package loose

import (
	"math"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Protocol reads the spellings of an HTTP version.
func Protocol(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if name, _, ok := strings.Cut(text, "+quic"); ok && name == "http/2" {
		return "HTTP/3.0"
	}
	text = strings.TrimPrefix(text, "http/")
	switch text {
	case "1.1", "1.0", "0.9":
		return "HTTP/" + text
	case "1":
		return "HTTP/1.1"
	case "2", "2.0", "h2", "h2c":
		return "HTTP/2.0"
	case "3", "3.0", "h3":
		return "HTTP/3.0"
	}
	if strings.HasPrefix(text, "h3-") {
		return "HTTP/3.0"
	}
	return ""
}

// Milliseconds returns a duration, or 0 where the number cannot be one.
func Milliseconds(ms float64) time.Duration {
	if ms > 1e12 { // some 30 years: not a duration but a fault
		return 0
	}
	return time.Duration(math.Round(ms * 1e6))
}

// Time reads ISO 8601 as writers spell it. A time without a zone is UTC.
func Time(text string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05.999999999",
	} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 0 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// Seconds reads Unix seconds with a fraction, exact to the nanosecond.
func Seconds(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 12 || len(fraction) > 30 {
		return time.Time{}, false
	}
	digits := whole + (fraction + "000000000")[:9]
	var n int64
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' || n > math.MaxInt64/10-1 {
			return time.Time{}, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if len(fraction) > 9 && fraction[9] >= '5' {
		n++
	}
	return time.Unix(n/1e9, n%1e9).UTC(), true
}

// SocketKind returns the kind of a WebSocket opcode (RFC 6455, 11.8), or 0 for an
// opcode of no message.
func SocketKind(opcode int) flow.MessageKind {
	switch opcode {
	case 1:
		return flow.MessageText
	case 2:
		return flow.MessageBinary
	case 8:
		return flow.MessageClose
	case 9:
		return flow.MessagePing
	case 10:
		return flow.MessagePong
	}
	return 0
}
