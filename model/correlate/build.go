package correlate

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// An edit replaces bytes of one part of the sample by a piece of template.
type edit struct {
	start, end int
	text       string
}

// A part names the target (-1), a header (its index) or the body (-2).
type part int

const (
	inTarget part = -1
	inBody   part = -2
)

// build makes the endpoint's request with its holes.
func (t *target) build() model.Endpoint {
	n := &namer{values: map[string]model.Value{}, rows: map[string][]use{}}
	edits := map[part][]edit{}
	for _, p := range t.leaves {
		where := partOf(p.span)
		switch {
		case p.usual:
			edits[where] = append(edits[where], edit{p.span.Start, p.span.End, model.EscapeTemplate(p.common)})
		case p.pieces != nil:
			edits[where] = append(edits[where], edit{p.span.Start, p.span.End, n.text(p)})
		}
	}
	sample := &t.sample.Flow.Request
	for _, sp := range t.sample.spans { // the body holds the boundary once for each part
		if sp.Place == content.InMultipart && strings.HasSuffix(sp.Selector, " boundary") {
			edits[inBody] = append(edits[inBody], edit{sp.Start, sp.End, "${boundary}"})
		}
	}
	e := model.Variant{Recorded: len(t.uses), Request: model.Request{
		Method: sample.Method,
		Target: apply(sample.Target, edits[inTarget]),
		Body:   apply(string(sample.Body.Data), edits[inBody]),
	}}
	for i, h := range sample.Headers {
		if !content.Forwarded(h.Name) || !sendable(h.Name, h.Value) || !t.keeps(content.Span{Leaf: content.Leaf{Selector: "header:" + h.Name}}) {
			continue
		}
		value := apply(h.Value, edits[part(i)])
		switch strings.ToLower(h.Name) {
		case "referer":
			value = "${" + model.RefererHole + "}"
		case "origin":
			value = "${" + model.OriginHole + "}"
		case "if-none-match", "if-modified-since":
			continue
		}
		e.Request.Headers = append(e.Request.Headers, model.Header{Name: h.Name, Value: value})
	}
	for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
		if t.keeps(content.Span{Leaf: content.Leaf{Selector: "header:" + name}}) {
			e.Request.Headers = append(e.Request.Headers, model.Header{Name: name, Value: "${" + conditional(name) + "}"})
		}
	}
	e.Values, e.Rows = n.list, t.rows(n)
	for _, h := range sample.Trailers {
		e.Request.Trailers = append(e.Request.Trailers, model.Header{Name: h.Name, Value: model.EscapeTemplate(h.Value)})
	}
	return model.Endpoint{Name: t.name, Variants: []model.Variant{e}}
}

// sendable reports whether HTTP allows the header.
func sendable(name, value string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c) }) &&
		!strings.ContainsAny(value, "\r\n\x00")
}

// partOf returns the part of the request that holds a span.
func partOf(sp content.Span) part {
	switch sp.Place {
	case content.InPath, content.InQuery:
		return inTarget
	case content.InHeader:
		return part(sp.Header)
	}
	return inBody
}

// apply turns raw text into a template.
func apply(raw string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		if e.start < at {
			continue
		}
		b.WriteString(model.EscapeTemplate(raw[at:e.start]))
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(model.EscapeTemplate(raw[at:]))
	return b.String()
}

// text returns the template of a leaf.
func (n *namer) text(p *leaf) string {
	raw := rawOf(p)
	var b strings.Builder
	for _, q := range p.pieces {
		if q.value.Kind == "" {
			b.WriteString(model.EscapeTemplate(encode(q.text, p.span.Place, raw)))
			continue
		}
		b.WriteString("${" + n.name(p, q) + "}")
	}
	return b.String()
}

// rawOf returns the encoded form of the sample's value.
func rawOf(p *leaf) string {
	r := &p.target.sample.Flow.Request
	switch partOf(p.span) {
	case inTarget:
		return r.Target[p.span.Start:p.span.End]
	case inBody:
		return string(r.Body.Data[p.span.Start:p.span.End])
	}
	return p.span.Value
}

// encode writes the text of a piece as its place needs it. If the recorded client
// sent the text without encoding, encode leaves it so.
func encode(text string, place content.Place, raw string) string {
	if strings.Contains(raw, text) && !strings.ContainsAny(text, `%+"\&=`) {
		return text
	}
	switch place {
	case content.InPath:
		return url.PathEscape(text)
	case content.InQuery, content.InForm:
		return url.QueryEscape(text)
	case content.InString:
		quoted := strconv.AppendQuote(nil, "")
		quoted = appendJSON(quoted[:0], text)
		return string(quoted)
	}
	return text
}

// appendJSON writes s as the inside of a JSON string.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// rows returns the recorded values of the Row holes, one row per request that
// has them all, in the order of the recording. It sets the row of each request.
func (t *target) rows(n *namer) [][]string {
	var columns []map[*parsed]string
	for _, v := range n.list {
		if v.Kind != model.Row {
			continue
		}
		column := map[*parsed]string{}
		for _, u := range n.rows[v.Name] {
			column[u.exchange] = u.value
		}
		columns = append(columns, column)
	}
	if len(columns) == 0 {
		return nil
	}
	var rows [][]string
	for _, e := range t.uses {
		row := make([]string, 0, len(columns))
		for _, c := range columns {
			if v, ok := c[e]; ok {
				row = append(row, v)
			}
		}
		if len(row) == len(columns) {
			rows = append(rows, row)
			e.row = len(rows)
		}
	}
	return rows
}
