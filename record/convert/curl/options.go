package curl

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A request is what the options of one curl command ask for.
type request struct {
	files    compose.Files
	urls     []string
	method   string
	headers  []string
	data     []string
	hasData  bool
	json     bool
	parts    []compose.Part
	user     string
	bearer   string
	cookies  []string
	agent    string
	referer  string
	bytes    string
	protocol string
	query    []string
	target   string
	upload   []byte
	get      bool
	head     bool
	put      bool
	gzip     bool
	globOff  bool
}

// short is the long name of each short option.
var short = map[byte]string{
	'X': "request", 'H': "header", 'd': "data", 'F': "form", 'u': "user", 'b': "cookie", 'A': "user-agent", 'e': "referer",
	'G': "get", 'I': "head", 'g': "globoff", 'r': "range", 'T': "upload-file", 'K': "config", '0': "http1.0", ':': "next",
	'o': "output", 'm': "max-time", 'w': "write-out", 'x': "proxy", 'U': "proxy-user", 'E': "cert", 'c': "cookie-jar",
	'D': "dump-header", 'y': "speed-time", 'Y': "speed-limit", 'z': "time-cond", 'C': "continue-at", 't': "telnet-option",
	'k': "insecure", 'L': "location", 's': "silent", 'S': "show-error", 'v': "verbose", 'i': "include", 'f': "fail",
	'N': "no-buffer", '#': "progress-bar", 'n': "netrc", 'j': "junk-session-cookies", 'J': "remote-header-name",
	'O': "remote-name", 'R': "remote-time", 'q': "disable", 'a': "append", 'p': "proxytunnel", '1': "tlsv1", '2': "sslv2",
	'3': "sslv3", '4': "ipv4", '6': "ipv6", 'Z': "parallel", 'l': "list-only", 'M': "manual", 'V': "version",
}

// Options that do not change the request: with an argument, and without.
var (
	ignoredValues = words(`output max-time connect-timeout retry retry-delay retry-max-time write-out proxy proxy-user
		cacert capath cert cert-type key key-type pass cookie-jar dump-header limit-rate max-redirs ciphers tls13-ciphers
		tls-max interface resolve connect-to dns-servers speed-time speed-limit stderr trace trace-ascii unix-socket
		abstract-unix-socket noproxy proxy-header keepalive-time local-port max-filesize time-cond netrc-file
		expect100-timeout happy-eyeballs-timeout-ms parallel-max pinnedpubkey crlfile curves output-dir rate doh-url
		preproxy socks4 socks4a socks5 socks5-hostname alt-svc hsts continue-at dns-interface`)
	ignored = words(`insecure location location-trusted silent show-error verbose include fail fail-with-body
		fail-early no-buffer buffer progress-bar netrc netrc-optional junk-session-cookies remote-header-name remote-name
		remote-name-all remote-time disable append proxytunnel tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 sslv2 sslv3 ipv4 ipv6
		parallel parallel-immediate ssl ssl-reqd ssl-no-revoke tcp-nodelay tcp-fastopen raw create-dirs basic path-as-is
		no-keepalive keepalive no-progress-meter progress-meter post301 post302 post303 retry-connrefused
		retry-all-errors no-alpn alpn no-sessionid sessionid trace-time trace-ids crlf tr-encoding cert-status
		compressed-ssh disallow-username-in-url http0.9 styled-output no-styled-output skip-existing`)
)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// parse reads the words behind "curl"; --next begins another request.
func parse(args []string, files compose.Files) ([]*request, error) {
	q := &request{files: files}
	list := []*request{q}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		var names []string // of options; the last may take a value
		value, has := "", false
		switch {
		case arg == "--" || arg == "":
			continue
		case strings.HasPrefix(arg, "--"):
			names = []string{arg[2:]}
		case len(arg) > 1 && arg[0] == '-':
			names, value, has = shortOptions(arg[1:])
		default:
			q.urls = append(q.urls, arg)
			continue
		}
		for _, name := range names {
			if name == "next" {
				q = &request{files: files}
				list = append(list, q)
				continue
			}
			if takesValue(name) && !has {
				if i++; i >= len(args) {
					return nil, fmt.Errorf("its option --%s lacks the value", name)
				}
				value, has = args[i], true
			}
			if err := q.option(name, value); err != nil {
				return nil, err
			}
		}
	}
	for _, q := range list {
		if len(q.urls) == 0 {
			return nil, errors.New("it has no URL")
		}
	}
	return list, nil
}

// shortOptions splits a cluster such as sSXPOST into its options.
func shortOptions(cluster string) (names []string, value string, has bool) {
	for i := 0; i < len(cluster); i++ {
		name, ok := short[cluster[i]]
		if !ok {
			name = cluster[i : i+1]
		}
		names = append(names, name)
		if takesValue(name) {
			rest := cluster[i+1:]
			return names, rest, rest != ""
		}
	}
	return names, "", false
}

func takesValue(name string) bool {
	switch name {
	case "request", "header", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "form", "form-string",
		"user", "cookie", "user-agent", "referer", "url", "oauth2-bearer", "range", "url-query", "request-target", "upload-file", "config",
		"aws-sigv4", "proto", "proto-default", "proto-redir":
		return true
	}
	return ignoredValues[name]
}

func (q *request) option(name, value string) error {
	switch name {
	case "url":
		q.urls = append(q.urls, value)
	case "request":
		q.method = value
	case "header":
		if strings.HasPrefix(value, "@") {
			return q.headerFile(value[1:])
		}
		q.headers = append(q.headers, value)
	case "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json":
		return q.addData(name, value)
	case "form", "form-string":
		return q.addPart(name, value)
	case "user":
		q.user = value
	case "oauth2-bearer":
		q.bearer = value
	case "cookie":
		if !strings.Contains(value, "=") && value != "" {
			return errors.New("it reads cookies from a file")
		}
		if value != "" {
			q.cookies = append(q.cookies, strings.TrimSuffix(strings.TrimSpace(value), ";"))
		}
	case "user-agent":
		q.agent = value
		if value == "" {
			q.headers = append(q.headers, "User-Agent:")
		}
	case "referer":
		q.referer = strings.TrimSuffix(value, ";auto")
	case "range":
		q.bytes = value
	case "url-query":
		q.query = append(q.query, urlQuery(value))
	case "request-target":
		q.target = value
	case "upload-file":
		var err error
		q.upload, err = q.files.Read(value)
		q.put = true
		return err
	default:
		return q.flag(name)
	}
	return nil
}

// flag takes an option without a value, or one that does not matter.
func (q *request) flag(name string) error {
	switch name {
	case "get":
		q.get = true
	case "head":
		q.head = true
	case "globoff":
		q.globOff = true
	case "compressed":
		q.gzip = true
	case "http1.0":
		q.protocol = "HTTP/1.0"
	case "http1.1":
		q.protocol = "HTTP/1.1"
	case "http2", "http2-prior-knowledge":
		q.protocol = "HTTP/2.0"
	case "http3", "http3-only":
		q.protocol = "HTTP/3.0"
	default:
		if !ignored[name] && !ignoredValues[name] {
			return fmt.Errorf("its option --%s is not supported", name)
		}
	}
	return nil
}

func (q *request) headerFile(name string) error {
	data, err := q.files.Read(name)
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			q.headers = append(q.headers, line)
		}
	}
	return err
}

func (q *request) addData(option, value string) error {
	q.hasData = true
	q.json = q.json || option == "json"
	if option == "data-urlencode" {
		text, err := q.urlencoded(value)
		q.data = append(q.data, text)
		return err
	}
	if option != "data-raw" && strings.HasPrefix(value, "@") {
		data, err := q.files.Read(value[1:])
		if err != nil {
			return err
		}
		value = string(data)
		if option == "data" || option == "data-ascii" {
			value = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(value)
		}
	}
	q.data = append(q.data, value)
	return nil
}

// urlencoded reads the value of --data-urlencode: content, =content,
// name=content, @file or name@file.
func (q *request) urlencoded(value string) (string, error) {
	i := strings.IndexAny(value, "=@")
	if i < 0 {
		return percentEncode(value), nil
	}
	name, content := value[:i], value[i+1:]
	if value[i] == '@' {
		data, err := q.files.Read(content)
		if err != nil {
			return "", err
		}
		content = string(data)
	}
	if name == "" {
		return percentEncode(content), nil
	}
	return name + "=" + percentEncode(content), nil
}

// urlQuery reads the value of --url-query. It is like that of --data-urlencode, but
// what stands behind + is taken as it is.
func urlQuery(value string) string {
	if rest, ok := strings.CutPrefix(value, "+"); ok {
		return rest
	}
	name, content, ok := strings.Cut(value, "=")
	if !ok {
		return percentEncode(value)
	}
	return strings.TrimPrefix(name+"="+percentEncode(content), "=")
}

// percentEncode writes a space as %20, as curl does.
func percentEncode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// addPart reads name=content, name=@file or name=<file, with ;type= and
// ;filename= behind it.
func (q *request) addPart(option, value string) error {
	name, content, ok := strings.Cut(value, "=")
	if !ok {
		return errors.New("a field of its form has no value")
	}
	p := compose.Part{Name: name}
	if option == "form-string" {
		p.Value = []byte(content)
		q.parts = append(q.parts, p)
		return nil
	}
	content, p.MimeType, p.FileName = partOptions(content)
	var err error
	switch {
	case strings.HasPrefix(content, "@"):
		if p.FileName == "" {
			p.FileName = content[strings.LastIndexByte(content, '/')+1:]
			p.FileName = strings.TrimPrefix(p.FileName, "@")
		}
		p.Value, err = q.files.Read(content[1:])
	case strings.HasPrefix(content, "<"):
		p.Value, err = q.files.Read(content[1:])
	default:
		p.Value = []byte(content)
	}
	q.parts = append(q.parts, p)
	return err
}

// partOptions cuts ;type=…, ;filename=… and quotes off a field.
func partOptions(text string) (content, mimeType, fileName string) {
	content, rest := text, ""
	if strings.HasPrefix(text, `"`) {
		if end := strings.LastIndexByte(text, '"'); end > 0 {
			content, rest = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text[1:end]), text[end+1:]
		}
	} else {
		for _, mark := range []string{";type=", ";filename=", ";headers=", ";encoder="} {
			if i := strings.Index(content, mark); i >= 0 {
				content, rest = content[:i], content[i:]+rest
			}
		}
	}
	for option := range strings.SplitSeq(rest, ";") {
		name, value, _ := strings.Cut(option, "=")
		switch strings.TrimSpace(name) {
		case "type":
			mimeType = value
		case "filename":
			fileName = strings.Trim(value, `"`)
		}
	}
	return content, mimeType, fileName
}

// flow returns the request to one URL, with the header lines in the order of
// curl.
func (q *request) flow(address string) (*flow.Flow, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	if !q.globOff && strings.ContainsAny(withoutIPv6(address), "{}[]") {
		return nil, errors.New("its URL is a pattern of several ({}, []); write them one by one, or use -g if it is none")
	}
	at, err := compose.SplitURL(address)
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{Scheme: at.Scheme, Protocol: q.protocol}
	body, contentType, err := q.body()
	if err != nil {
		return nil, err
	}
	for _, text := range q.query {
		at.Target = compose.AddQuery(at.Target, compose.Target(text)[1:])
	}
	if q.get && q.hasData {
		at.Target = compose.AddQuery(at.Target, compose.Target("/" + string(body))[1:])
		body, contentType = nil, ""
	}
	if q.target != "" {
		at.Target = q.target
	}
	f.Request = flow.Request{Method: q.verb(), Target: at.Target, Authority: at.Authority, Body: flow.NewBody(body)}
	if !http1.IsToken(f.Request.Method) {
		return nil, errors.New("its method is not one of HTTP")
	}
	f.Request.Headers, err = q.lines(at, contentType)
	if err != nil {
		return nil, err
	}
	if (len(body) > 0 || q.hasData && !q.get || q.put) && !wire.Chunked(f.Request.Headers) {
		f.Request.Headers = compose.SetHeader(f.Request.Headers, "Content-Length", fmt.Sprint(len(body)))
	}
	return f, nil
}

// withoutIPv6 removes the brackets of an address in the place of the host.
func withoutIPv6(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	if i := strings.IndexByte(host, '['); i >= 0 && strings.Count(host, "[") == 1 && strings.Contains(host, ":") {
		return strings.NewReplacer("[", "", "]", "").Replace(host) + rest[len(host):]
	}
	return address
}

func (q *request) verb() string {
	switch {
	case q.method != "":
		return q.method
	case q.head:
		return http.MethodHead
	case q.put:
		return http.MethodPut
	case q.hasData && !q.get || len(q.parts) > 0:
		return http.MethodPost
	}
	return http.MethodGet
}

func (q *request) body() (data []byte, contentType string, err error) {
	switch {
	case q.put:
		return q.upload, "", nil
	case len(q.parts) > 0 && q.hasData:
		return nil, "", errors.New("it has a form and data at once")
	case len(q.parts) > 0:
		return compose.Multipart(q.parts, "")
	case q.json:
		return []byte(strings.Join(q.data, "")), "application/json", nil
	case q.hasData:
		return []byte(strings.Join(q.data, "&")), "application/x-www-form-urlencoded", nil
	}
	return nil, "", nil
}

// lines returns the header lines: curl's own, each unless -H replaces or
// removes it, then those of -H.
func (q *request) lines(at compose.Location, contentType string) (flow.Headers, error) {
	own, err := q.ownLines(at, contentType)
	if err != nil {
		return nil, err
	}
	var given flow.Headers
	for _, text := range q.headers {
		name, value, ok := strings.Cut(text, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if bare, empty := strings.CutSuffix(name, ";"); !ok && empty {
			name = bare
		} else if value == "" { // "Name:" takes curl's own line away
			own = compose.DropHeader(own, name)
			continue
		}
		if !http1.IsToken(name) {
			return nil, errors.New("one of its header lines has no name")
		}
		if q.addsBoundary(name, value) {
			continue
		}
		if own.Has(name) && strings.EqualFold(name, "Host") {
			own = compose.SetHeader(own, name, value)
			continue
		}
		own = compose.DropHeader(own, name)
		given = append(given, flow.Header{Name: name, Value: value})
	}
	return append(own, given...), nil
}

// ownLines are the lines that curl makes.
func (q *request) ownLines(at compose.Location, contentType string) (flow.Headers, error) {
	own := flow.Headers{{Name: "Host", Value: at.Authority}}
	add := func(name, value string) {
		if value != "" {
			own = append(own, flow.Header{Name: name, Value: value})
		}
	}
	authorization, err := q.authorization(at)
	if err != nil {
		return nil, err
	}
	add("Authorization", authorization)
	if q.bytes != "" {
		add("Range", "bytes="+q.bytes)
	}
	add("User-Agent", cmp.Or(q.agent, "curl"))
	accept := "*/*"
	if q.json {
		accept = "application/json"
	}
	add("Accept", accept)
	if q.gzip {
		add("Accept-Encoding", "deflate, gzip, br, zstd")
	}
	add("Referer", q.referer)
	add("Cookie", strings.Join(q.cookies, "; "))
	add("Content-Type", contentType)
	return own, nil
}

// authorization returns the value of Authorization, "" for none.
func (q *request) authorization(at compose.Location) (string, error) {
	user := q.user
	if user == "" && at.User != "" {
		plain, err := url.PathUnescape(at.User)
		if err != nil {
			return "", errors.New("the user in its URL is not well escaped")
		}
		user = plain
	}
	switch {
	case q.bearer != "":
		return "Bearer " + q.bearer, nil
	case user == "":
		return "", nil
	case !strings.Contains(user, ":"):
		user += ":"
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)), nil
}

// addsBoundary reports whether a line is the type of a form without its boundary. curl
// adds the boundary in a line of its own.
func (q *request) addsBoundary(name, value string) bool {
	kind, params, err := mime.ParseMediaType(value)
	return err == nil && strings.EqualFold(name, "Content-Type") && len(q.parts) > 0 && strings.HasPrefix(kind, "multipart/") && params["boundary"] == ""
}
