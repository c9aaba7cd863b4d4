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
}

// Lend gives entries to the sessions of m that began when their users were logged in
// already. traces are those of the sessions.
func Lend(m *model.Model, traces []Trace) Found {
	l := &lender{m: m, traces: traces, variants: variantsOf(m), bindings: map[string]*model.Binding{}, endpoints: map[string]*model.Endpoint{}, lent: map[int]int{}}
	for i := range m.Bindings {
		l.bindings[m.Bindings[i].Name] = &m.Bindings[i]
	}
	for i := range m.Endpoints {
		l.endpoints[m.Endpoints[i].Name] = &m.Endpoints[i]
	}
	l.findInside()
	l.findWays()
	var f Found
	for i := range m.Sessions {
		if len(traces[i].older) == 0 || !l.wasInside(i) {
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

func variantsOf(m *model.Model) map[[2]string]*model.Variant {
	all := map[[2]string]*model.Variant{}
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			v := &m.Endpoints[i].Variants[k]
			all[[2]string{m.Endpoints[i].Name, v.Name}] = v
		}
	}
	return all
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
		if w.acts = l.acts(i, k); len(w.acts) > mostActs {
			continue
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
// what gave the credentials that are sent later, and what these take values and cookies from.
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
			if take := takeOf(&acts[i], n); take.Act >= k && l.credential(value, &acts[i]) {
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
	need := slices.DeleteFunc(slices.Clone(l.traces[session].older), func(name string) bool { return name == "" })
	best := -1
	for i := range l.ways {
		w := &l.ways[i]
		if len(need) > 0 && !l.givesSome(w, need) {
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

// onto lets acts of a session that send what their user had been given before the recording,
// such as the token of a form, send what the entry is given: they become acts of the variant
// whose requests are the same but for that.
func (l *lender) onto(s *model.Session) {
	gives := map[string]bool{}
	for i := range s.Entry {
		gives[s.Entry[i].Endpoint] = true
	}
	for k := range s.Acts {
		a := &s.Acts[k]
		v := l.variants[[2]string{a.Endpoint, a.Variant}]
		if v == nil || a.Row == 0 || len(a.Takes) > 0 {
			continue
		}
		e := l.endpoints[a.Endpoint]
		for i := range e.Variants {
			if to := &e.Variants[i]; to != v && l.isIssued(v, to, gives) {
				row := make([]string, 0, len(to.RowColumns()))
				for _, x := range to.RowColumns() {
					row = append(row, v.Rows[a.Row-1][slices.Index(v.RowColumns(), x)])
				}
				to.Rows = append(to.Rows, row)
				a.Variant, a.Row = to.Name, len(to.Rows)
				break
			}
		}
	}
}

// isIssued reports whether two variants are the same but for recorded values of one that
// are issued in the other, by the endpoints of an entry.
func (l *lender) isIssued(v, to *model.Variant, gives map[string]bool) bool {
	kinds := map[string]model.ValueKind{}
	for _, x := range v.Values {
		kinds[x.Name] = x.Kind
	}
	issued := false
	for _, x := range to.Values {
		switch kind, has := kinds[x.Name]; {
		case x.Kind == model.Row && kind == model.Row:
		case x.Kind != model.Bound || x.Own || has && kind != model.Row:
			return false
		default:
			b := l.bindings[x.Ref]
			if b == nil || !slices.ContainsFunc(b.Sources, func(s model.Select) bool { return gives[s.Endpoint] }) {
				return false
			}
			issued = issued || has
		}
		delete(kinds, x.Name)
	}
	return issued && len(kinds) == 0 && sameRequest(&v.Request, &to.Request)
}

// sameRequest reports whether two requests have the same texts and holes. b may change a
// live form in place of sending one of its own.
func sameRequest(a, b *model.Request) bool {
	return a.Method == b.Method && a.Target == b.Target && a.Body == b.Body && slices.Equal(a.Headers, b.Headers) && (a.Changes == "" || a.Changes == b.Changes)
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
