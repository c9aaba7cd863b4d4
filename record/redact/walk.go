package redact

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// maxDepth is how many nested encodings are decoded.
const maxDepth = 8

// A walker walks flows and finds secrets. It changes copies in place. That works because
// a pseudonym is as long as its secret.
type walker struct {
	maker     *maker  // nil: only report
	known     *known  // nil: only find what has a name or a form
	issued    *issued // nil: credentials are secrets, wherever they stood before
	decode    Decoder
	addresses bool
	all       *Rules

	scope     *scope
	authority string // the host of scope
	scopes    map[string]*scope

	site  string          // the site of the pages and forms being walked
	asked map[string]bool // names of password fields, by site

	bodies cleanBodies
	login  login

	arena   []byte
	changed bool // something was replaced since it was last set to false
	depth   int
	inURL   int // how many layers give + and / another meaning

	unescaped int // how many layers had their backslashes decoded

	report func(Kind) // called for each secret, instead of replacing it
	unread int        // bodies that could not be looked into, where there is a report
	part   string     // the part being walked: "request target"
	name   string     // the name of the header or field being walked

	clean [256]cleaned
	seed  maphash.Seed
	codec codec
}

// A cleaned value holds no secret. That was found when the known table had added entries.
type cleaned struct {
	value string
	scope *scope
	added uint64
	set   bool
}

// flow walks one flow.
func (w *walker) flow(f *flow.Flow) {
	w.enter(f.Request.Authority)
	w.site = f.Request.Authority
	w.part, w.name = "request target", ""
	f.Request.Authority = w.host(f.Request.Authority)
	f.Request.Target = w.target(f.Request.Target)
	w.part = "request"
	f.Request.Headers = w.headers(f.Request.Headers)
	logsIn := isProtobufMedia(f.Request.Headers.Value("Content-Type")) && logsIn(f.Request.Target)
	w.enterLogin(logsIn, true)
	f.Request.Body, f.Request.Headers = w.body(f.Request.Body, f.Request.Headers)
	w.enterLogin(false, true)
	f.Request.Trailers = w.headers(f.Request.Trailers)
	w.part = "interim response"
	for i := range f.Interim {
		if h := w.headers(f.Interim[i].Headers); !same(h, f.Interim[i].Headers) {
			f.Interim = slices.Clone(f.Interim)
			f.Interim[i].Headers = h
		}
	}
	w.part = "response"
	if f.Response != nil {
		r := *f.Response
		r.Headers = w.headers(r.Headers)
		w.enterLogin(logsIn, false)
		r.Body, r.Headers = w.body(r.Body, r.Headers)
		w.enterLogin(false, false)
		r.Trailers = w.headers(r.Trailers)
		if !same(r.Headers, f.Response.Headers) || !same(r.Trailers, f.Response.Trailers) || !same(r.Body.Data, f.Response.Body.Data) || r.Body.Hash != f.Response.Body.Hash || f.Response.Body.Open != nil {
			f.Response = &r
		}
	}
	w.part, w.name = "message", ""
	w.messages(f, logsIn)
}

// enterLogin says whether what is walked next is a message of a call that logs in.
func (w *walker) enterLogin(logsIn, sent bool) {
	switch {
	case !logsIn:
		w.login = loginNone
	case sent:
		w.login = loginSent
	default:
		w.login = loginAnswered
	}
}

// same reports whether two slices are the same slice.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// load copies s to a place where it can be changed. Only the last loaded copy may be
// unloaded.
func (w *walker) load(s string) []byte {
	w.changed = false
	w.arena = append(w.arena[:0], s...)
	return w.arena[:len(s):len(s)]
}

// unload returns the string that b has become.
func (w *walker) unload(b []byte, s string) string {
	if !w.changed {
		return s
	}
	return string(b)
}

// host walks the host of a request. Credentials may stand before it.
func (w *walker) host(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	b := w.load(s)
	w.userinfo(b[:at])
	return w.unload(b, s)
}

// target walks the path and the query of a request.
func (w *walker) target(s string) string {
	b := w.load(s)
	path, query, _ := bytes.Cut(b, []byte("?"))
	w.inURL++
	w.path(path)
	if len(query) > 0 {
		w.form(query)
	}
	w.inURL--
	return w.unload(b, s)
}

// headers walks field lines. It returns the same lines, or changed copies.
func (w *walker) headers(h flow.Headers) flow.Headers {
	out := h
	for i := range h {
		v := w.header(h[i].Name, h[i].Value)
		if w.changed {
			if same(out, h) {
				out = slices.Clone(h)
			}
			out[i].Value = v
		}
	}
	return out
}

// header walks the value of one field line.
func (w *walker) header(name, value string) string {
	w.changed = false
	rule := w.scope.header(name)
	if rule == headerKept || value == "" {
		return value
	}
	if rule == headerText {
		slot := &w.clean[maphash.String(w.seed, value)%uint64(len(w.clean))]
		if slot.set && slot.added == w.generation() && slot.scope == w.scope && slot.value == value {
			return value
		}
		b := w.load(value)
		w.name = name
		w.text(b)
		if !w.changed && w.report == nil {
			*slot = cleaned{value, w.scope, w.generation(), true}
		}
		return w.unload(b, value)
	}
	b := w.load(value)
	w.name = name
	switch rule {
	case headerAuthorization:
		w.authorization(b, KindAuthorization)
	case headerCookie:
		w.cookies(b)
	case headerSetCookie:
		pair, _, _ := bytes.Cut(b, []byte(";"))
		w.cookie(pair)
	case headerAddress:
		return w.addressList(value)
	case headerLikely:
		w.field(likely, b)
	case headerProtocols:
		w.protocols(b)
	default:
		w.secret(b, KindToken)
	}
	return w.unload(b, value)
}

// protocols walks the list of WebSocket protocols. Clients that cannot set another header
// send tokens in it: "chat, TOKEN", or "base64url.bearer.authorization.k8s.io.TOKEN".
func (w *walker) protocols(b []byte) {
	for item := range bytes.SplitSeq(b, []byte(",")) {
		item = bytes.TrimSpace(item)
		i := bytes.LastIndexByte(item, '.')
		switch {
		case i < 0:
			w.field(likely, item)
		case bytes.Contains(bytes.ToLower(item[:i]), []byte("bearer")):
			w.field(likely, item[i+1:])
		default: // the name of a host or of a version
			w.text(item)
		}
	}
}

// path walks the path of a request. Links that are sent to one person carry tokens. A
// segment that looks random is a token if it follows a word of such links:
// "/reset-password/TOKEN", "/invitations/TOKEN/accept".
func (w *walker) path(b []byte) {
	done := 0
	for start := 0; start < len(b); {
		end := start
		for end < len(b) && b[end] != '/' {
			end++
		}
		if segment := b[start:end]; len(segment) >= 16 && start > 0 && random(segment) && (isLinkWord(b[bytes.LastIndexByte(b[:start-1], '/')+1:start-1]) || isHook(b[:start-1])) {
			w.text(b[done:start])
			w.secret(segment, KindToken)
			done = end
		}
		start = end + 1
	}
	w.text(b[done:])
}

// isLinkWord reports whether a segment of a path contains one of linkWords.
func isLinkWord(segment []byte) bool {
	return slices.ContainsFunc(wordsOf(string(segment)), func(word string) bool { return slices.Contains(linkWords, word) })
}

// isHook reports whether a path ends like that of a webhook of Slack, before its key: with
// the numbers of a team and of a channel, T… and B….
func isHook(path []byte) bool {
	rest, channel, _ := cutLast(path)
	_, team, ok := cutLast(rest)
	return ok && len(team) >= 9 && len(channel) >= 9 && team[0] == 'T' && channel[0] == 'B' && !bytes.ContainsFunc(path[len(path)-len(team)-len(channel)-1:], func(r rune) bool { return r >= 'a' && r <= 'z' })
}

// cutLast cuts off the last segment of a path.
func cutLast(path []byte) (rest, segment []byte, ok bool) {
	i := bytes.LastIndexByte(path, '/')
	if i < 0 {
		return nil, path, false
	}
	return path[:i], path[i+1:], true
}

// linkWords are words in the paths of links that are sent to one person, as the routes
// of Devise, Django, Laravel and GoTrue name them. Unsubscribing is that of RFC 8058.
var linkWords = []string{"reset", "recover", "recovery", "verify", "verification", "confirm", "confirmation", "activate", "activation",
	"invite", "invites", "invitation", "invitations", "magic", "unsubscribe", "token", "tokens", "secret", "secrets", "apikey"}

// generation changes whenever more secrets become known. A value may hold one of them.
func (w *walker) generation() uint64 {
	if w.known == nil {
		return 0
	}
	return w.known.added
}

// cookies walks the value of a Cookie header.
func (w *walker) cookies(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, ';')
		if end < 0 {
			end = len(b)
		}
		w.cookie(b[:end])
		b = b[min(end+1, len(b)):]
	}
}

// cookie walks NAME=VALUE.
func (w *walker) cookie(pair []byte) {
	name, value, ok := bytes.Cut(pair, []byte("="))
	if !ok {
		w.text(pair)
		return
	}
	name = bytes.TrimSpace(name)
	if w.scope.keepsCookie(name) {
		return
	}
	w.label(name)
	if w.known != nil && w.scope.field(name).secret() && distinctive(value) {
		w.known.add(value) // a session by its name, whatever it looks like
	}
	w.secret(value, KindCookie)
}

// label notes the name of the value that is walked next, for reports.
func (w *walker) label(name []byte) {
	if w.report != nil {
		w.name = string(name[:min(len(name), 64)])
	}
}

// messages walks the messages of a stream. logsIn says that it is a gRPC call that logs
// in.
func (w *walker) messages(f *flow.Flow, logsIn bool) {
	cloned := false
	for i := range f.Messages {
		m := &f.Messages[i]
		if len(m.Data) == 0 {
			continue
		}
		w.changed = false
		w.arena = append(w.arena[:0], m.Data...)
		b := w.arena[:len(m.Data):len(m.Data)]
		switch m.Kind {
		case flow.MessageEvent:
			w.events(b)
		case flow.MessageGRPC:
			w.enterLogin(logsIn, m.FromClient)
			w.protobuf(b)
			w.enterLogin(false, m.FromClient)
		default:
			w.content(b, "")
		}
		if !w.changed {
			continue
		}
		if !cloned {
			f.Messages, cloned = slices.Clone(f.Messages), true
		}
		f.Messages[i].Data = bytes.Clone(b)
	}
}
