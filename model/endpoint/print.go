package endpoint

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// maxPrints bounds the shapes that are remembered for a body read before.
const maxPrints = 10_000

// A printer describes answers. It reads a body that several answers share once.
type printer struct{ seen map[bodyKey]string }

type bodyKey struct {
	data          *byte
	size, status  int
	media, coding string
	location      string
}

func newPrinter() *printer { return &printer{map[bodyKey]string{}} }

// print describes the part of an answer's shape that tells operations apart.
func (p *printer) print(f *flow.Flow) string {
	r := f.Response
	if r == nil {
		return ""
	}
	key := bodyKey{size: len(r.Body.Data), status: r.Status, media: r.Headers.Value("Content-Type"),
		coding: r.Headers.Value("Content-Encoding"), location: r.Headers.Value("Location")}
	if key.size > 0 {
		key.data = &r.Body.Data[0]
	}
	out, ok := p.seen[key]
	if !ok {
		out = fingerprint(r)
		if len(p.seen) < maxPrints {
			p.seen[key] = out
		}
	}
	return out
}

func fingerprint(r *flow.Response) string {
	var b strings.Builder
	b.WriteByte(byte('0' + r.Status/100))
	if location := r.Headers.Value("Location"); location != "" {
		path, _, _ := strings.Cut(location, "?")
		b.WriteString(" to " + content.Template(path))
	}
	shape := content.New(r).Shape()
	b.WriteString(" " + shape.Content)
	for _, feature := range shape.Features {
		if !strings.HasPrefix(feature, "title:") && !strings.HasPrefix(feature, "error:") && !strings.HasSuffix(feature, ":null") && strings.Count(feature, ".") <= 2 {
			b.WriteString(" " + feature)
		}
	}
	return b.String()
}
