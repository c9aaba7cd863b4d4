package content

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/protobuf"
)

// isGRPC reports whether a body consists of frames of gRPC with messages of protobuf.
func isGRPC(media string) bool {
	kind, form, _ := strings.Cut(media, "+")
	return (kind == grpcMedia || kind == grpcWebMedia || kind == grpcWebText) && form != "json"
}

// isWebText reports whether the frames of a body are written as Base64.
func isWebText(media string) bool {
	kind, _, _ := strings.Cut(media, "+")
	return kind == grpcWebText
}

func isProtobuf(media string) bool {
	switch media {
	case "application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf", "application/proto":
		return true
	}
	return false
}

// protobufMessages returns the messages of a body.
func protobufMessages(body []byte, media string) [][]byte {
	if !isGRPC(media) {
		return [][]byte{body}
	}
	if isWebText(media) {
		body = webText(body)
	}
	var out [][]byte
	for len(body) >= 5 && len(out) < maxItems {
		size := int64(binary.BigEndian.Uint32(body[1:]))
		if size > int64(len(body)-5) {
			break
		}
		message := body[5 : 5+size]
		switch body[0] {
		case 0:
			out = append(out, message)
		case 1:
			if plain, whole := codec.Inflate(message, "gzip"); whole {
				out = append(out, plain)
			}
		}
		body = body[5+size:]
	}
	return out
}

// protobuf adds the values of messages.
func (g *gatherer) protobuf(prefix string, body []byte, media string) {
	for _, m := range protobufMessages(body, media) {
		protobuf.Walk(m, func(path []int, value string) {
			if len(g.out) < maxLeaves {
				g.add(prefix+"proto:"+protobuf.Path(path), value)
			}
		})
	}
}

// protobufValues returns the values at a path in a body.
func protobufValues(body []byte, media, path string) []string {
	var out []string
	for _, m := range protobufMessages(body, media) {
		protobuf.Walk(m, func(at []int, value string) {
			if len(out) < maxItems && protobuf.Path(at) == path {
				out = append(out, value)
			}
		})
	}
	return out
}

// protobuf adds the message of a request, or of one frame of gRPC, as text, and the
// values within it.
func (s *spanner) protobuf(in *region, media string) bool {
	kinds := []codec.Kind{codec.Protobuf}
	message := in.text
	if isGRPC(media) {
		kinds = append(kinds, codec.Frame)
		ok := true
		if isWebText(media) {
			kinds = append(kinds, codec.Base64)
			message, ok = codec.Decode(codec.Base64, message)
		}
		if ok {
			message, ok = codec.Decode(codec.Frame, message)
		}
		if !ok {
			return false
		}
	}
	text, ok := codec.Decode(codec.Protobuf, message)
	if !ok || len(text) > s.nested {
		return false
	}
	s.nested -= len(text)
	s.out = append(s.out, Span{Leaf: Leaf{"body:*", text}, Place: InText, End: len(in.text), Kinds: kinds})
	inner := region{text: text, place: InText, pos: itself, within: len(s.out), parent: len(s.out), depth: 1}
	protobuf.WalkText(text, func(path []int, start, end int, quoted bool) {
		var kinds []codec.Kind
		if quoted {
			kinds = append(kinds, codec.JSON)
		}
		s.add(&inner, "body:*|proto:"+protobuf.Path(path), start, end, kinds...)
	})
	return true
}

// outlineProtobuf reads the nesting of the messages of a body. A place in it is the number of
// the values and messages before.
func outlineProtobuf(body []byte, media string, celled bool) *outline {
	o := newOutline(celled)
	n, left := 0, 0 // left are nodes that are not kept
	step := func() { n++; o.place(n) }
	for _, m := range protobufMessages(body, media) {
		protobuf.Visit(m, protobuf.Visitor{
			Value: func(path []int, value string) {
				step()
				name := strconv.Itoa(path[len(path)-1])
				o.value(n, name+"=", value)
				o.cell(name, value)
			},
			Enter: func() {
				if left > 0 || !o.enter(n+1) {
					left++
				}
				step()
			},
			Leave: func() {
				if left > 0 {
					left--
				} else {
					o.leave()
				}
			},
		})
	}
	return o
}

// findProtobuf finds the values at the path of a selector.
func (f *finder) findProtobuf() {
	n := 0
	for _, m := range protobufMessages(f.b, f.d.Media()) {
		protobuf.Visit(m, protobuf.Visitor{
			Enter: func() { n++ },
			Value: func(path []int, value string) {
				if n++; protobuf.Path(path) == f.name && len(f.out) < maxItems {
					f.add(n, value)
				}
			},
		})
	}
}
