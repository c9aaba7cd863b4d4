package accesslog

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// w3cLines reads the Extended Log File Format (www.w3.org/TR/WD-logfile), which
// CloudFront and IIS write. A line "#Fields:" names the fields of those behind it; there
// are tabs or spaces between them.
type w3cLines struct {
	names   []string
	seconds bool // time-taken is in seconds; IIS has milliseconds
}

// realtimeFields are those of the real-time logs of CloudFront, which have no line of
// names, in their order. A log has all of them, or what its owner chose.
var realtimeFields = strings.Fields(`timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host
	cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version
	cs-user-agent cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher
	x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port
	x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers
	cs-header-names cs-headers-count`)

// withoutServer returns the fields as they were before the server's address was one.
func withoutServer(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "s-ip" })
}

func newW3C(names []string) *w3cLines {
	edge := func(n string) bool { return strings.HasPrefix(n, "x-edge-") || n == "timestamp" }
	return &w3cLines{names: names, seconds: slices.ContainsFunc(names, edge)}
}

// w3cNames reports whether words are names of such fields, the method and the status
// among them.
func w3cNames(words []string) bool {
	return slices.Contains(words, "cs-method") && slices.Contains(words, "sc-status")
}

func (w *w3cLines) parse(line string) (*record, error) {
	if rest, ok := strings.CutPrefix(line, "#"); ok {
		if fields, ok := strings.CutPrefix(rest, "Fields:"); ok {
			*w = *newW3C(strings.Fields(fields))
		}
		return nil, nil
	}
	if len(w.names) == 0 {
		return nil, errors.New("no line #Fields: stands before it")
	}
	values := strings.Split(line, "\t")
	if len(values) == 1 {
		values = strings.Fields(line)
	}
	if len(values) < len(w.names) {
		return nil, errors.New("it has fewer fields than the log")
	}
	r := &record{atEnd: true}
	for i, name := range w.names {
		if err := w.field(r, name, values[i]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// field enters one field of a line.
func (w *w3cLines) field(r *record, name, value string) error {
	if value == "-" || value == "" {
		return nil
	}
	switch name {
	case "timestamp":
		return setTime("", true)(r, value)
	case "time-taken":
		unit := time.Millisecond
		if w.seconds || strings.Contains(value, ".") {
			unit = time.Second
		}
		return setDuration(unit)(r, value)
	case "cs-headers":
		return setHead(r, value)
	}
	if set := w3cSetter(name); set != nil {
		return set(r, value)
	}
	return nil
}

// w3cSetter returns the setter of a field that has one meaning in all logs, or nil.
func w3cSetter(name string) setter {
	switch name {
	case "date":
		return func(r *record, v string) error { r.day = v; return nil }
	case "time":
		return func(r *record, v string) error { r.clock = v; return nil }
	case "c-ip":
		return setClient
	case "cs-method":
		return func(r *record, v string) error { r.method = v; return nil }
	case "cs-uri-stem", "cs-uri":
		return func(r *record, v string) error { r.target = v; return nil }
	case "cs-uri-query":
		return func(r *record, v string) error { r.query = v; return nil }
	case "cs-protocol":
		return func(r *record, v string) error {
			r.scheme = cmp.Or(map[string]string{"ws": "http", "wss": "https", "grpcs": "https"}[v], v)
			return nil
		}
	case "cs-version", "cs-protocol-version":
		return func(r *record, v string) error { r.protocol = v; return nil }
	case "cs-host", "cs(Host)":
		return func(r *record, v string) error { r.host = cmp.Or(r.host, v); return nil }
	case "x-host-header": // what the client asked for; cs(Host) is the name of the distribution
		return func(r *record, v string) error {
			if r.host == "" || strings.HasSuffix(r.host, ".cloudfront.net") {
				r.host = v
			}
			return nil
		}
	case "sc-status":
		return setStatus
	case "sc-content-len":
		return setSize
	case "sc-bytes":
		return func(r *record, v string) error {
			if r.size > 0 {
				return nil
			}
			return setSize(r, v)
		}
	case "time-to-first-byte":
		return func(r *record, v string) error {
			length := r.duration
			err := setDuration(time.Second)(r, v)
			r.firstByte, r.duration = r.duration, length
			return err
		}
	case "sc-content-type":
		return func(r *record, v string) error { return setAnswer("Content-Type")(r, w3cText(v)) }
	case "x-forwarded-for":
		return setLine("X-Forwarded-For")
	}
	header, plain := strings.CutPrefix(name, "cs-") // cs-user-agent, in real-time logs
	if h, ok := strings.CutPrefix(name, "cs("); ok {
		header, plain = strings.TrimSuffix(h, ")"), true
	}
	switch header = headerCase(header); {
	case !plain:
		return nil
	case header == "User-Agent", header == "Referer", header == "Cookie", header == "Accept", header == "Accept-Encoding", strings.HasPrefix(name, "cs("):
		return func(r *record, v string) error { return setLine(header)(r, w3cText(v)) }
	}
	return nil
}

// w3cText returns the text that stands escaped in a field: percent-encoded, once or
// twice, or with + in place of spaces.
func w3cText(value string) string {
	for range 2 {
		plain, err := url.PathUnescape(value)
		if err != nil || !strings.Contains(value, "%2") {
			break
		}
		value = plain
	}
	if !strings.Contains(value, " ") && strings.Count(value, "+") > 1 {
		value = strings.ReplaceAll(value, "+", " ")
	}
	return value
}

// setHead takes the whole head of a request, a line of which may be cut. Its lines stand
// in place of those that other fields tell.
func setHead(r *record, value string) error {
	head := w3cText(value)
	var lines flow.Headers
	for line := range strings.Lines(head) {
		if name, v, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && strings.HasSuffix(line, "\n") {
			lines = append(lines, flow.Header{Name: name, Value: strings.TrimSpace(v)})
		}
	}
	for _, h := range r.headers {
		if !lines.Has(h.Name) {
			lines = append(lines, h)
		}
	}
	r.headers = lines
	return nil
}
