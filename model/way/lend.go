package way

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// mostActs bounds the acts of a way in.
const mostActs = 16

// Found says what became of the sessions whose users were logged in before.
type Found struct {
	Entered  int // sessions that have an entry now
	Borrowed int // of these: with the recorded account of another user, since no data file tells others
	Unknown  int // sessions for which the recording shows no way in
	Ways     int // sessions that show one
}

// Lend gives entries to the sessions of m that began when their users were logged in
// already. traces are those of the sessions.
func Lend(m *model.Model, traces []Trace) Found {
	l := &lender{m: m, traces: traces, variants: m.Variants(), bindings: map[string]*model.Binding{}, endpoints: map[string]*model.Endpoint{}, lent: map[int]int{}}
	for i := range m.Bindings {
		l.bindings[m.Bindings[i].Name] = &m.Bindings[i]
	}
	for i := range m.Endpoints {
		l.endpoints[m.Endpoints[i].Name] = &m.Endpoints[i]
	}
	l.findInside()
	l.findWays()
	f := Found{Ways: len(l.ways)}
	for i := range m.Sessions {
		switch {
		case len(traces[i].older) == 0:
			continue
		case !l.wasInside(i):
			l.onto(&m.Sessions[i]) // it may send a form that was shown before
			continue
		}
		w := l.wayFor(i)
		if w == nil {
			f.Unknown++
			m.Sessions[i].Begun = true
			continue
		}
		f.Entered++
		l.lend(w, &m.Sessions[i])
		l.onto(&m.Sessions[i])
		if m.Sessions[w.of].User != m.Sessions[i].User && !l.usesData(w) {
			f.Borrowed++
		}
	}
	return f
}

// usesData reports whether who logs in on a way has the row of a data file.
func (l *lender) usesData(w *way) bool {
	a := &l.m.Sessions[w.of].Acts[w.entered]
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	return v != nil && slices.ContainsFunc(v.Values, func(x model.Value) bool { return x.Kind == model.Data })
}

// A lender finds ways in.
type lender struct {
	m         *model.Model
	traces    []Trace
	endpoints map[string]*model.Endpoint
	variants  map[[2]string]*model.Variant // by endpoint and name
	bindings  map[string]*model.Binding
	inside    map[answer]bool // answers that only those get who have logged in
	ways      []way
	lent      map[int]int // how often, by way
}

// An answer is what an act was answered.
type answer struct {
	endpoint, outcome string
	status            int
}

// A way leads in: acts of a session.
type way struct {
	of      int
	acts    []int
	entered int // the act that says who the user is
}

func answerOf(a *model.Act) answer { return answer{a.Endpoint, a.Outcome, a.Status} }

// first returns the first act of a session that logs its user in, or the number of acts.
func (l *lender) first(session int) int {
	is := l.traces[session].is
	if i := slices.IndexFunc(is, func(t trait) bool { return t&enters != 0 }); i >= 0 {
		return i
	}
	return len(is)
}

// findInside finds the answers that only those get who have logged in.
func (l *lender) findInside() {
	l.inside = map[answer]bool{}
	outside := map[answer]bool{}
	for i := range l.m.Sessions {
		known := len(l.traces[i].older) > 0 // who was in already may have been so from the start
		entered := l.first(i)
		for k := range l.m.Sessions[i].Acts {
			at := answerOf(&l.m.Sessions[i].Acts[k])
			switch {
			case k > entered:
				l.inside[at] = true
			case !known || at.status == http.StatusUnauthorized || at.status == http.StatusForbidden:
				outside[at] = true
			}
		}
	}
	for at := range outside {
		delete(l.inside, at)
	}
}

// wasInside reports whether the user of a session was in before the session logs in, if it
// ever does.
func (l *lender) wasInside(session int) bool {
	acts, t := l.m.Sessions[session].Acts, &l.traces[session]
	for k := range min(len(acts), l.first(session)) {
		if t.is[k]&before != 0 && (l.inside[answerOf(&acts[k])] || l.ownCredential(&acts[k])) {
			return true
		}
	}
	return false
}

// ownCredential reports whether an act sends a credential that no answer of the session
// issued, although answers issue those of others.
func (l *lender) ownCredential(a *model.Act) bool {
	for n, value := range l.takers(a) {
		if takeOf(a, n).Act == model.Own && l.credential(value, a) {
			return true
		}
	}
	return false
}

// writes reports whether an act changed something.
func (l *lender) writes(a *model.Act) bool {
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	return v != nil && a.Status < http.StatusBadRequest && v.Request.Method != "GET" && v.Request.Method != "HEAD" && v.Request.Method != "OPTIONS"
}

// findWays finds one way in each session that logs in, those first that are the commonest.
func (l *lender) findWays() {
	common := map[string]int{}
	for i := range l.m.Sessions {
		k := l.first(i)
		if k == len(l.traces[i].is) || l.makesAccount(&l.m.Sessions[i].Acts[k]) {
			continue
		}
		w := way{of: i, entered: k}
		if w.acts = l.acts(i, k); len(w.acts) > mostActs || w.acts[0] == k && l.traces[i].is[k]&before != 0 {
			continue // the form that it sends was shown before the recording
		}
		common[l.m.Sessions[i].Acts[k].Endpoint]++
		l.ways = append(l.ways, w)
	}
	slices.SortStableFunc(l.ways, func(a, b way) int {
		x, y := l.m.Sessions[a.of].Acts[a.entered].Endpoint, l.m.Sessions[b.of].Acts[b.entered].Endpoint
		return cmp.Or(cmp.Compare(common[y], common[x]), cmp.Compare(x, y))
	})
}

// makesAccount reports whether a request makes an account instead of using one: it sends
// something that its client makes anew each time.
func (l *lender) makesAccount(a *model.Act) bool {
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	return v == nil || slices.ContainsFunc(v.Values, func(x model.Value) bool { return x.Kind == model.Fresh })
}

// acts returns those that lead in with act k of a session: it and the redirects behind it,
// what first gave the credentials that are sent later, and what these take values and cookies from.
func (l *lender) acts(session, k int) []int {
	acts, is := l.m.Sessions[session].Acts, l.traces[session].is
	need := map[int]bool{k: true}
	for i := range acts {
		if is[i]&onward != 0 && i > k && i <= k+mostActs {
			need[i] = true
		}
		if is[i]&gives != 0 && i < k && !l.writes(&acts[i]) {
			need[i] = true
		}
		for n, value := range l.takers(&acts[i]) {
			if take := takeOf(&acts[i], n); take.Act >= k && l.credential(value, &acts[i]) && !l.isIn(&acts[take.Act]) {
				need[take.Act] = true
			}
		}
	}
	for i := len(acts) - 1; i >= 0; i-- {
		if !need[i] {
			continue
		}
		for n, value := range l.takers(&acts[i]) {
			if from := l.from(acts, i, takeOf(&acts[i], n), value); from >= 0 {
				need[from] = true
			}
		}
	}
	var list []int
	for i := range acts {
		if need[i] {
			list = append(list, i)
		}
	}
	return list
}

// takers yields the values that an act may take from a place of its own, by number.
func (l *lender) takers(a *model.Act) func(func(int, *model.Value) bool) {
	return func(yield func(int, *model.Value) bool) {
		v := l.variants[[2]string{a.Endpoint, a.Variant}]
		if v == nil {
			return
		}
		for n, at := range v.Takers() {
			if !yield(n, &v.Values[at]) {
				return
			}
		}
	}
}

func takeOf(a *model.Act, n int) model.Take {
	if n < len(a.Takes) {
		return a.Takes[n]
	}
	return model.Take{Act: model.Latest}
}

// from returns the act that another takes a value from, or -1.
func (l *lender) from(acts []model.Act, i int, take model.Take, value *model.Value) int {
	if take.Act != model.Latest || value.Kind != model.Bound {
		return take.Act
	}
	b := l.bindings[value.Ref]
	for k := i - 1; k >= 0 && b != nil; k-- {
		if slices.ContainsFunc(b.Sources, func(s model.Select) bool { return s.Endpoint == acts[k].Endpoint }) {
			return k
		}
	}
	return -1
}

// isIn reports whether an act sends a credential: its user is in, and what it gives takes the
// place of that.
func (l *lender) isIn(a *model.Act) bool {
	for _, value := range l.takers(a) {
		if l.credential(value, a) {
			return true
		}
	}
	return false
}

// credential reports whether a value stands in a header of a request: it says who sends it.
func (l *lender) credential(value *model.Value, a *model.Act) bool {
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	return value.Kind == model.Bound && slices.ContainsFunc(v.Request.Headers, func(h model.Header) bool {
		return !strings.EqualFold(h.Name, "Referer") && strings.Contains(h.Value, fmt.Sprintf("${%s}", value.Name))
	})
}

// wayFor chooses the way in for a session: one of its user, or else the one that was lent
// least among the commonest that give what the session needs.
func (l *lender) wayFor(session int) *way {
	cookies := slices.DeleteFunc(slices.Clone(l.traces[session].older), func(name string) bool { return name == "" })
	tokens := l.tokens(&l.m.Sessions[session])
	best := -1
	for i := range l.ways {
		w := &l.ways[i]
		if len(tokens) > 0 && !l.issuesSome(w, tokens) || len(tokens) == 0 && !l.givesSome(w, cookies) {
			continue
		}
		if user := l.m.Sessions[session].User; user != "" && l.m.Sessions[w.of].User == user {
			return w
		}
		if best < 0 || l.lent[i] < l.lent[best] && l.endpoint(i) == l.endpoint(best) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	l.lent[best]++
	return &l.ways[best]
}

func (l *lender) endpoint(i int) string {
	w := &l.ways[i]
	return l.m.Sessions[w.of].Acts[w.entered].Endpoint
}

// tokens are the bindings of credentials that a session sends and that none of its answers
// issued.
func (l *lender) tokens(s *model.Session) (list []*model.Binding) {
	for i := range s.Acts {
		for n, value := range l.takers(&s.Acts[i]) {
			if b := l.bindings[value.Ref]; takeOf(&s.Acts[i], n).Act == model.Own && l.credential(value, &s.Acts[i]) && b != nil && !slices.Contains(list, b) {
				list = append(list, b)
			}
		}
	}
	return list
}

// issuesSome reports whether answers of a way issue one of these.
func (l *lender) issuesSome(w *way, list []*model.Binding) bool {
	return slices.ContainsFunc(list, func(b *model.Binding) bool {
		return slices.ContainsFunc(w.acts, func(i int) bool {
			return slices.ContainsFunc(b.Sources, func(s model.Select) bool { return s.Endpoint == l.m.Sessions[w.of].Acts[i].Endpoint })
		})
	})
}

// givesSome reports whether answers of a way give a cookie of one of these names.
func (l *lender) givesSome(w *way, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(l.traces[w.of].given, name) })
}

// lend gives a session the acts of a way, one after the other.
func (l *lender) lend(w *way, to *model.Session) {
	from := &l.m.Sessions[w.of]
	for n, i := range w.acts {
		a := from.Acts[i]
		a.After, a.Delay, a.Step, a.Poll, a.Echoes, a.Strand = nil, 0, "", 0, nil, ""
		if n > 0 {
			a.After = []int{n - 1}
		}
		a.Takes = slices.Clone(a.Takes)
		for k, t := range a.Takes {
			if t.Act < 0 {
				continue
			}
			if a.Takes[k].Act = slices.Index(w.acts, t.Act); a.Takes[k].Act < 0 {
				a.Takes[k] = model.Take{Act: model.Latest}
			}
		}
		to.Entry = append(to.Entry, a)
	}
	if from.User == to.User {
		to.Account = from.Account
		return
	}
	l.kinds(from, to)
}

// kinds gives a session whose account is not known one of the kind that the way in is for.
func (l *lender) kinds(from, to *model.Session) {
	known := to.Account
	to.Account = slices.Clone(known)
	for _, f := range from.Account {
		file, column, _ := strings.Cut(f.Ref, ".")
		i := slices.IndexFunc(l.m.Data, func(s model.Source) bool { return s.Name == file })
		has := slices.ContainsFunc(known, func(x model.Field) bool { return strings.HasPrefix(x.Ref, file+".") })
		if i >= 0 && slices.Contains(l.m.Data[i].Kinds, column) && !has {
			to.Account = append(to.Account, f)
		}
	}
}
