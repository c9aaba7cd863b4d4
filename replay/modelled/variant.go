package modelled

import (
	"fmt"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/made"
	"github.com/starling-load/starling/replay/client"
)

// reservedHoles are the holes that every variant may use without declaring them.
// Their values follow the variant's own, in this order.
var reservedHoles = [...]string{model.RefererHole, model.OriginHole, model.ETagHole, model.ModifiedHole}

// An endpoint is a model.Endpoint made ready to send.
type endpoint struct {
	name     string
	origin   int // index into the origins; -1: not mapped
	variants []variant
	blank    map[string]bool // by outcome, "" for any: nothing but the status is looked at
	lax      bool            // it accepts any status
	asset    bool            // it is a part of pages
	judge    *model.Judge
	ofWrites map[*model.Judge]*model.Judge // those for the answers to writes
	outcomes map[string]*model.Judge
	issues   []issue
}

// A variant is a model.Variant made ready to send.
type variant struct {
	name     string
	recorded int
	method   string
	protocol client.Protocol
	target   template
	headers  []headerTemplate
	cookies  []template // those that no answer sets
	body     template
	trailers []headerTemplate
	events   int
	writes   bool // it changes something at the target
	values   []value
	names    map[string]int // of values and reserved holes
	computed []computed     // in the order in which they are computed
	takers   []int          // indices of the values that an act may take from a place of its own
	change   *change        // nil: the body is sent as it stands
	rows     [][]string
}

// A headerTemplate is a field line. An optional one is left out when its value is
// empty.
type headerTemplate struct {
	name     string
	template template
	optional bool
}

// A value fills a hole. By its kind, index is that of a binding or of a data source,
// and column is that of a data source.
type value struct {
	name   string
	kind   model.ValueKind
	index  int
	column int
	row    int // column in the recorded rows, -1: none
	form   made.Form
	clock  made.Clock
	codec  codec.Chain // how the content is written; empty: as the place needs it
	text   template    // of a value of kind Template
}

// An issue says where an answer holds the values of a binding: at a source of it.
type issue struct {
	binding  int
	source   int
	selector content.Selector
	elements []elementAt // which matches acts want, where they are known by what stands beside them
}

// An elementAt is an element of a list that an act takes a value of.
type elementAt struct{ element, match int }

func compileVariant(from *model.Variant, bindings map[string]int, data []model.Source) (variant, error) {
	q := &from.Request
	out := variant{name: from.Name, recorded: from.Recorded, method: q.Method, events: q.Events, takers: from.Takers(), rows: from.Rows, writes: writes(q)}
	switch q.Protocol {
	case model.HTTP1:
		out.protocol = client.HTTP1
	case model.HTTP2:
		out.protocol = client.HTTP2
	}
	names := make(map[string]int, len(from.Values)+len(reservedHoles))
	rowColumns := 0
	for i, v := range from.Values {
		val := value{name: v.Name, kind: v.Kind, row: -1}
		if v.InRows() {
			val.row = rowColumns
			rowColumns++
		}
		var err error
		switch v.Kind {
		case model.Bound:
			b, ok := bindings[v.Ref]
			if !ok {
				err = fmt.Errorf("no binding named %q", v.Ref)
			}
			val.index = b
		case model.Data:
			val.index, val.column, err = findColumn(data, v.Ref)
		case model.Fresh:
			val.form, err = made.Parse(v.Ref)
		case model.Now:
			val.clock, err = made.ParseClock(v.Ref)
		case model.Template:
			val.text, err = compile(v.Ref, raw, names)
			out.coded(val.text)
		}
		if err == nil {
			val.codec, err = codec.Parse(v.Codec)
		}
		if err != nil {
			return out, fmt.Errorf("value %q: %w", v.Name, err)
		}
		out.values = append(out.values, val)
		names[v.Name] = i
	}
	for i, name := range reservedHoles {
		names[name] = len(from.Values) + i
	}
	var err error
	if out.computed, err = compileComputed(from); err != nil {
		return out, err
	}
	out.names = names
	return out, out.compileRequest(q, names)
}

func (v *variant) compileRequest(q *model.Request, names map[string]int) (err error) {
	if v.target, err = compileTarget(q.Target, names); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if v.headers, err = v.compileHeaders(q.Headers, names); err != nil {
		return err
	}
	if v.trailers, err = v.compileHeaders(q.Trailers, names); err != nil {
		return err
	}
	contentType, coded := "", false
	for _, h := range q.Headers {
		if strings.EqualFold(h.Name, "Content-Type") {
			contentType = h.Value
		}
		coded = coded || strings.EqualFold(h.Name, "Content-Encoding")
	}
	enc := bodyEncoding(contentType, q.Body)
	if coded || enc == jsonEncoding && strings.HasPrefix(q.Body, "${") {
		enc = raw // the value is the body: what was compressed, or a body that is no JSON
	}
	if v.body, err = compile(q.Body, enc, names); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	v.coded(v.target)
	v.coded(v.body)
	for _, list := range [][]headerTemplate{v.headers, v.trailers} {
		for i := range list {
			v.coded(list[i].template)
		}
	}
	return nil
}

// coded gives the holes of a template the codecs of their values.
func (v *variant) coded(t template) {
	for i := range t {
		if hole := t[i].hole; hole >= 0 && hole < len(v.values) {
			t[i].codec = v.values[hole].codec
		}
	}
}

func (v *variant) compileHeaders(list []model.Header, names map[string]int) ([]headerTemplate, error) {
	var out []headerTemplate
	for _, h := range list {
		t, err := compile(h.Value, raw, names)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.Name, err)
		}
		if strings.EqualFold(h.Name, "Cookie") {
			v.cookies = append(v.cookies, t)
			continue
		}
		optional := len(t) == 1 && t[0].hole >= len(v.values)
		out = append(out, headerTemplate{h.Name, t, optional})
	}
	return out, nil
}

// findColumn finds the data source and the column of a name such as "accounts.user".
func findColumn(data []model.Source, ref string) (source, column int, err error) {
	source, column, ok := model.FindColumn(data, ref)
	switch {
	case !ok:
		return 0, 0, fmt.Errorf("no data column %q", ref)
	case len(data[source].Rows) == 0:
		return 0, 0, fmt.Errorf("data file %q has no rows", data[source].Name)
	}
	return source, column, nil
}
