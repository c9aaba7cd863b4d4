package content

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Limits on the search for elements that tell of a failure.
const (
	maxBatchDepth = 5     // of lists in a document
	maxElements   = 20000 // of a document
)

// Failures returns a feature for each kind of element by which the answer to a write tells
// that a part of it was not done:
//
//	error:$.results[].status           some elements have a status of 400 to 599
//	error:half of $.results[].status   that is half of them, or more
//	error:all of $.results[].status    all of them
//	error:$.data.save.userErrors       a list of errors that holds something
//	error:$.failed                     a number of failures that is not 0
//	error:multistatus/response/status  in XML
//	error:parts                        in multipart/mixed
//
// They are sorted. In an answer to a read the same members are content: a list of jobs has
// some that failed.
//
// In JSON an element is an object in a list, or a member of an object whose key is an
// identifier. It tells of a failure by its status, also in an object in it, by an error, or
// if "ok" or "success" is false. In XML it does by a status, RFC 4918, section 13.
func (d *Doc) Failures() []string {
	d.parse()
	b := batch{counts: map[string]*failing{}}
	switch {
	case d.data != nil:
		b.top(gjson.ParseBytes(d.data))
	case isXML(d.Media()):
		b.xml(d.Body())
	case d.Media() == "multipart/mixed":
		b.parts(d.Body())
	}
	return b.features()
}

// A batch counts the elements of an answer.
type batch struct {
	counts map[string]*failing // by place
	left   int                 // elements seen
}

type failing struct{ failed, all int }

func (b *batch) count(place string, fails bool) {
	f := b.counts[place]
	if f == nil {
		f = &failing{}
		b.counts[place] = f
	}
	f.all++
	if fails {
		f.failed++
	}
}

func (b *batch) features() []string {
	var out []string
	for place, f := range b.counts {
		if f.failed == 0 {
			continue
		}
		out = append(out, "error:"+place)
		if f.all > 0 && 2*f.failed >= f.all {
			out = append(out, "error:half of "+place)
		}
		if f.failed == f.all {
			out = append(out, "error:all of "+place)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), MaxFeatures)]
}

// failureCounts are members that tell how much failed, in plain letters.
var failureCounts = [...]string{"failed", "failures", "failedcount", "errorcount", "rejected"}

// top reads a JSON document.
func (b *batch) top(root gjson.Result) {
	root.ForEach(func(key, value gjson.Result) bool {
		if key.Exists() && root.IsObject() && slices.Contains(failureCounts[:], plainKey(key.Str)) &&
			(value.Type == gjson.Number && value.Num > 0 || value.IsArray() && len(value.Array()) > 0) {
			b.told("$." + key.Str)
		}
		return true
	})
	b.json(root, "$", 0)
}

// told notes what tells of failures by itself.
func (b *batch) told(place string) {
	if b.counts[place] == nil {
		b.counts[place] = &failing{failed: 1, all: 3} // no share is known
	}
}

// json reads the lists in a value.
func (b *batch) json(v gjson.Result, path string, depth int) {
	if depth > maxBatchDepth || b.left > maxElements {
		return
	}
	v.ForEach(func(key, value gjson.Result) bool {
		b.left++
		below := path + "[]"
		element := value.IsObject() && v.IsArray()
		if v.IsObject() {
			if below = path + "." + key.Str; Kind(key.Str) != "" {
				below, element = path+".{}", value.IsObject()
			}
			if name := plainKey(key.Str); name == "usererrors" && tellsError("errors", value) {
				b.told(below)
			}
		}
		if element {
			b.element(value, below)
		}
		if value.IsObject() || value.IsArray() {
			b.json(value, below, depth+1)
		}
		return true
	})
}

// element looks at the members of an element of a list.
func (b *batch) element(v gjson.Result, path string) {
	v.ForEach(func(key, value gjson.Result) bool {
		switch name := plainKey(key.Str); {
		case statusName(name) && !value.IsObject():
			b.count(path+"."+key.Str, failedStatus(value, true))
		case name == "error" || name == "errors" || name == "ok" || name == "success":
			b.count(path+"."+key.Str, tellsError(name, value))
		case value.IsObject():
			value.ForEach(func(inner, value gjson.Result) bool {
				if low := plainKey(inner.Str); statusName(low) || name == "status" && low == "code" {
					b.count(path+"."+key.Str+"."+inner.Str, failedStatus(value, false))
				}
				return true
			})
		}
		return true
	})
}

// plainKey is a key in lower case without the marks between its words.
func plainKey(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
}

func statusName(plain string) bool {
	return plain == "status" || plain == "statuscode" || plain == "httpstatus" || plain == "httpstatuscode"
}

// failedStatus reports whether a status tells of a failure: by its number or, where words
// count, by a word.
func failedStatus(v gjson.Result, words bool) bool {
	switch v.Type {
	case gjson.Number:
		return v.Num >= 400 && v.Num < 600
	case gjson.String:
		if failedLine(v.Str) {
			return true
		}
		switch strings.ToLower(v.Str) {
		case "error", "fail", "failed", "failure", "conflict": // others are states of things
			return words
		}
	}
	return false
}

// failedLine reports whether a text is a status of 400 to 599: "409", "409 Conflict" or
// "HTTP/1.1 409 Conflict".
func failedLine(s string) bool {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "HTTP/") {
		_, s, _ = strings.Cut(s, " ")
	}
	return len(s) >= 3 && (s[0] == '4' || s[0] == '5') && isDigit(s[1]) && isDigit(s[2]) && (len(s) == 3 || s[3] == ' ')
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// xml reads the statuses of an XML document.
func (b *batch) xml(body []byte) {
	walkXML(body, func(path []byte, start, end int, plain bool) {
		name := path[bytes.LastIndexAny(path, "/@")+1:]
		if b.left > maxElements || !statusName(plainKey(string(name))) {
			return
		}
		b.left++
		b.count(string(path), failedLine(xmlText(body[start:end], plain)))
	})
}

// parts reads the status lines of answers in the parts of a body.
func (b *batch) parts(body []byte) {
	for line := range bytes.Lines(body) {
		if bytes.HasPrefix(line, []byte("HTTP/1.")) {
			b.count("parts", failedLine(string(line)))
		}
	}
}
