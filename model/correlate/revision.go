package correlate

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
)

// Who changes a record says which state of it was read: its revision, a lock version, an
// ETag, the time of its last change. Everybody sees the same small number, and it may be
// the same in all recorded sessions, so what tells where it comes from is what it stands
// beside: it is the member of that name of the record that the request identifies, in the
// latest answer that showed it.

// Evidence that a member with a name of any kind is a revision.
const (
	minGrown   = 3    // changes after which the record had a greater one …
	grownShare = 0.95 // … of all
)

// maxRevised bounds the values of a member that are looked at in one answer.
const maxRevised = 2000

// pin binds the revisions of what requests change.
func (l *Learner) pin() {
	for _, t := range l.targets {
		if len(t.leaves) == 0 || !t.sample().writes() {
			continue
		}
		for _, p := range t.leaves {
			if p.partly() && p.mayRevise() {
				l.pinLeaf(p)
			}
		}
	}
}

// mayRevise reports whether a leaf has the form of a revision in one of its requests.
func (p *leaf) mayRevise() bool {
	if p.header() != "" && p.header() != "If-Match" || p.span.Place == content.InPath || p.span.Place == content.InCookie || p.isPart() {
		return false
	}
	if o := p.outermost(); p.hidden && (o.pieces != nil || o.hidden || o.settled) {
		return false
	}
	return slices.ContainsFunc(p.uses[:min(len(p.uses), maxLooked)], func(u use) bool { return u.revised(p).name != "" })
}

// pinLeaf binds a leaf whose values are revisions.
func (l *Learner) pinLeaf(p *leaf) {
	known := p.known()
	var locate locator = func(u use) (spot, bool) {
		if s, ok := known(u); ok {
			return s, true
		}
		s, state := u.revised(p).latest()
		return s, (state == isLatest || state == isEarlier && u.refusedAsStale()) && l.picks(p.target, u.exchange, s)
	}
	uses, counted := p.uses, false
	if !p.revises(uses) {
		if uses, counted = previous(uses), true; p.pieces != nil || !p.revises(uses) {
			return
		}
	}
	spots := locate.all(uses)
	if len(spots) == len(known.all(uses)) {
		return
	}
	p.pieces = []piece{l.place(p.ground(model.OnDocument), uses, spots, locate)}
	if counted {
		p.pieces[0].value.Codec = string(codec.Next)
	}
	if p.hidden {
		o := p.outermost()
		o.show()
		o.open()
	}
}

// admitRevision notes revisions by their name that are sent as recorded, where it is known
// that records of the target have such ones.
func (l *Learner) admitRevision(p *leaf, uses []use) bool {
	if !p.target.sample().writes() || p.isPart() {
		return false
	}
	var found []use
	reason := "has the name of a revision, and no earlier answer showed one of what it stands beside"
	varies := !constant(uses)
	for _, u := range uses[:min(len(uses), maxPlaced)] {
		r := u.revised(p)
		if revisionWord(r.name) == "" || len(r.ids) == 0 {
			continue
		}
		_, state := r.latest()
		switch {
		case state == isLatest || state == isEarlier:
			reason = "is the revision of what it stands beside, which an earlier answer showed in a list, where that may be at another place"
		case state == isAnother:
			reason = "has the name of a revision, and the latest answer showed another one of what it stands beside"
		case !varies && !r.shownOtherwise():
			continue
		}
		found = append(found, u)
	}
	if len(found) == 0 {
		return false
	}
	l.unresolved(p, found, reason, "")
	return true
}

// shownOtherwise reports whether an answer of the session has a member of the name of r with
// another value of its form: the version of a format or of a program says nothing of records.
func (r revised) shownOtherwise() bool {
	return slices.ContainsFunc(r.exchange.session.shownAs(r.name), func(at place) bool {
		return slices.ContainsFunc(at.exchange.values(at.selector), func(v string) bool {
			return v != r.value && content.Kind(v) == content.Kind(r.value)
		})
	})
}

// picks reports whether the element of a list that has s is the one that the request e
// means: it is known among the others, or its identifier comes from there, or is sent as
// recorded. Else what e means may stand at another place.
func (l *Learner) picks(t *target, e *parsed, s spot) bool {
	if !s.listed() || s.from.writes() { // a write is answered in the order of what it changed
		return true
	}
	if _, ok := l.elementAt(s); ok {
		return true
	}
	if e.changes != nil && e.changes.from != s.from {
		return false
	}
	for _, p := range slices.Concat(t.settled, t.leaves) {
		i := p.at(e)
		if i < 0 || len(p.pieces) != 1 || p.pieces[0].binding == nil {
			continue
		}
		if _, ok := identifies(&p.span, e.Path); !ok {
			continue
		}
		if at, ok := p.pieces[0].spot(p.uses[i]); ok && (at.from != s.from || at.match != s.match) {
			return false
		}
	}
	return true
}

// listed reports whether a spot is one of several.
func (s spot) listed() bool {
	return strings.Contains(s.selector, "[]") || len(s.from.values(s.selector)) > 1
}

// previous returns uses with the revision before theirs: that of a client that says which one
// its change makes.
func previous(uses []use) (out []use) {
	for _, u := range uses {
		if value, ok := codec.Decode(codec.Next, u.value); ok {
			out = append(out, use{u.exchange, value})
		}
	}
	return out
}

// revises reports whether the values of uses of a leaf are those that the latest answers
// showed, and revisions by their name, or because the record has a greater one after each
// change.
func (p *leaf) revises(uses []use) bool {
	found, others, grown, stayed := 0, 0, 0, 0
	named := false
	for _, u := range uses[:min(len(uses), maxPlaced)] {
		r := u.revised(p)
		named = named || revisionWord(r.name) != ""
		switch _, state := r.latest(); {
		case state == isLatest:
			found++
			if next, ok := r.next(); ok && u.exchange.Flow.Response.Status < 400 {
				if grew(u.value, next) {
					grown++
				} else {
					stayed++
				}
			}
		case state != unseen && !u.refusedAsStale():
			others++
		}
	}
	if named {
		return found > others
	}
	return found > 4*others && grown >= minGrown && float64(grown) >= grownShare*float64(grown+stayed)
}

// A revised is a value that may be the revision of a record.
type revised struct {
	use
	name string     // of the member; "": the value is none
	ids  []identity // that stand beside it
}

// revised reads the value of u at p as a revision. In a document that is written back, its
// name is that of the member that gets the value.
func (u use) revised(p *leaf) revised {
	r, s := revised{use: u}, p.span.Selector
	if !revisable(u.value) {
		return r
	}
	before, _, ok := strings.Cut(s, "].")
	switch {
	case p.header() != "":
		r.name = "etag"
	case ok && strings.Contains(before, "~document[") && before+"].set" == s:
		for n := 0; ; n++ {
			i := u.exchange.place(before + "].at[" + strconv.Itoa(n) + "]")
			if i < 0 {
				break
			}
			r.name = u.exchange.spans[i].Value
		}
		s = ""
	default:
		key, _, _ := strings.Cut(p.key(), "#")
		key = strings.TrimRight(key, "]")
		r.name = key[strings.LastIndexAny(key, ".[]/@")+1:]
	}
	if _, is := identifier(r.name); revisionWord(r.name) == "" && (is || !grows(u.value)) {
		r.name = ""
	}
	if r.ids = u.exchange.added(s); len(r.ids) == 0 {
		r.ids = nearest(u.exchange.identities(s), s)
	}
	if p.header() != "" {
		r.name = r.shownName()
	}
	return r
}

// nearest returns those of ids that stand in the object which has a place, or all if none does.
func nearest(ids []identity, place string) []identity {
	beside := func(id identity) bool { return objectOf(id.selector) == objectOf(place) }
	if !slices.ContainsFunc(ids, beside) {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id identity) bool { return !beside(id) })
}

// added returns the identifiers that stand beside a place in an object that the change of a
// document brings into it.
func (e *parsed) added(place string) (ids []identity) {
	if !strings.Contains(place, "~document[") {
		return nil
	}
	for i := range e.spans {
		if objectOf(e.spans[i].Selector) != objectOf(place) {
			continue
		}
		if of, ok := identifies(&e.spans[i], e.Path); ok && e.spans[i].Value != "" {
			ids = append(ids, identity{e.spans[i].Value, of, e.spans[i].Selector})
		}
	}
	return ids
}

// shownName returns the name of the member that has the value of If-Match, where no answer
// has an ETag with it.
func (r revised) shownName() string {
	if _, state := r.latest(); state == isLatest || r.name == "" {
		return r.name
	}
	for _, w := range revisionWords {
		other := r
		other.name = w
		if _, state := other.latest(); state == isLatest {
			return w
		}
	}
	return r.name
}

// revisable reports whether a value may be a revision: a short word with a digit in it.
func revisable(v string) bool {
	return len(v) <= 200 && strings.ContainsAny(v, "0123456789") && !strings.ContainsAny(v, "\n<>{}")
}

// revisionWords are the last words of the names of revisions.
var revisionWords = [...]string{"rev", "revision", "version", "ver", "etag", "lock", "sequence", "seq", "seqno", "ctag", "changetag", "generation", "updated", "modified", "mtime", "changed"}

// wordsBehind follow the word that says what a member is: updated_at, versionNumber.
var wordsBehind = [...]string{"at", "on", "date", "time", "timestamp", "no", "number", "num", "token", "tag"}

// versioned are what versions are of, where a name is written as one word.
var versioned = [...]string{"row", "lock", "record", "resource", "object", "entity", "document", "doc", "item", "page"}

// nameParts returns the words of a name in lower case: "expected" and "version" of
// expectedVersion.
func nameParts(name string) []string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) })
}

// revisionWord returns the word by which a name says that it is a revision; "" if it does
// not: "version" of lock_version and expectedVersion, "updated" of updatedAt.
func revisionWord(name string) string {
	list := nameParts(name)
	for len(list) > 1 && slices.Contains(wordsBehind[:], list[len(list)-1]) {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return ""
	}
	last := list[len(list)-1]
	if slices.Contains(revisionWords[:], last) {
		return last
	}
	for _, w := range [...]string{"version", "revision"} {
		if what, ok := strings.CutSuffix(last, w); ok && slices.Contains(versioned[:], what) {
			return w
		}
	}
	return ""
}

// grew reports whether a revision comes after another.
func grew(before, after string) bool {
	a, errA := strconv.ParseFloat(before, 64)
	b, errB := strconv.ParseFloat(after, 64)
	if errA == nil && errB == nil {
		return b > a
	}
	return content.Kind(before) == "date" && content.Kind(after) == "date" && before < after
}

// grows reports whether a value can grow: it is a number or a time.
func grows(v string) bool {
	_, err := strconv.ParseFloat(v, 64)
	return err == nil || content.Kind(v) == "date"
}

// refusedAsStale reports whether the target refused the request for what it changes.
func (u use) refusedAsStale() bool {
	s := u.exchange.Flow.Response.Status
	return s == http.StatusConflict || s == http.StatusPreconditionFailed || s == http.StatusPreconditionRequired
}

// A freshness says what earlier answers showed of the revision that a request has.
type freshness uint8

const (
	unseen    freshness = iota // nothing
	isLatest                   // the latest showed it
	isEarlier                  // an earlier one did, and a later one showed another
	isAnother                  // they showed others
)

// latest returns where the latest answer had the value of r that showed the record. One
// that shows the record alone is better than a list, which may have it at another place.
func (r revised) latest() (found spot, f freshness) {
	x := r.exchange
	for _, at := range slices.Backward(x.session.shownAs(r.name)) {
		if !at.exchange.before(x) {
			continue
		}
		match, ok := r.recordAt(at)
		if !ok {
			continue
		}
		one := spot{at.exchange, at.selector, match}
		switch same := at.exchange.values(at.selector)[match] == r.value; {
		case found.from == nil && !same:
			f = isAnother
		case found.from == nil:
			if found = one; f == unseen {
				f = isLatest
			} else {
				f = isEarlier
			}
		case !same:
			return found, f
		case !one.listed():
			found = one
		}
		if found.from != nil && !found.listed() {
			return found, f
		}
	}
	return found, f
}

// next returns the revision that the first answer showed from the change on.
func (r revised) next() (value string, ok bool) {
	for _, at := range r.exchange.session.shownAs(r.name) {
		if at.exchange.index < r.exchange.index {
			continue
		}
		if match, ok := r.recordAt(at); ok {
			return at.exchange.values(at.selector)[match], true
		}
	}
	return "", false
}

// recordAt returns which match of a place is the member of the record that r is of.
func (r revised) recordAt(at place) (match int, ok bool) {
	values := at.exchange.values(at.selector)
	if len(values) == 0 || len(values) > maxRevised {
		return 0, false
	}
	object := objectOf(at.selector)
	another := false // the answer shows another record there
	for _, selector := range at.exchange.session.members()[at.exchange] {
		_, name := member(selector)
		stem, is := identifier(name)
		if !is || !within(object, objectOf(selector)) {
			continue
		}
		has := at.exchange.values(selector)
		if len(has) != len(values) {
			continue
		}
		for _, id := range r.ids {
			if stem != "" && id.of != "" && !sameThing(stem, id.of) {
				continue
			}
			if i := slices.Index(has, id.value); i >= 0 {
				return i, true
			}
			another = another || stem == ""
		}
	}
	if another || len(values) != 1 || strings.Contains(at.selector, "[]") {
		return 0, false
	}
	return 0, at.exchange.isOf(r.exchange, r.ids)
}

// objectOf returns the selector of the object around a member.
func objectOf(selector string) string {
	of, _ := member(selector)
	return strings.TrimRight(of, "./@")
}

// within reports whether an object is another one or lies in it, in no list of it.
func within(object, other string) bool {
	rest, ok := strings.CutPrefix(object, other)
	return ok && !strings.Contains(rest, "[") && (rest == "" || strings.HasSuffix(other, ":") || strings.ContainsAny(rest[:1], "./"))
}

// isOf reports whether the answer of e is of the record that the request of x identifies:
// it was asked for with the same identifier or, where there is none, at the same address.
func (e *parsed) isOf(x *parsed, ids []identity) bool {
	own := e.identities("")
	if len(own) == 0 && len(ids) == 0 {
		return e.path() == x.path()
	}
	return slices.ContainsFunc(own, func(a identity) bool {
		return slices.ContainsFunc(ids, func(b identity) bool {
			return a.value == b.value && (a.of == "" || b.of == "" || sameThing(a.of, b.of))
		})
	})
}

// shownAs returns the places of the members that are of one kind of revision with a name,
// in the order of the answers.
func (s *session) shownAs(name string) []place {
	key := cmp.Or(revisionWord(name), plainName(name))
	list, had := s.revisions[key]
	if had {
		return list
	}
	for _, e := range s.exchanges {
		for _, selector := range s.members()[e] {
			_, member := member(selector)
			if selector == "header:Etag" {
				member = "etag"
			}
			if cmp.Or(revisionWord(member), plainName(member)) == key {
				list = append(list, place{e, selector})
			}
		}
	}
	if s.revisions == nil {
		s.revisions = map[string][]place{}
	}
	s.revisions[key] = list
	return list
}

// members returns the selectors of the members of JSON and XML in the answers of a session,
// and of their ETags, each once and sorted.
func (s *session) members() map[*parsed][]string {
	if s.membersOf != nil {
		return s.membersOf
	}
	s.membersOf = map[*parsed][]string{}
	for _, list := range s.given() {
		for _, at := range list {
			if (strings.HasPrefix(at.selector, "json:") || strings.HasPrefix(at.selector, "xml:")) && !strings.Contains(at.selector, "|") || at.selector == "header:Etag" {
				s.membersOf[at.exchange] = append(s.membersOf[at.exchange], at.selector)
			}
		}
	}
	for e, list := range s.membersOf {
		slices.Sort(list)
		s.membersOf[e] = slices.Compact(list)
	}
	return s.membersOf
}
