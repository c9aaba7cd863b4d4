package accesslog

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A lineFormat reads lines of one format. A line that says something about others, and of
// no request, gives no record.
type lineFormat interface {
	parse(line string) (*record, error)
}

const (
	formatCommon   = `%h %l %u %t "%r" %>s %b`
	formatCombined = formatCommon + ` "%{Referer}i" "%{User-Agent}i"`
)

// formatOf returns the named format. Without a name it detects the format from the
// first lines.
func formatOf(name string, head []byte) (lineFormat, error) {
	switch name {
	case "":
		return detect(head)
	case "common":
		return compile(formatCommon, false)
	case "combined":
		return compile(formatCombined, false)
	case "json":
		return jsonLines{}, nil
	case "alb":
		return albLines{}, nil
	case "w3c":
		return &w3cLines{}, nil
	case "envoy":
		return envoyLines()
	}
	if names := strings.Fields(name); w3cNames(names) {
		return newW3C(names), nil
	}
	return compile(name, false)
}

// errFormat says that the format of the lines cannot be detected.
var errFormat = errors.New(`the lines are not common, combined, JSON or another format that is known; give the format string of the server, as '%h %l %u %t "%r" %>s %b' or '$remote_addr [$time_local] "$request" $status'`)

// candidates returns the formats that are told from the lines.
func candidates() ([]lineFormat, error) {
	envoy, err := envoyLines()
	if err != nil {
		return nil, err
	}
	list := []lineFormat{jsonLines{}, &w3cLines{}, albLines{}, envoy, newW3C(realtimeFields), newW3C(withoutServer(realtimeFields))}
	for _, text := range []string{"%v:%p " + formatCombined, "%v " + formatCombined, formatCombined, formatCommon} {
		f, err := compile(text, true)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// detect returns the format that most of the first lines have. Servers add fields at
// the end of a line; such fields do not count against a format.
func detect(head []byte) (lineFormat, error) {
	lines := strings.Split(string(head), "\n")
	if len(lines) > 1 {
		lines = lines[:len(lines)-1] // the last may be cut
	}
	lines = lines[:min(len(lines), 64)]
	var best lineFormat
	most := 0
	formats, err := candidates()
	if err != nil {
		return nil, err
	}
	for _, f := range formats {
		n := 0
		for _, line := range lines {
			rec, err := f.parse(strings.TrimRight(line, "\r"))
			if err != nil || rec == nil {
				continue
			}
			if _, err := rec.flow("", ""); err == nil {
				n++
			}
		}
		if n > most {
			best, most = f, n
		}
	}
	if best == nil {
		return nil, errFormat
	}
	return best, nil
}

// A logPattern is a format string of Apache or nginx, compiled to a regular expression
// and one setter for each of its groups.
type logPattern struct {
	expr *regexp.Regexp
	sets []setter
}

// A setter enters a value into a record. It is not called for "-" and "", which stand
// for no value.
type setter func(r *record, value string) error

func (p *logPattern) parse(line string) (*record, error) {
	m := p.expr.FindStringSubmatchIndex(line)
	if m == nil {
		return nil, errors.New("not in the format of the log")
	}
	r := &record{}
	for i, set := range p.sets {
		from, to := m[2*i+2], m[2*i+3]
		if set == nil || from < 0 || from == to || line[from:to] == "-" {
			continue
		}
		if err := set(r, unescape(line[from:to])); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// unescape undoes the escapes that servers write for quotes and unprintable bytes.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		if text[i] == 'x' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		if k := strings.IndexByte(`nrtvbf"\/`, text[i]); k >= 0 {
			b.WriteByte("\n\r\t\v\b\f\"\\/"[k])
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(text[i])
	}
	return b.String()
}

// A logPart is one directive of a format string, compiled.
type logPart struct {
	pattern string // without its group; "" is anything up to what follows
	set     setter
}

var (
	reApache = regexp.MustCompile(`^%(?:[!0-9,]*)?[<>]?(?:\{([^}]*)\})?(?:[!0-9,]*)(\^?[A-Za-z%]{1,1}[io]?)`)
	reNginx  = regexp.MustCompile(`^\$(?:\{(\w+)\}|(\w+))`)
)

// compile compiles a format string. If open is set, a line may have more text behind
// the last directive.
func compile(format string, open bool) (*logPattern, error) {
	var expr strings.Builder
	p := &logPattern{}
	expr.WriteString("^")
	format = strings.NewReplacer(`\"`, `"`, `\t`, "\t").Replace(strings.TrimSpace(format))
	known := 0
	for rest, quoted := format, false; rest != ""; {
		part, n, err := nextDirective(rest)
		if err != nil {
			return nil, err
		}
		if n == 0 { // a literal
			quoted = rest[0] == '"'
			expr.WriteString(regexp.QuoteMeta(rest[:1]))
			rest = rest[1:]
			continue
		}
		pattern := part.pattern
		if quoted {
			pattern = `(?:[^"\\]|\\.)*`
		} else if pattern == "" {
			pattern = `.*?`
		}
		expr.WriteString("(" + pattern + ")")
		p.sets = append(p.sets, part.set)
		if part.set != nil {
			known++
		}
		rest, quoted = rest[n:], false
	}
	if known < 2 {
		return nil, fmt.Errorf("%q is not a log format; it is common, combined, json, or a format string of Apache (%%h …) or nginx ($remote_addr …)", format)
	}
	if open {
		expr.WriteString(`(?:\s.*)?`)
	}
	expr.WriteString("$")
	var err error
	if p.expr, err = regexp.Compile(expr.String()); err != nil {
		return nil, fmt.Errorf("log format %q: %w", format, err)
	}
	return p, nil
}

// nextDirective reads the directive at the beginning of text and returns its length.
// The length is 0 if text begins with a literal.
func nextDirective(text string) (logPart, int, error) {
	if strings.HasPrefix(text, "%U%q") {
		return logPart{`\S*`, func(r *record, v string) error { r.target = v; return nil }}, 4, nil
	}
	if m := reNginx.FindStringSubmatch(text); m != nil {
		return nginxPart(m[1] + m[2]), len(m[0]), nil
	}
	m := reApache.FindStringSubmatch(text)
	if m == nil {
		if text[0] == '%' {
			return logPart{}, 0, fmt.Errorf("log format: %q is not a directive of Apache", text[:min(len(text), 8)])
		}
		return logPart{}, 0, nil
	}
	letter, length := m[2], len(m[0])
	if len(letter) > 1 && letter[0] != '^' { // the i or o belongs to the text
		letter, length = letter[:1], length-1
	}
	part, err := apachePart(letter, m[1])
	return part, length, err
}

// apachePart returns the part for %LETTER or %{ARGUMENT}LETTER of mod_log_config.
func apachePart(letter, argument string) (logPart, error) {
	switch letter {
	case "h", "a":
		return logPart{`\S*`, setClient}, nil
	case "t":
		return apacheTime(argument)
	case "r":
		return logPart{"", setRequest}, nil
	case "s":
		return logPart{`\d+|-`, setStatus}, nil
	case "b", "B", "O":
		return logPart{`\d+|-`, setSize}, nil
	case "D":
		return logPart{`\d+|-`, setDuration(time.Microsecond)}, nil
	case "T":
		return logPart{`[\d.]+|-`, setDuration(map[string]time.Duration{"ms": time.Millisecond, "us": time.Microsecond, "": time.Second, "s": time.Second}[argument])}, nil
	case "i":
		return headerPart(argument), nil
	case "o":
		return logPart{"", setAnswer(argument)}, nil
	case "C":
		return logPart{"", setCookie(argument)}, nil
	case "m":
		return logPart{`\S*`, func(r *record, v string) error { r.method = v; return nil }}, nil
	case "U":
		return logPart{`\S*`, func(r *record, v string) error { r.target = v; return nil }}, nil
	case "q":
		return logPart{`\S*`, func(r *record, v string) error { r.query = v; return nil }}, nil
	case "H":
		return logPart{`\S*`, func(r *record, v string) error { r.protocol = v; return nil }}, nil
	case "v", "V":
		return logPart{`[^\s:]*`, setHost}, nil
	case "%":
		return logPart{"%", nil}, nil
	}
	if strings.HasPrefix(letter, "^") || strings.Contains("ACefIkKlLnpPRSuX", letter) {
		pattern := ""
		if strings.Contains("lIpPkSX", letter) {
			pattern = `\S*`
		}
		return logPart{pattern, nil}, nil
	}
	return logPart{}, fmt.Errorf("log format: %%%s is not a directive of Apache", letter)
}

// headerPart reads a request header. X-Forwarded-For is a list, so its value may hold
// spaces.
func headerPart(name string) logPart {
	if strings.EqualFold(name, "X-Forwarded-For") {
		return logPart{`[^\s,]+(?:, ?[^\s,]+)*`, setLine(name)}
	}
	return logPart{"", setLine(name)}
}

func apacheTime(argument string) (logPart, error) {
	argument, isEnd := strings.CutPrefix(argument, "end:")
	argument = strings.TrimPrefix(argument, "begin:")
	layout := ""
	switch argument {
	case "":
		return logPart{`\[[^\]]*\]`, setTime("[02/Jan/2006:15:04:05 -0700]", isEnd)}, nil
	case "sec", "msec", "usec":
		return logPart{`[\d.]+`, setTime("", isEnd)}, nil
	default:
		var ok bool
		if layout, ok = strftime(argument); !ok {
			return logPart{}, fmt.Errorf("log format: the time %q is not understood", argument)
		}
	}
	return logPart{"", setTime(layout, isEnd)}, nil
}

// strftime turns a format of strftime(3) into a layout of package time.
func strftime(format string) (string, bool) {
	out := strings.NewReplacer(
		"%Y", "2006", "%y", "06", "%m", "01", "%d", "02", "%e", "_2", "%H", "15", "%I", "03", "%M", "04", "%S", "05",
		"%b", "Jan", "%h", "Jan", "%B", "January", "%a", "Mon", "%A", "Monday", "%p", "PM", "%z", "-0700", "%Z", "MST",
		"%F", "2006-01-02", "%T", "15:04:05", "%D", "01/02/06", "%R", "15:04", "%%", "%",
	).Replace(format)
	return out, !strings.Contains(out, "%")
}

// nginxPart returns the part for a variable of nginx's log_format.
func nginxPart(name string) logPart {
	text := func(field func(*record) *string) logPart {
		return logPart{"", func(r *record, v string) error { *field(r) = v; return nil }}
	}
	switch name {
	case "remote_addr", "realip_remote_addr":
		return logPart{`\S*`, setClient}
	case "time_local":
		return logPart{`[^\]]*?`, setTime("02/Jan/2006:15:04:05 -0700", true)}
	case "time_iso8601":
		return logPart{`\S*`, setTime(time.RFC3339, true)}
	case "msec":
		return logPart{`[\d.]+`, setTime("", true)}
	case "request":
		return logPart{"", setRequest}
	case "request_method":
		return text(func(r *record) *string { return &r.method })
	case "request_uri", "uri", "document_uri":
		return text(func(r *record) *string { return &r.target })
	case "args", "query_string":
		return text(func(r *record) *string { return &r.query })
	case "server_protocol":
		return text(func(r *record) *string { return &r.protocol })
	case "scheme":
		return text(func(r *record) *string { return &r.scheme })
	case "host", "http_host", "server_name":
		return logPart{`\S*`, setHost}
	case "status":
		return logPart{`\d+|-`, setStatus}
	case "body_bytes_sent", "bytes_sent":
		return logPart{`\d+|-`, setSize}
	case "request_time":
		return logPart{`[\d.]+|-`, setDuration(time.Second)}
	case "upstream_header_time":
		return logPart{`[\d., :]+|-`, func(r *record, v string) error {
			if n, err := strconv.ParseFloat(v, 64); err == nil { // several upstreams are not one time
				r.firstByte = scaled(n, time.Second)
			}
			return nil
		}}
	}
	if h, ok := strings.CutPrefix(name, "http_"); ok {
		return headerPart(headerCase(h))
	}
	if h, ok := strings.CutPrefix(name, "sent_http_"); ok {
		return logPart{"", setAnswer(headerCase(h))}
	}
	if c, ok := strings.CutPrefix(name, "cookie_"); ok {
		return logPart{"", setCookie(c)}
	}
	return logPart{"", nil}
}

// headerCase writes user_agent as User-Agent.
func headerCase(name string) string {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '_' || c == '-' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "-")
}

// setClient takes an address with or without a port. Proxies list several addresses:
// the first one counts.
func setClient(r *record, v string) error {
	if r.client != "" {
		return nil
	}
	v, _, _ = strings.Cut(v, ",")
	if a, err := netip.ParseAddrPort(v); err == nil {
		v = a.Addr().String()
	}
	r.client = strings.Trim(v, "[]")
	return nil
}

func setRequest(r *record, v string) error {
	if r.request(v); !http1.IsToken(r.method) || r.target == "" {
		return errors.New("its request line is not one of HTTP")
	}
	return nil
}

func setStatus(r *record, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil {
		return errors.New("its status is not a number")
	}
	r.status = n
	return nil
}

func setSize(r *record, v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return errors.New("its size is not a number")
	}
	r.size = n
	return nil
}

func setHost(r *record, v string) error {
	if v != "_" && v != "" { // nginx's name of the server for all others
		r.host = v
	}
	return nil
}

func setDuration(unit time.Duration) setter {
	return func(r *record, v string) error {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || n < 0 {
			return errors.New("its duration is not a number")
		}
		r.duration = scaled(n, unit)
		return nil
	}
}

// scaled returns n units, or 0 where that is negative or longer than a year.
func scaled(n float64, unit time.Duration) time.Duration {
	d := n * float64(unit)
	if !(d >= 0 && d < float64(365*24*time.Hour)) {
		return 0
	}
	return time.Duration(math.Round(d))
}

// setTime reads a time in the layout. An empty layout means Unix time in any unit.
func setTime(layout string, isEnd bool) setter {
	return func(r *record, v string) error {
		var t time.Time
		ok := false
		if layout == "" {
			t, ok = unixTime(v)
		} else {
			var err error
			t, err = time.Parse(layout, v)
			ok = err == nil
		}
		if !ok {
			return errors.New("its time is not understood")
		}
		r.at, r.atEnd = t.UTC(), isEnd
		return nil
	}
}

// unixTime reads Unix time in seconds, milli-, micro- or nanoseconds. The number of
// digits tells the unit.
func unixTime(text string) (time.Time, bool) {
	whole, _, _ := strings.Cut(text, ".")
	n := len(whole)
	switch {
	case n <= 11:
		return loose.Seconds(text)
	case n <= 14:
		return loose.Seconds(whole[:n-3] + "." + whole[n-3:])
	case n <= 17:
		return loose.Seconds(whole[:n-6] + "." + whole[n-6:])
	case n <= 20:
		return loose.Seconds(whole[:n-9] + "." + whole[n-9:])
	}
	return time.Time{}, false
}

func setLine(name string) setter {
	return func(r *record, v string) error {
		r.headers = append(r.headers, flow.Header{Name: name, Value: v})
		if strings.EqualFold(name, "Host") {
			r.host = v
		}
		return nil
	}
}

func setAnswer(name string) setter {
	return func(r *record, v string) error {
		r.answer = append(r.answer, flow.Header{Name: name, Value: v})
		return nil
	}
}

func setCookie(name string) setter {
	return func(r *record, v string) error {
		r.cookies = append(r.cookies, name+"="+v)
		return nil
	}
}
