package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
)

// MaxBody is the length in bytes up to which a body is decoded. What follows is
// ignored.
const MaxBody = 8 << 20

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
	json   bool
	page   *page

	linked bool
	links  []string
}

// New returns the Doc of r. It does no work yet. A nil response is an empty one.
func New(r *flow.Response) *Doc {
	if r == nil {
		r = &flow.Response{}
	}
	return &Doc{resp: r}
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
		var bad bool
		data, bad = decodeOne(data, codings[i])
		cut = cut || bad
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
	body, bad := decodeOne(data, strings.ToLower(coding))
	if len(body) > MaxBody {
		return body[:MaxBody], false
	}
	return body, !bad
}

// decodeOne removes one coding.
func decodeOne(data []byte, coding string) (out []byte, bad bool) {
	var r io.Reader
	switch coding {
	case "", "identity":
		return data, false
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, true
		}
		r = z
	case "deflate": // zlib by the standard, raw by some servers
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			r = flate.NewReader(bytes.NewReader(data))
		} else {
			r = z
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(data))
	case "zstd":
		z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, true
		}
		defer z.Close()
		r = z
	default:
		return nil, true
	}
	return readAll(r, min(4*len(data), MaxBody)+bytes.MinRead)
}

// readAll reads r to its end, but at most MaxBody+1 bytes. out takes no more memory
// than that. size is the number of bytes to expect.
func readAll(r io.Reader, size int) (out []byte, bad bool) {
	const most = MaxBody + 1
	out = make([]byte, 0, min(size, most))
	for len(out) < most {
		if len(out) == cap(out) {
			out = append(make([]byte, 0, min(2*cap(out), most)), out...)
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if err != nil {
			return out, err != io.EOF
		}
	}
	return out, false
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
	case media == "application/json" || strings.HasSuffix(media, "+json") || media == "" || media == "text/json":
		d.json = validJSON(body)
	case media == "text/html" || media == "application/xhtml+xml":
		d.page = parsePage(body)
	}
}
