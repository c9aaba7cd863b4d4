package content

import (
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

// MaxBody is the length in bytes up to which a body is decoded. What follows is
// ignored.
const MaxBody = codec.MaxText

// A Doc is the content of one response. It refers to the response, which must
// not change while the Doc is used. Decoding and parsing happen at the first
// call that needs them. A Doc belongs to one goroutine.
type Doc struct {
	resp    *flow.Response
	media   string
	body    []byte
	decoded bool
	cut     bool

	parsed bool
	data   []byte // JSON; nil: the body is none
	page   *page
	shape  *Shape

	outline *outline             // nil: not asked for, or none
	rows    map[string][]Element // by selector: those whose cells were asked for

	linked bool
	links  []string
	fields map[string][]string // values of a long head by names in lower case
	text   bool                // a value within an answer: its form says what it is
}

// New returns the Doc of r. It does no work yet. A nil response is an empty one.
func New(r *flow.Response) *Doc {
	if r == nil {
		r = &flow.Response{}
	}
	return &Doc{resp: r}
}

// longHead is the number of field lines from which on they are looked up by name.
const longHead = 64

// header returns the values of the field lines with a name.
func (d *Doc) header(name string) []string {
	lines := d.resp.Headers
	if len(lines) < longHead {
		return lines.Values(name)
	}
	if d.fields == nil {
		d.fields = make(map[string][]string, len(lines))
		for _, h := range lines {
			name := strings.ToLower(h.Name)
			d.fields[name] = append(d.fields[name], h.Value)
		}
	}
	return d.fields[strings.ToLower(name)]
}

// textDoc returns the Doc of a value within an answer.
func textDoc(value string) *Doc {
	return &Doc{resp: &flow.Response{}, body: []byte(value), decoded: true, text: true}
}

// Media returns the media type of the body in lower case without parameters,
// or "" when the answer names none.
func (d *Doc) Media() string {
	if d.media == "" {
		media, _, _ := strings.Cut(d.resp.Headers.Value("Content-Type"), ";")
		d.media = strings.ToLower(strings.TrimSpace(media))
	}
	return d.media
}

// IsText reports whether the body may be text: it is no picture, font, sound or film.
func (d *Doc) IsText() bool {
	kind, _, _ := strings.Cut(d.Media(), "/")
	return kind != "image" && kind != "font" && kind != "audio" && kind != "video"
}

// IsLines reports whether a media type, in lower case without parameters, is that of a text
// of lines that clients write back: text of no markup and no script, YAML and its like.
func IsLines(media string) bool {
	if kind, rest, _ := strings.Cut(media, "/"); kind == "text" {
		return rest != "html" && rest != "xml" && rest != "json" && rest != "event-stream" && !isScript(media)
	}
	switch media {
	case "application/yaml", "application/x-yaml", "application/toml", "application/x-sh", "application/sql":
		return true
	}
	return false
}

// Body returns the body without content coding, at most MaxBody bytes. A body
// whose coding is broken or unknown yields what could be decoded. The slice
// belongs to the Doc.
func (d *Doc) Body() []byte {
	if d.decoded {
		return d.body
	}
	d.decoded = true
	d.body, d.cut = decode(d.resp.Body.Data, d.resp.Headers)
	d.cut = d.cut || d.resp.Body.Truncated()
	return d.body
}

// Cut reports whether the end of the body is missing: not recorded, not
// decodable or beyond MaxBody. Shape and Leaves then know only the beginning.
func (d *Doc) Cut() bool {
	d.Body()
	return d.cut
}

// decode removes the content codings of data, last applied first.
func decode(data []byte, headers flow.Headers) (body []byte, cut bool) {
	if len(data) == 0 {
		return nil, false
	}
	var codings []string
	for _, h := range headers {
		if strings.EqualFold(h.Name, "Content-Encoding") {
			for c := range strings.SplitSeq(h.Value, ",") {
				codings = append(codings, strings.ToLower(strings.TrimSpace(c)))
			}
		}
	}
	if len(codings) > 4 { // servers use fewer; this may be a decompression bomb
		return nil, true
	}
	for i := len(codings) - 1; i >= 0; i-- {
		var whole bool
		data, whole = codec.Inflate(data, codings[i])
		cut = cut || !whole
	}
	if len(data) > MaxBody {
		return data[:MaxBody], true
	}
	return data, cut
}

// Decode removes one content coding ("gzip", "deflate", "br", "zstd"; RFC 9110,
// section 8.4.1) and returns at most MaxBody bytes. whole is false if data is
// cut, broken or longer than that, or the coding is not known; body then holds
// what could be decoded.
func Decode(data []byte, coding string) (body []byte, whole bool) {
	return codec.Inflate(data, strings.ToLower(coding))
}

// parse finds out what the body is and reads an HTML page.
func (d *Doc) parse() {
	if d.parsed {
		return
	}
	d.parsed = true
	body := d.Body()
	media := d.Media()
	switch {
	case d.text:
		first := byte(0)
		if at := space(body, 0); at < len(body) {
			first = body[at]
		}
		if d.data = document(body, true); first == '<' {
			d.page = parsePage(body)
		}
	case IsJSON(media) || media == "" || media == "text/json":
		if d.data = document(body, false); d.data == nil {
			d.data = joined(body)
		}
	case media == "text/html" || media == "application/xhtml+xml":
		d.page = parsePage(body)
	case media == "text/plain" || strings.Contains(media, "json"):
		d.data = joined(body)
	}
}

// document returns the JSON of a body, or nil. That of a value is an object or a list.
func document(body []byte, value bool) []byte {
	if !value && validJSON(body) {
		return body
	}
	if start, end, ok := guarded(body); ok {
		return body[start:end]
	}
	return nil
}
