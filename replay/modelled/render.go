package modelled

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/codec"
)

// An encoding says how a value is written at its place in a request.
type encoding uint8

const (
	raw encoding = iota
	pathEncoding
	queryEncoding
	jsonEncoding
)

// A template is a text with holes. Each hole is an index into the values of its
// variant.
type template []piece

type piece struct {
	literal  string
	hole     int // index into the values; -1: none
	encoding encoding
	codec    codec.Chain // in place of encoding, unless it is empty
}

// compile parses text and looks its holes up in names.
func compile(text string, enc encoding, names map[string]int) (template, error) {
	parts, err := model.ParseTemplate(text)
	if err != nil {
		return nil, err
	}
	var t template
	for _, p := range parts {
		if p.Name == "" {
			t = append(t, piece{literal: p.Literal, hole: -1})
			continue
		}
		hole, ok := names[p.Name]
		if !ok {
			return nil, fmt.Errorf("no value named %q", p.Name)
		}
		t = append(t, piece{hole: hole, encoding: enc})
	}
	return t, nil
}

// compileTarget compiles a request target: path holes are encoded as path
// segments, the others as query values.
func compileTarget(text string, names map[string]int) (template, error) {
	path, query, hasQuery := strings.Cut(text, "?")
	t, err := compile(path, pathEncoding, names)
	if err != nil || !hasQuery {
		return t, err
	}
	q, err := compile("?"+query, queryEncoding, names)
	return append(t, q...), err
}

// bodyEncoding returns how holes in a body are encoded, by the media type of the
// request. JSON may stand under the type of a form.
func bodyEncoding(contentType, body string) encoding {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch media = strings.TrimSpace(media); {
	case media == "application/x-www-form-urlencoded" && strings.HasPrefix(strings.TrimLeft(body, " \t\r\n["), "{"):
		return jsonEncoding
	case media == "application/x-www-form-urlencoded":
		return queryEncoding
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return jsonEncoding
	}
	return raw
}

// render fills the holes with values.
func (t template) render(values []string) string {
	if len(t) == 1 && t[0].hole < 0 {
		return t[0].literal
	}
	var b strings.Builder
	for _, p := range t {
		switch {
		case p.hole < 0:
			b.WriteString(p.literal)
		case p.codec != nil:
			b.WriteString(p.codec.Encode(values[p.hole]))
		case p.encoding == pathEncoding:
			b.WriteString(url.PathEscape(values[p.hole]))
		case p.encoding == queryEncoding:
			b.WriteString(url.QueryEscape(values[p.hole]))
		case p.encoding == jsonEncoding:
			b.WriteString(jsonText(values[p.hole]))
		default:
			b.WriteString(values[p.hole])
		}
	}
	return b.String()
}

// jsonText writes s as the inside of a JSON string.
func jsonText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // encoding a string never fails
		return ""
	}
	return b.String()[1 : b.Len()-2]
}
