package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/formula"
	"github.com/starling-load/starling/model/made"
)

// A computed value is found by trying: what the requests, the earlier answers and the
// user's row hold is hashed, alone and joined, with and without a key, until the value of
// one request comes out. Then the recipe must give the values of all others. A hash of
// sixteen bytes does not come out by accident.

// Limits of the search.
const (
	maxWork     = 1_500_000 // hashes of short texts, and values looked at, in one Learn
	maxTexts    = 24        // texts of a request
	maxKeys     = 400       // values that may be keys
	maxJoined   = 12        // texts that are joined by threes
	fewKeys     = 60        // keys that are tried with joined texts
	maxHashText = 64 << 10  // bytes of a text
	maxKey      = 512       // bytes of a key
	longText    = 256       // bytes that take as long as the hash of a short text
)

// separators stand between texts that are joined before they are hashed.
var separators = [...]string{"", "\n", ":", ".", "|", "&"}

// compute explains places whose values are computed.
func (l *Learner) compute() {
	budget := maxWork
	l.open(func(p *leaf, uses []use, part bool) {
		if len(uses) == 0 || p.span.Place == content.InText || budget <= 0 {
			return
		}
		r := l.recipe(p, uses, &budget)
		if r == nil {
			return
		}
		l.acceptRecipe(p, uses, r, part)
	})
}

// recipe returns how the values of a place are computed, or nil.
func (l *Learner) recipe(p *leaf, uses []use, budget *int) *recipe {
	switch {
	case len(uses[0].value) == 6 && !constant(uses):
		return l.oneTime(uses, budget)
	case len(uses[0].value) < 20 || constant(uses) && len(uses) > 1:
		return nil
	}
	if r := l.proofKey(p, uses); r != nil {
		return r
	}
	sum, write := digestOf(uses[0].value)
	c := &cook{Learner: l, place: p, uses: uses, sum: sum, write: write, budget: budget}
	for _, h := range formula.Hashes() {
		if h.New().Size() == len(sum) {
			c.hashes = append(c.hashes, h.Name)
		}
	}
	if len(c.hashes) == 0 {
		return nil
	}
	return c.search()
}

// A cook looks for the recipe of one place.
type cook struct {
	*Learner
	place  *leaf
	uses   []use
	sum    string // of the first use
	write  string
	hashes []string // of the size of sum
	budget *int

	texts, keys []known
}

// A known is an ingredient with its value in the first use.
type known struct {
	ingredient
	text string
}

func (c *cook) search() *recipe {
	u := c.uses[0].exchange
	c.texts = c.textsOf(u)
	c.keys = append(c.columns(u.session), c.answers(u)...)
	all := append(slices.Clone(c.texts), c.keys...)
	few := c.keys[:min(fewKeys, len(c.keys))]
	some := append(slices.Clone(c.texts), few...)
	core := c.texts[:min(maxJoined, len(c.texts))]
	withoutKey := []*known{nil}
	for _, step := range []func() *recipe{ // the simplest first
		func() *recipe { return c.try(withoutKey, all, nil, nil) },
		func() *recipe { return c.try(pointers(all), c.texts, nil, nil) },
		func() *recipe { return c.later(u) },
		func() *recipe { return c.try(withoutKey, some, some, nil) },
		func() *recipe { return c.try(pointers(few), core, core, nil) },
		func() *recipe { return c.try(withoutKey, core, core, core) },
		func() *recipe { return c.try(pointers(few[:min(12, len(few))]), core, core, core) },
	} {
		if r := step(); r != nil {
			return r
		}
	}
	return nil
}

func pointers(list []known) []*known {
	out := make([]*known, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// textsOf returns what a request holds that may be hashed, the shorter parts first.
func (c *cook) textsOf(u *parsed) []known {
	var out []known
	add := func(in ingredient, text string) {
		if text != "" && len(text) <= maxHashText && len(out) < maxTexts && !slices.ContainsFunc(out, func(k known) bool { return k.text == text }) {
			out = append(out, known{in, text})
		}
	}
	for _, name := range []string{formula.Body, formula.Target, formula.Method} {
		add(ingredient{part: name}, u.part(name))
	}
	for i := range u.spans {
		if sp := &u.spans[i]; leafy(u.spans, i) && sp.Selector != c.place.span.Selector && len(sp.Value) <= maxKey {
			add(ingredient{span: sp.Selector}, sp.Value)
		}
	}
	for _, name := range []string{formula.Path, formula.Query} {
		add(ingredient{part: name}, u.part(name))
	}
	return out
}

// columns returns what the user of a session has in the data files.
func (l *Learner) columns(s *session) []known {
	var out []known
	for i := range l.data.files {
		f := &l.data.files[i]
		r, ok := s.row[f.Name]
		for k, column := range f.Columns {
			if ok && f.Rows[r][k] != "" {
				out = append(out, known{ingredient{data: f.Name + "." + column}, f.Rows[r][k]})
			}
		}
	}
	return out
}

// answers returns the values of the answers that came before a request, the latest first.
func (c *cook) answers(u *parsed) []known {
	var out []known
	seen := map[source]bool{}
	for _, e := range slices.Backward(u.session.exchanges[:u.index]) {
		if len(out) >= maxKeys || *c.budget <= 0 {
			break
		}
		if !e.before(u) {
			continue
		}
		leaves := slices.Clone(e.doc.Leaves())
		*c.budget -= len(leaves)
		slices.SortStableFunc(leaves, func(a, b content.Leaf) int { return cmp.Compare(order(a.Selector), order(b.Selector)) })
		held := map[string]bool{}
		for _, leaf := range leaves {
			s := source{e.Endpoint, leaf.Selector}
			if len(out) < maxKeys && !seen[s] && !held[leaf.Value] && len(leaf.Value) >= 4 && len(leaf.Value) <= maxKey {
				seen[s], held[leaf.Value] = true, true
				out = append(out, known{ingredient{sources: []source{s}}, leaf.Value})
			}
		}
	}
	return out
}

// try hashes texts of a, b and c joined, with each of the keys, and returns the first
// recipe that gives the values of all uses. A nil key is none, nil b and c are left out.
func (c *cook) try(keys []*known, as, bs, cs []known) *recipe {
	none := []known{{}}
	for _, a := range as {
		for _, b := range orNone(bs, none) {
			for _, d := range orNone(cs, none) {
				parts := joined(a, b, d)
				for _, sep := range separators[:max(1, len(separators)*min(1, len(parts)-1))] {
					texts := make([]string, len(parts))
					for i := range parts {
						texts[i] = parts[i].text
					}
					if r := c.hash(keys, parts, strings.Join(texts, sep), sep); r != nil {
						return r
					}
					if *c.budget <= 0 {
						return nil
					}
				}
			}
		}
	}
	return nil
}

func orNone(list, none []known) []known {
	if list == nil {
		return none
	}
	return list
}

// joined returns the texts that are not left out.
func joined(list ...known) []known {
	return slices.DeleteFunc(list, func(k known) bool { return k.text == "" })
}

// hash hashes a text with each of the keys.
func (c *cook) hash(keys []*known, parts []known, text, sep string) *recipe {
	for _, key := range keys {
		for _, h := range c.hashes {
			*c.budget -= 1 + len(text)/longText
			k := ""
			if key != nil {
				h, k = "hmac_"+h, key.text
			}
			if hashed(h, k, text) != c.sum {
				continue
			}
			r := &recipe{of: h, write: c.write, sep: sep}
			if key != nil {
				r.key = &key.ingredient
			}
			for i := range parts {
				r.parts = append(r.parts, parts[i].ingredient)
			}
			if c.gives(r) {
				return r
			}
		}
	}
	return nil
}

// gives reports whether a recipe gives the values of all uses.
func (l *cook) gives(r *recipe) bool {
	return !slices.ContainsFunc(l.uses, func(u use) bool { return !r.makes(l.Learner, u) })
}

// later finds a value that the client proves to know before it shows it: it sends the
// hash first (RFC 7636).
func (c *cook) later(u *parsed) *recipe {
	for _, e := range u.session.exchanges[u.index+1:] {
		for i := range e.spans {
			sp := &e.spans[i]
			if len(sp.Value) < 8 || len(sp.Value) > maxKey || !leafy(e.spans, i) {
				continue
			}
			for _, h := range c.hashes {
				if *c.budget--; *c.budget <= 0 {
					return nil
				}
				if hashed(h, "", sp.Value) == c.sum {
					r := &recipe{of: h, write: c.write, parts: []ingredient{c.secret(e.Endpoint, sp.Selector, h)}}
					if c.gives(r) {
						return r
					}
				}
			}
		}
	}
	return nil
}

// secret is a value that each session sends to an endpoint after it has sent the hash.
func (c *cook) secret(endpoint, selector, hash string) ingredient {
	shown := &recipe{write: c.write}
	return c.own(selector, func(u use) (string, *parsed) {
		for _, e := range slices.Backward(u.exchange.session.of[endpoint]) {
			if i := e.place(selector); e.index > u.exchange.index && i >= 0 && shown.written(hashed(hash, "", e.spans[i].Value)) == u.value {
				return e.spans[i].Value, e
			}
		}
		return "", nil
	})
}

// shown is a value that each session sends to an endpoint next after the hash.
func (c *cook) shown(endpoint, selector string) ingredient {
	return c.own(selector, func(u use) (string, *parsed) {
		for _, e := range u.exchange.session.of[endpoint] {
			if i := e.place(selector); e.index > u.exchange.index && i >= 0 {
				return e.spans[i].Value, e
			}
		}
		return "", nil
	})
}

// own is a value that the client has: find gives it.
func (c *cook) own(selector string, find func(use) (string, *parsed)) ingredient {
	in := ingredient{own: selector[strings.LastIndexAny(selector, ":.$")+1:], find: find}
	var values []made.Value
	shortest, longest := maxKey, 0
	in.look(c.uses)
	for _, u := range c.uses {
		if v, e := in.find(u); e != nil {
			values = append(values, made.Value{Text: v, At: e.Flow.Start})
			shortest, longest = min(shortest, len(v)), max(longest, len(v))
		}
	}
	if form, how := made.Recognise(values); how != made.Unknown {
		in.made = form.String()
	} else if len(values) > 0 && !constantValues(values) {
		in.made = unreserved(values, shortest, longest)
	}
	return in
}

func constantValues(values []made.Value) bool {
	return len(values) > 1 && !slices.ContainsFunc(values, func(v made.Value) bool { return v.Text != values[0].Text })
}

// unreserved returns the form of values of the characters that RFC 7636 allows, "" for
// others.
func unreserved(values []made.Value, shortest, longest int) string {
	f, err := made.Parse("{base64url " + lengths(shortest, longest) + "}")
	if err != nil || slices.ContainsFunc(values, func(v made.Value) bool { return !f.Matches(v.Text) }) {
		return ""
	}
	return f.String()
}

// acceptRecipe makes a place a computed value.
func (l *Learner) acceptRecipe(p *leaf, uses []use, r *recipe, part bool) {
	uses = slices.DeleteFunc(slices.Clone(uses), func(u use) bool { return !r.makes(l, u) })
	for _, in := range append(pointersTo(r.parts), r.key) {
		if in == nil {
			continue
		}
		if len(in.sources) > 0 {
			l.bindIngredient(in, uses)
		}
		for _, v := range in.values {
			if in.made != "" {
				l.secrets[v] = in.made
			}
		}
	}
	q := piece{value: model.Value{Kind: model.Computed}, recipe: r, uses: uses}
	if !part {
		p.pieces = []piece{q}
		return
	}
	if p.pieces == nil {
		p.pieces = p.parts()
	}
	for i := range p.pieces {
		if len(p.pieces[i].uses) > 0 && p.pieces[i].value.Kind == "" && p.pieces[i].uses[0].value == q.uses[0].value {
			p.pieces[i] = q
		}
	}
}

func pointersTo(list []ingredient) []*ingredient {
	out := make([]*ingredient, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// bindIngredient makes the places of answers that give an ingredient a binding.
func (l *Learner) bindIngredient(in *ingredient, uses []use) {
	if b := bindingOf(l.bindings, in.sources); b != nil {
		b.uses += len(uses)
		return
	}
	b := &binding{sources: in.sources, pick: "first", uses: len(uses), match: 1, restsOn: model.OnFormula}
	carried := make([]use, len(uses))
	for i, u := range uses {
		carried[i] = use{u.exchange, first(predict(in.sources, u.exchange))}
	}
	b.shuffled, b.compared = l.shuffle(b, carried)
	l.bindings = append(l.bindings, b)
}
