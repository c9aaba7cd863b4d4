package modelled

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/starling-load/starling/model"
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
// request.
func bodyEncoding(contentType string) encoding {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch media = strings.TrimSpace(media); {
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

// freshRun is the shortest run of letters and digits that looks made up.
const freshRun = 4

// fresh returns a value formed like example, with new made-up parts. Every run of at
// least four letters and digits that holds a digit gets new characters of the same
// classes. If there is no such run, six new digits are appended.
func fresh(example string, r *rand.Rand) string {
	out := []byte(example)
	renewed := false
	for i := 0; i < len(out); {
		end, digit, hex := i, false, true
		for end < len(out) && isAlnum(out[end]) {
			digit = digit || isDigit(out[end])
			hex = hex && isHex(out[end])
			end++
		}
		if end-i >= freshRun && digit {
			renew(out[i:end], hex, r)
			renewed = true
		}
		i = max(end, i+1)
	}
	if isUUID(example) { // its version and variant stay
		out[14], out[19] = example[14], example[19]
	}
	if renewed {
		return string(out)
	}
	tail := []byte("-000000")
	renew(tail[1:], false, r)
	return example + string(tail)
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

// renew draws new characters for a run. A leading 0 comes only where there was one.
func renew(run []byte, hex bool, r *rand.Rand) {
	const lower, upper = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	letters := 26
	if hex {
		letters = 6
	}
	for i, c := range run {
		switch {
		case isDigit(c) && i == 0 && c != '0':
			run[i] = byte('1' + r.IntN(9))
		case isDigit(c):
			run[i] = byte('0' + r.IntN(10))
		case c >= 'a':
			run[i] = lower[r.IntN(letters)]
		default:
			run[i] = upper[r.IntN(letters)]
		}
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
