package accesslog

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert/loose"
)

// jsonLines reads lines that are JSON objects. It knows the member names that servers
// commonly use: those of nginx's variables, Caddy, Traefik, Envoy and the Elastic
// Common Schema. A nested member is known by its own name, or by that name behind the
// names of the objects around it.
type jsonLines struct{}

var errNotObject = errors.New("not a JSON object")

func (jsonLines) parse(line string) (*record, error) {
	line = line[len(container.FindString(line)):]
	if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
		return nil, errNotObject
	}
	r, err := parseJSON(line)
	if err != nil {
		if repaired := repairJSON(line); repaired != line {
			return parseJSON(repaired)
		}
	}
	return r, err
}

// container is what runtimes of containers write before a line (CRI).
var container = regexp.MustCompile(`^\S+ (?:stdout|stderr) [FP] `)

var (
	hexEscape    = regexp.MustCompile(`(\\\\)|\\x([0-9A-Fa-f]{2})`)
	nothingThere = regexp.MustCompile(`("\s*:)\s*-?\s*([,}])`)
)

// repairJSON makes JSON of what format strings write that do not escape for it: nginx
// escapes by \xNN unless told otherwise, and a variable without a value is a dash, or
// nothing where a number belongs.
func repairJSON(line string) string {
	line = hexEscape.ReplaceAllStringFunc(line, func(m string) string {
		if m[1] == 'x' {
			return `\u00` + m[2:]
		}
		return m
	})
	return nothingThere.ReplaceAllString(line, "${1}null${2}")
}

func parseJSON(line string) (*record, error) {
	dec := json.NewDecoder(strings.NewReader(line))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	r := &record{atEnd: true}
	if err := walkJSON(dec, nil, 0, r); err != nil {
		return nil, err
	}
	if r.envoy && r.unitless {
		r.duration /= 1000
	}
	return r, nil
}

// walkJSON reads the members of an object whose brace was read.
func walkJSON(dec *json.Decoder, path []string, depth int, r *record) error {
	if depth > 16 {
		return errors.New("nested too deeply")
	}
	for {
		t, err := dec.Token()
		if err != nil {
			return errNotObject
		}
		name, ok := t.(string)
		if !ok {
			return nil // the closing brace
		}
		if err := valueJSON(dec, append(path, name), depth, r); err != nil {
			return err
		}
	}
}

func valueJSON(dec *json.Decoder, path []string, depth int, r *record) error {
	t, err := dec.Token()
	if err != nil {
		return errNotObject
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '{' {
			return walkJSON(dec, path, depth+1, r)
		}
		for dec.More() {
			if depth > 16 {
				return errors.New("nested too deeply")
			}
			if err := valueJSON(dec, path, depth+1, r); err != nil {
				return err
			}
		}
		if _, err := dec.Token(); err != nil {
			return errNotObject
		}
		return nil
	case string:
		return r.member(path, v)
	case json.Number:
		return r.member(path, v.String())
	}
	return nil
}

// member enters a member of the line.
func (r *record) member(path []string, value string) error {
	name := path[len(path)-1]
	switch plainName(name) {
	case "log", "message": // Docker and shippers of logs put the line into one of their own
		if strings.HasPrefix(value, "{") {
			if inner, err := (jsonLines{}).parse(value); err == nil {
				*r = *inner
				return nil
			}
		}
	case "responseflags", "upstreamcluster", "upstreamservicetime", "xenvoyupstreamservicetime":
		r.envoy = true
	}
	if value == "" || value == "-" {
		return nil
	}
	if len(path) > 1 {
		switch plainName(path[len(path)-2]) {
		case "headers", "requestheaders", "reqheaders":
			if len(path) > 2 && strings.HasPrefix(plainName(path[len(path)-3]), "resp") {
				return setAnswer(name)(r, value)
			}
			return setLine(http.CanonicalHeaderKey(name))(r, value)
		case "respheaders", "responseheaders":
			return setAnswer(name)(r, value)
		}
	}
	if set := jsonSetter(plainName(strings.Join(path, ""))); set != nil {
		return set(r, value)
	}
	if set := w3cSetter(name); set != nil { // CloudFront
		return set(r, value)
	}
	if h, ok := strings.CutPrefix(strings.ToLower(name), "http_"); ok && variableHeader(h) { // nginx
		return setLine(headerCase(h))(r, value)
	}
	if len(path) > 1 {
		if set := jsonSetter(plainName(name)); set != nil {
			return set(r, value)
		}
	}
	return nil
}

// variableHeader reports whether a variable http_NAME of nginx is a line of the request's
// head. Other servers have names such as http_code.
func variableHeader(name string) bool {
	for _, begin := range []string{"x_", "accept", "sec_", "if_"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	switch name {
	case "authorization", "origin", "range", "content_type", "cache_control", "pragma", "dnt", "via", "forwarded", "traceparent", "cf_connecting_ip", "true_client_ip":
		return true
	}
	return false
}

// plainName returns the name in lower case, without the characters that separate words.
func plainName(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", "@", "", "$", "", " ", "", ":", "").Replace(strings.ToLower(name))
}

// jsonSetter returns the setter for a member of that name, or nil if the member is not
// used.
func jsonSetter(name string) setter {
	text := func(field func(*record) *string) setter {
		return func(r *record, v string) error {
			if p := field(r); *p == "" {
				*p = v
			}
			return nil
		}
	}
	switch name {
	case "remoteaddr", "remoteip", "clientip", "clienthost", "clientaddr", "ip", "sourceip", "sourceaddress", "downstreamremoteaddress":
		return setClient
	case "time", "timestamp", "ts", "timelocal", "timeiso8601", "msec", "date", "datetime":
		return jsonTime(true)
	case "start", "starttime", "startutc", "requeststart", "eventstart":
		return jsonTime(false)
	case "request", "requestline":
		return func(r *record, v string) error { r.request(v); return nil }
	case "method", "requestmethod", "httpmethod", "verb", "httprequestmethod":
		return text(func(r *record) *string { return &r.method })
	case "requesturi", "uri", "url", "path", "requestpath", "urloriginal", "requesttarget", "requesturl", "httpurl":
		return text(func(r *record) *string { return &r.target })
	case "args", "querystring", "query", "urlquery":
		return text(func(r *record) *string { return &r.query })
	case "proto", "protocol", "serverprotocol", "httpversion", "requestprotocol":
		return text(func(r *record) *string { return &r.protocol })
	case "scheme", "requestscheme":
		return text(func(r *record) *string { return &r.scheme })
	case "host", "httphost", "requesthost", "vhost", "servername", "authority", "urldomain":
		return text(func(r *record) *string { return &r.host })
	case "status", "statuscode", "responsecode", "httpstatus", "response", "downstreamstatus", "httpresponsestatuscode", "code":
		return setStatus
	case "size", "bytes", "bodybytessent", "bytessent", "responsesize", "downstreamcontentsize", "httpresponsebodybytes":
		return setSize
	case "referer", "referrer", "httpreferer", "httpreferrer", "requestreferer":
		return setLine("Referer")
	case "useragent", "agent", "httpuseragent", "useragentoriginal", "requestuseragent":
		return setLine("User-Agent")
	case "cookie", "httpcookie":
		return setLine("Cookie")
	case "xforwardedfor", "requestxforwardedfor":
		return setLine("X-Forwarded-For")
	case "xrequestid", "requestid":
		return setLine("X-Request-Id")
	case "requesttime", "timetaken", "duration", "latency", "elapsed", "took", "responsetime", "requestduration":
		return jsonDuration(time.Second)
	case "requesttimems", "durationms", "latencyms", "elapsedms", "responsetimems", "timetakenms":
		return jsonDuration(time.Millisecond)
	case "durationus", "requesttimeus", "latencyus", "responsetimeus":
		return jsonDuration(time.Microsecond)
	case "durationns", "eventduration", "latencyns":
		return jsonDuration(time.Nanosecond)
	}
	return nil
}

// A date and a time of day, in members of their own.
var (
	dayAlone   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	clockAlone = regexp.MustCompile(`^\d\d:\d\d:\d\d(\.\d+)?$`)
)

// jsonTime reads Unix time, ISO 8601 or the time of the common log format.
func jsonTime(isEnd bool) setter {
	return func(r *record, v string) error {
		if !r.at.IsZero() && !r.atEnd {
			return nil // the time of the beginning is known, and better
		}
		switch {
		case dayAlone.MatchString(v):
			r.day = v
			return nil
		case clockAlone.MatchString(v):
			r.clock = v
			return nil
		}
		t, ok := unixTime(v)
		if !ok {
			t, ok = loose.Time(v)
		}
		if !ok {
			var err error
			t, err = time.Parse("02/Jan/2006:15:04:05 -0700", strings.Trim(v, "[]"))
			ok = err == nil
		}
		if !ok {
			return errors.New("its time is not understood")
		}
		r.at, r.atEnd = t.UTC(), isEnd
		return nil
	}
}

// jsonDuration reads a number of units, or text with its unit. Traefik writes
// nanoseconds, so a number of more than a million seconds is read as nanoseconds.
func jsonDuration(unit time.Duration) setter {
	return func(r *record, v string) error {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			d, err := time.ParseDuration(v)
			if err != nil || d < 0 {
				return errors.New("its duration is not understood")
			}
			r.duration = d
			return nil
		}
		if unit == time.Second && n > 1e6 {
			r.duration = scaled(n, time.Nanosecond)
			return nil
		}
		r.duration, r.unitless = scaled(n, unit), unit == time.Second
		return nil
	}
}
