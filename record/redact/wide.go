package redact

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// wideText reports whether data is text in UTF-16, by its mark, by the parameters of its
// media type, or because every second byte is zero. mark is the length of the mark.
func wideText(data []byte, parameters string) (l layer, mark int, ok bool) {
	switch {
	case len(data) < 4:
		return 0, 0, false
	case data[0] == 0xff && data[1] == 0xfe:
		return layerLittle, 2, true
	case data[0] == 0xfe && data[1] == 0xff:
		return layerBig, 2, true
	}
	head := data[:min(len(data), 64)&^1]
	even, odd := 0, 0
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	parameters = strings.ToLower(parameters)
	named := strings.Contains(parameters, "utf-16")
	switch enough := len(head) / 2 * 3 / 4; {
	case named && strings.Contains(parameters, "utf-16le"), even == 0 && len(head) >= 16 && odd >= enough, named && odd > even:
		return layerLittle, 0, true
	case named, odd == 0 && len(head) >= 16 && even >= enough:
		return layerBig, 0, true
	}
	return 0, 0, false
}

// order is the order of the bytes of a layer of UTF-16.
func (l layer) order() binary.ByteOrder {
	if l == layerLittle {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// wide decodes the first character of b, which is UTF-16.
func wide(l layer, b []byte) (out [4]byte, k, n int) {
	if len(b) < 2 {
		return [4]byte{b[0]}, 1, 1
	}
	r, n := rune(l.order().Uint16(b)), 2
	if utf16.IsSurrogate(r) {
		low := rune(0)
		if len(b) >= 4 {
			low = rune(l.order().Uint16(b[2:]))
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			n = 4
		}
	}
	k = utf8.EncodeRune(out[:], r)
	return out, k, n
}

// putWide writes a character in UTF-16 over another one of the same length.
func putWide(l layer, b, now []byte) {
	r, _ := utf8.DecodeRune(now)
	units := utf16.Encode([]rune{r})
	if r == utf8.RuneError || len(b) != 2*len(units) {
		return
	}
	for i, u := range units {
		l.order().PutUint16(b[2*i:], u)
	}
}
