package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/protobuf"
)

// A Kind is one encoding.
type Kind string

// The encodings. Those without a comment have no style.
const (
	Raw       Kind = "raw"       // the text is the value
	Percent   Kind = "percent"   // style: hex digits, characters that stay
	Plus      Kind = "plus"      // Percent, but a space is "+"
	JSON      Kind = "json"      // the inside of a JSON string; style: what is escaped
	XML       Kind = "xml"       // text or an attribute of markup; style: characters that are escaped
	CRLF      Kind = "crlf"      // line ends: LF in the value, CR LF in the text; CR LF in a value is one, too
	Base64    Kind = "base64"    // style: no padding
	Base64URL Kind = "base64url" // style: no padding
	Hex       Kind = "hex"       // style: upper case
	Capital   Kind = "capital"   // the first letter is a capital
	Lower     Kind = "lower"     // all letters are small
	Upper     Kind = "upper"     // all letters are capitals
	Next      Kind = "next"      // the whole number that follows
	Gzip      Kind = "gzip"
	Deflate   Kind = "deflate"
	Brotli    Kind = "br"
	Zstd      Kind = "zstd"
	Protobuf  Kind = "protobuf" // the text of package protobuf in the value, its bytes in the text
	Frame     Kind = "grpc"     // one frame of gRPC without compression
	HTML      Kind = "html"     // XML with all named entities; can only be read
	Script    Kind = "js"       // the inside of a JavaScript string; can only be read
	Quotes    Kind = "quotes"   // "…" and W/"…"; can only be read
	JWT       Kind = "jwt"      // the claims of a JSON Web Token; can only be read
)

// The styles of a codec, as they stand behind its kind.
const (
	upper = "upper" // hex digits A to F; of percent-encoding these are the usual ones
	lower = "lower" // hex digits a to f of percent-encoding
	ascii = "ascii" // characters beyond ASCII are escaped
	slash = "slash" // "/" is written "\/"
	bare  = "bare"  // no padding
)

// styles are the words that each kind knows. Kinds with a set of characters have true.
var styles = map[Kind]struct {
	words []string
	set   bool
}{
	Raw: {}, Percent: {[]string{lower}, true}, Plus: {[]string{lower}, true}, JSON: {[]string{ascii, slash, upper}, true},
	XML: {nil, true}, CRLF: {}, Base64: {[]string{bare}, false}, Base64URL: {[]string{bare}, false},
	Hex: {[]string{upper}, false}, Capital: {}, Lower: {}, Upper: {}, Next: {}, Gzip: {}, Deflate: {}, Brotli: {}, Zstd: {}, Protobuf: {}, Frame: {}, HTML: {}, Script: {}, Quotes: {}, JWT: {},
}

// A Codec is an encoding with the style of the client that writes it.
type Codec struct {
	Kind  Kind
	words string // styles, sorted, joined by "-"
	set   set    // Percent, Plus: characters that stay; JSON, XML: that are escaped
}

// New returns the codec of a kind in its usual style.
func New(k Kind) Codec { return Codec{Kind: k, set: usual(k)} }

// Segment returns Percent in the style of [net/url.PathEscape].
func Segment() Codec { return Codec{Kind: Percent, set: setOf("-._~$&+:=@")} }

func usual(k Kind) set {
	switch k {
	case Percent, Plus:
		return setOf("-._~")
	case XML:
		return setOf("&<>")
	}
	return set{}
}

func (c Codec) has(word string) bool {
	return c.words != "" && slices.Contains(strings.Split(c.words, "-"), word)
}

// String returns the codec as Parse reads it.
func (c Codec) String() string {
	s := string(c.Kind)
	if c.words != "" {
		s += "-" + c.words
	}
	if c.set != usual(c.Kind) {
		s += "[" + c.set.String() + "]"
	}
	return s
}

// ErrReadOnly says that a text can be read through a codec, but not written.
var ErrReadOnly = errors.New("can be read, not written")

// parse reads one codec.
func parse(s string) (Codec, error) {
	name, rest, bracket := strings.Cut(s, "[")
	kind, words, styled := strings.Cut(name, "-")
	k := Kind(kind)
	known, ok := styles[k]
	if !ok {
		return Codec{}, fmt.Errorf("codec %q is not known", kind)
	}
	c := New(k)
	if styled {
		list := strings.Split(words, "-")
		for _, w := range list {
			if !slices.Contains(known.words, w) {
				return Codec{}, fmt.Errorf("codec %s has no style %q", kind, w)
			}
		}
		slices.Sort(list)
		c.words = strings.Join(slices.Compact(list), "-")
	}
	if bracket {
		chars, closed := strings.CutSuffix(rest, "]")
		if !known.set || !closed {
			return Codec{}, fmt.Errorf("codec %q: the brackets are not closed, or %s has none", s, kind)
		}
		var err error
		if c.set, err = parseSet(chars); err != nil {
			return Codec{}, fmt.Errorf("codec %q: %w", s, err)
		}
	}
	return c, nil
}

// A Chain writes a value through several encodings, the inner one first. The empty
// Chain changes nothing.
type Chain []Codec

// MaxDepth is the number of encodings that a chain has at most.
const MaxDepth = 8

// Parse reads a chain: kinds with their styles, with "|" between them, the inner one
// first. Style words follow a kind after "-". Percent and Plus may have in brackets
// the characters besides letters and digits that stay as they are, JSON and XML those
// that are escaped in addition or at all; characters of this syntax stand there
// percent-encoded. All its codecs can write.
func Parse(s string) (Chain, error) {
	if s == "" {
		return nil, nil
	}
	var out Chain
	for one := range strings.SplitSeq(s, "|") {
		c, err := parse(one)
		if err != nil {
			return nil, err
		}
		switch c.Kind {
		case HTML, Script, Quotes, JWT:
			return nil, fmt.Errorf("codec %s: %w", c.Kind, ErrReadOnly)
		}
		out = append(out, c)
	}
	if len(out) > MaxDepth {
		return nil, fmt.Errorf("a chain has at most %d codecs", MaxDepth)
	}
	return out, nil
}

// String returns the chain as Parse reads it.
func (c Chain) String() string {
	var parts []string
	for _, one := range c {
		parts = append(parts, one.String())
	}
	return strings.Join(parts, "|")
}

// Encode writes a value.
func (c Chain) Encode(value string) string {
	for _, one := range c {
		value = one.encode(value)
	}
	return value
}

// Decode reads a text that was written through the chain, whatever its style. ok is
// false if the text is not of this form.
func (c Chain) Decode(text string) (value string, ok bool) {
	for i := len(c) - 1; i >= 0; i-- {
		if text, ok = Decode(c[i].Kind, text); !ok {
			return text, false
		}
	}
	return text, true
}

func (c Codec) encode(s string) string {
	switch c.Kind {
	case Percent, Plus:
		return c.percentEncode(s)
	case JSON:
		return c.jsonEncode(s)
	case XML:
		return c.xmlEncode(s)
	case CRLF:
		return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
	case Base64, Base64URL:
		return c.baseEncode(s)
	case Hex:
		return c.hexEncode(s)
	case Capital, Lower, Upper:
		return inCase(c.Kind, s)
	case Next:
		return following(s, 1)
	case Gzip, Deflate, Brotli, Zstd:
		return compress(c.Kind, s)
	case Protobuf:
		b, _ := protobuf.Bytes(s)
		return string(b)
	case Frame:
		return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(s)))) + s
	}
	return s
}

// Decode removes one encoding. ok is false if the text is not of its form; value is
// then the text.
func Decode(k Kind, text string) (value string, ok bool) {
	switch k {
	case Base64, Base64URL:
		return baseDecode(text)
	case Gzip, Deflate, Brotli, Zstd:
		body, whole := Inflate([]byte(text), string(k))
		return string(body), whole
	case Protobuf:
		return protobuf.Text([]byte(text))
	case Frame:
		return frameDecode(text)
	case HTML:
		return htmlDecode(text)
	case JWT:
		return claims(text)
	}
	value, _, ok = DecodeAt(k, text)
	return value, ok
}

// frameDecode returns the message in one frame of gRPC.
func frameDecode(text string) (string, bool) {
	if len(text) < 5 || text[0] != 0 || int64(binary.BigEndian.Uint32([]byte(text[1:5]))) != int64(len(text)-5) {
		return text, false
	}
	return text[5:], true
}

// DecodeAt removes one encoding that keeps the order of characters: all but Base64,
// content codings and protobuf. at says for each byte of the value where its text begins,
// and at the end where the text ends; nil means that the value is the text.
func DecodeAt(k Kind, text string) (value string, at []int32, ok bool) {
	switch k {
	case Raw:
		return text, nil, true
	case Percent:
		return percentDecode(text, false)
	case Plus:
		return percentDecode(text, true)
	case JSON:
		return jsonDecode(text, false)
	case Script:
		return jsonDecode(text, true)
	case XML:
		return xmlDecode(text)
	case CRLF:
		return crlfDecode(text)
	case Hex:
		return hexDecode(text)
	case Capital, Lower, Upper:
		return caseDecode(k, text)
	case Next:
		value := following(text, -1)
		return value, nil, value != text
	case Quotes:
		return unquote(text)
	}
	return text, nil, false
}

// Keeps reports whether the encoding keeps the order of characters, so that a part of
// the value is a part of the text: DecodeAt can read it.
func (k Kind) Keeps() bool {
	switch k {
	case Base64, Base64URL, Gzip, Deflate, Brotli, Zstd, Protobuf, Frame, HTML, JWT, Next:
		return false
	}
	_, known := styles[k]
	return known
}

// Known reports whether k is an encoding.
func (k Kind) Known() bool {
	_, known := styles[k]
	return known
}
