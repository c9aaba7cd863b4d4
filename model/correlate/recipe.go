package correlate

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/patch"
	"github.com/starling-load/starling/model/formula"
)

// A recipe says how a value is computed. It is a formula whose names are ingredients.
type recipe struct {
	of    string // hash, keyed hash, "totp" or "digest"
	write string // functions around a hash, the outer one first: "hex", "upper hex", …
	key   *ingredient
	parts []ingredient
	sep   string // text between parts

	believed bool // a standard says so: the recording has pseudonyms for what it takes and gives
}

// An ingredient is what a recipe takes: a part of the request, a value of it, a value of
// an earlier answer, a column of the user's row, or what the client sends another time.
type ingredient struct {
	part    string   // a name of package formula
	span    string   // selector of a place of the request
	sources []source // places of answers; the latest counts
	data    string   // FILE.COLUMN
	own     string   // name of a value that the client has; see value
	made    string   // the form of own, where the client made it

	find   func(use) (string, *parsed) // the value of own, and the exchange that shows it
	values map[*parsed]string          // of the requests at hand
}

// look finds the value of own in requests.
func (in *ingredient) look(uses []use) {
	if in == nil || in.find == nil {
		return
	}
	in.values = map[*parsed]string{}
	for _, u := range uses {
		if v, e := in.find(u); e != nil {
			in.values[u.exchange] = v
		}
	}
}

// look finds the values of the ingredients in requests.
func (r *recipe) look(uses []use) {
	for _, in := range append(pointersTo(r.parts), r.key) {
		in.look(uses)
	}
}

// value returns what an ingredient is in a request.
func (in *ingredient) value(l *Learner, u *parsed) (string, bool) {
	switch {
	case in.part != "":
		return u.part(in.part), true
	case in.span != "":
		for i := range u.spans {
			if u.spans[i].Selector == in.span {
				return u.spans[i].Value, true
			}
		}
		return "", false
	case in.data != "":
		return l.data.column(u.session, in.data)
	case in.own != "":
		v, ok := in.values[u]
		return v, ok
	}
	v := predict(in.sources, u)
	return first(v), len(v) > 0
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// part returns a part of a request as it was sent.
func (e *parsed) part(name string) string {
	r := e.whole
	switch name {
	case formula.Method:
		return r.Method
	case formula.Target:
		return r.Target
	case formula.Path:
		return r.Path()
	case formula.Query:
		_, query, _ := strings.Cut(r.Target, "?")
		return query
	}
	return string(r.Body.Data)
}

// column returns what the user of a session has in FILE.COLUMN.
func (d *data) column(s *session, ref string) (string, bool) {
	name, column, _ := strings.Cut(ref, ".")
	for i := range d.files {
		f := &d.files[i]
		r, ok := s.row[f.Name]
		if c := slices.Index(f.Columns, column); f.Name == name && ok && c >= 0 {
			return f.Rows[r][c], true
		}
	}
	return "", false
}

// makes reports whether the recipe gives the value of a use.
func (r *recipe) makes(l *Learner, u use) bool {
	parts := make([]string, len(r.parts))
	for i := range r.parts {
		var ok bool
		if parts[i], ok = r.parts[i].value(l, u.exchange); !ok {
			return false
		}
	}
	switch {
	case r.believed:
		return true
	case r.of == "totp":
		return isTOTP(parts[0], u)
	case r.of == "digest":
		return answers(u, parts[1], parts[2])
	case r.of == "edited":
		text, err := patch.OpenText(parts[1], parts[0])
		return err == nil && text == u.value
	}
	key := ""
	if r.key != nil {
		var ok bool
		if key, ok = r.key.value(l, u.exchange); !ok {
			return false
		}
	}
	return r.written(hashed(r.of, key, strings.Join(parts, r.sep))) == u.value
}

// hashed returns a hash, or a keyed hash, by its name in formulas.
func hashed(name, key, text string) string {
	plain, keyed := strings.CutPrefix(name, "hmac_")
	for _, h := range formula.Hashes() {
		if h.Name != plain {
			continue
		}
		sum := h.New()
		if keyed {
			sum = hmac.New(h.New, []byte(key))
		}
		sum.Write([]byte(text))
		return string(sum.Sum(nil))
	}
	return ""
}

// written writes the bytes of a hash.
func (r *recipe) written(sum string) string {
	switch r.write {
	case "hex":
		return hex.EncodeToString([]byte(sum))
	case "upper hex":
		return strings.ToUpper(hex.EncodeToString([]byte(sum)))
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(sum))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(sum))
}

// digestOf returns the bytes of a hash that a value writes, and how; nothing if it is none.
func digestOf(value string) (sum, write string) {
	if b, err := hex.DecodeString(value); err == nil && value != "" {
		switch value {
		case hex.EncodeToString(b):
			return string(b), "hex"
		case strings.ToUpper(value):
			return string(b), "upper hex"
		}
		return "", ""
	}
	if b, err := base64.StdEncoding.DecodeString(value); err == nil && strings.ContainsAny(value, "=+/") {
		return string(b), "base64"
	}
	if b, err := base64.RawURLEncoding.DecodeString(value); err == nil {
		return string(b), "base64url"
	}
	return "", ""
}

// isTOTP reports whether a use carries the one-time password of a secret: the one of its
// time, or that of the half minute before or behind it, since clocks differ.
func isTOTP(secret string, u use) bool {
	for step := -1; step <= 1; step++ {
		if v, err := formula.TOTP(secret, u.exchange.Flow.Start.Add(time.Duration(step)*formula.Step)); err == nil && v == u.value {
			return true
		}
	}
	return false
}

// answers reports whether a use answers a Digest challenge as that user with that password.
func answers(u use, user, password string) bool {
	a := formula.ParseDigest(u.value)
	return a != nil && a["username"] == user && a["response"] == a.Response(a, password, u.exchange.whole.Method, string(u.exchange.whole.Body.Data))
}

// formula writes the recipe with the names that n gives the ingredients.
func (r *recipe) formula(n *namer, t *target) string {
	parts := make([]string, len(r.parts))
	for i := range r.parts {
		parts[i] = n.ingredient(t, &r.parts[i])
	}
	switch r.of {
	case "totp":
		return "totp(" + parts[0] + ")"
	case "digest", "edited":
		return r.of + "(" + strings.Join(parts, ", ") + ")"
	}
	glue := " + "
	if r.sep != "" {
		glue = " + " + strconv.Quote(r.sep) + " + "
	}
	out := strings.Join(parts, glue)
	if r.key != nil {
		out = n.ingredient(t, r.key) + ", " + out
	}
	out = r.of + "(" + out + ")"
	for _, f := range slices.Backward(strings.Fields(r.write)) {
		out = f + "(" + out + ")"
	}
	return out
}

// ingredient returns the term of an ingredient, and gives the variant the values that it
// needs.
func (n *namer) ingredient(t *target, in *ingredient) string {
	switch {
	case in.part != "":
		return in.part
	case in.span != "":
		return n.place(t, in.span)
	}
	q := piece{value: model.Value{Kind: model.Row}}
	base := "text:" + in.own
	switch {
	case in.data != "":
		_, base, _ = strings.Cut(in.data, ".")
		q.value = model.Value{Name: base, Kind: model.Data, Ref: in.data}
		base = "text:" + base
	case in.made != "":
		q.value = model.Value{Kind: model.Fresh, Ref: in.made, Own: true}
	case in.own == "":
		q = piece{value: model.Value{Kind: model.Bound}, binding: bindingOf(n.bindings, in.sources)}
	}
	for _, e := range n.uses {
		v, ok := in.values[e]
		if in.own == "" && len(in.sources) > 0 {
			values := predict(in.sources, e)
			v, ok = first(values), len(values) > 0
		}
		if ok || in.data != "" {
			q.uses = append(q.uses, use{e, v})
		}
	}
	l := &leaf{target: t, uses: q.uses, pieces: []piece{q}}
	l.span.Selector = base
	return n.name(l, &q, &writing{exact: true})
}

// bindings returns those of all bindings that the recipe takes.
func (r *recipe) bindings(all []*binding) []*binding {
	var out []*binding
	if r == nil {
		return nil
	}
	for _, in := range append(pointersTo(r.parts), r.key) {
		if in != nil && len(in.sources) > 0 {
			out = append(out, bindingOf(all, in.sources))
		}
	}
	return out
}

// bindingOf returns the binding of these places where one value is taken, or nil.
func bindingOf(all []*binding, sources []source) *binding {
	for _, b := range all {
		if b.pick == "first" && slices.Equal(b.sources, sources) {
			return b
		}
	}
	return nil
}

// place returns the term of a place of the request: its text, and the names of its holes.
func (n *namer) place(t *target, selector string) string {
	l := t.of(n.uses[0], selector)
	if l == nil {
		return `""`
	}
	if l.pieces == nil {
		return strconv.Quote(l.uses[max(0, l.at(n.uses[0]))].value)
	}
	pieces := l.pieces
	if l.odd(n.uses[0]) {
		pieces = []piece{{value: model.Value{Kind: model.Row}, uses: l.uses}}
	}
	var terms []string
	for i := range pieces {
		q := &pieces[i]
		name, ok := n.named[q]
		switch {
		case q.value.Kind == "":
			terms = append(terms, strconv.Quote(q.text))
			continue
		case !ok:
			name = n.name(l, q, &writing{exact: true})
			if q.value.Codec != "" {
				name = n.template(l, "${"+name+"}", &writing{})
			}
		}
		terms = append(terms, name)
	}
	return strings.Join(terms, " + ")
}

// compute writes the formulas of the values that are computed. Their ingredients may be
// further values.
func (n *namer) compute(t *target) {
	for i := 0; i < len(n.holes); i++ {
		if r := n.holes[i].recipe; r != nil && !n.holes[i].recorded() {
			formula := r.formula(n, t) // may add holes
			n.holes[i].formula = formula
		}
	}
}
