package way

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/record/flow"
)

// Ways tell how users get in: which requests log them in, and by which cookies the target
// knows them afterwards.
type Ways struct {
	logins  *identity.Logins
	cookies map[string]bool // names
}

// New returns Ways that have seen nothing.
func New() *Ways { return &Ways{identity.NewLogins(), map[string]bool{}} }

// Limits of what is looked at.
const (
	leastBits   = 24 // of information in a cookie that tells users apart
	leastLength = 8  // of such a cookie
	mostTokens  = 4  // of a session
	mostAnswers = 64 // that are searched for the origin of a token
)

// A trait is what an exchange says of how its user got in.
type trait uint8

const (
	enters     trait = 1 << iota // it lets the user in
	onward                       // it follows the redirects of such a request
	gives                        // its answer gives a cookie by which the target knows the user
	before                       // it carries a cookie or token that no answer of the session gave
	holdsToken                   // that is a token
)

// A Trace is what the exchanges of a session say of how its user got in.
type Trace struct {
	is    []trait
	older []string // names of the cookies that it had before; "" stands for a token
	given []string // names of the cookies by which the target knows the user, as far as answers gave them
}

// Look reads the flows of a session, in the order of their start. All have answers.
func (w *Ways) Look(flows []*flow.Flow) {
	for _, f := range flows {
		w.logins.Read(f)
	}
	var set []string
	is := w.entering(flows)
	for i, f := range flows {
		for name, value := range setCookies(f) {
			if len(value) >= leastLength && content.Bits(value) >= leastBits {
				set = append(set, name)
			}
		}
		if is[i]&(enters|onward) != 0 {
			for _, name := range set {
				w.cookies[name] = true
			}
		}
	}
}

// entering finds the exchanges of a session that let its user in: those with a password, and
// those that give a token to who has none. It also finds those that carry a token which no
// answer of the session gave.
func (w *Ways) entering(flows []*flow.Flow) []trait {
	is := make([]trait, len(flows))
	gave := map[string]int{} // the exchange that gave a token; -1: none did
	for i, f := range flows {
		if w.logins.Enters(f) {
			is[i] |= enters
		}
		token := bearer(&f.Request)
		if _, known := gave[token]; token == "" || !known && len(gave) == mostTokens {
			continue
		} else if !known {
			if gave[token] = giver(flows[:i], token); gave[token] >= 0 && bearer(&flows[gave[token]].Request) == "" {
				is[gave[token]] |= enters
			}
		}
		if gave[token] < 0 {
			is[i] |= before | holdsToken
		}
	}
	for i, f := range flows {
		for k := i - 1; k >= max(0, i-mostActs) && is[i]&enters == 0; k-- {
			if is[k]&(enters|onward) != 0 && follows(flows[k], f) {
				is[i] |= onward
			}
		}
	}
	return is
}

// follows reports whether a request goes where the answer of another leads.
func follows(f, next *flow.Flow) bool {
	if f.Response.Status/100 != 3 || next.Request.Method != "GET" {
		return false
	}
	from, err := url.Parse(f.URL())
	if err != nil {
		return false
	}
	to, err := from.Parse(f.Response.Headers.Value("Location"))
	return err == nil && to.Host == next.Request.Authority && to.RequestURI() == next.Request.Target
}

// Trace reads the flows of a session, in the order of their start, when all have been
// looked at.
func (w *Ways) Trace(flows []*flow.Flow) Trace {
	t := Trace{is: w.entering(flows)}
	given := map[string]bool{}
	for i, f := range flows {
		if t.is[i]&holdsToken != 0 {
			t.older = append(t.older, "")
		}
		for name, value := range sentCookies(f.Request.Headers) {
			if w.cookies[name] && !given[name+"="+value] {
				t.is[i] |= before
				t.older = append(t.older, name)
			}
		}
		for name, value := range setCookies(f) {
			given[name+"="+value] = true
			if w.cookies[name] {
				t.is[i] |= gives
				t.given = append(t.given, name)
			}
		}
	}
	slices.Sort(t.older)
	slices.Sort(t.given)
	t.older, t.given = slices.Compact(t.older), slices.Compact(t.given)
	return t
}

// bearer returns the token of a request, "" for none.
func bearer(r *flow.Request) string {
	scheme, token, ok := strings.Cut(r.Headers.Value("Authorization"), " ")
	if !ok {
		scheme, token = "", scheme
	}
	if strings.EqualFold(scheme, "Basic") || strings.Contains(token, ",") || content.Bits(token) < leastBits {
		return ""
	}
	return token
}

// giver returns the last exchange of a session whose answer holds a token, or -1.
func giver(flows []*flow.Flow, token string) int {
	for i := len(flows) - 1; i >= max(0, len(flows)-mostAnswers); i-- {
		r := flows[i].Response
		if slices.ContainsFunc(r.Headers, func(h flow.Header) bool { return strings.Contains(h.Value, token) }) ||
			bytes.Contains(content.New(r).Body(), []byte(token)) {
			return i
		}
	}
	return -1
}

// Jarred returns the flows of a session without the cookies by which the target knows a user
// who has logged in, as far as no answer of the session gave them: a replay gets its own.
// Flows that have none are the same.
func (w *Ways) Jarred(flows []*flow.Flow) []*flow.Flow {
	if len(w.cookies) == 0 {
		return flows
	}
	given := map[string]bool{}
	out := make([]*flow.Flow, len(flows))
	for i, f := range flows {
		out[i] = w.jarred(f, given)
		for name, value := range setCookies(f) {
			given[name+"="+value] = true
		}
	}
	return out
}

func (w *Ways) jarred(f *flow.Flow, given map[string]bool) *flow.Flow {
	drop := false
	for name, value := range sentCookies(f.Request.Headers) {
		drop = drop || w.cookies[name] && !given[name+"="+value]
	}
	if !drop {
		return f
	}
	out := *f
	out.Request.Headers = nil
	for _, h := range f.Request.Headers {
		if strings.EqualFold(h.Name, "Cookie") {
			if h.Value = w.others(h.Value, given); h.Value == "" {
				continue
			}
		}
		out.Request.Headers = append(out.Request.Headers, h)
	}
	return &out
}

// others are the cookies of a field that are not those of a login from before.
func (w *Ways) others(line string, given map[string]bool) string {
	var kept []string
	for pair := range strings.SplitSeq(line, ";") {
		pair = strings.TrimSpace(pair)
		if name, _, _ := strings.Cut(pair, "="); !w.cookies[name] || given[pair] {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "; ")
}

// setCookies yields the cookies that an answer sets, without those that it takes away.
func setCookies(f *flow.Flow) func(func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for _, line := range f.Response.Headers.Values("Set-Cookie") {
			pair, _, _ := strings.Cut(line, ";")
			name, value, ok := strings.Cut(pair, "=")
			if ok && value != "" && !yield(strings.TrimSpace(name), strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// sentCookies yields the cookies of a request.
func sentCookies(h flow.Headers) func(func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for _, line := range h.Values("Cookie") {
			for pair := range strings.SplitSeq(line, ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if ok && !yield(name, value) {
					return
				}
			}
		}
	}
}
