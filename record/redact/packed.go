package redact

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
)

// packingOf returns the coding by which data is compressed without saying so, by its first
// bytes: "gzip" (RFC 1952), "zlib" (RFC 1950) or "".
func packingOf(data []byte) string {
	switch {
	case len(data) < 12:
	case data[0] == 0x1f && data[1] == 0x8b && data[2] == 8 && data[3]&0xe0 == 0:
		return "gzip"
	case data[0] == 0x78 && (data[1] == 1 || data[1] == 0x5e || data[1] == 0x9c || data[1] == 0xda):
		return "zlib"
	}
	return ""
}

// compressed walks compressed data that cannot change its length. It reports false if data
// is not compressed.
func (w *walker) compressed(data []byte) bool {
	coding := packingOf(data)
	if coding == "" {
		return false
	}
	content, whole := w.codec.inflate(data, coding)
	if len(content) == 0 || len(content) >= maxDecoded {
		return false
	}
	outer := w.changed
	w.changed = false
	w.depth++
	w.content(content, "")
	w.depth--
	if w.changed && w.maker != nil {
		w.codec.refit(data, content, coding, whole)
	}
	w.changed = w.changed || outer
	return true
}

// refit compresses content into the bytes of data. What is left over of them becomes a
// comment. If there are too few bytes, or content was cut, the content is kept out.
func (c *codec) refit(data, content []byte, coding string, whole bool) {
	for _, keep := range [][]byte{content, nil} {
		var out bytes.Buffer
		if coding == "zlib" {
			z, _ := zlib.NewWriterLevel(&out, zlib.BestCompression) // fails only for unknown levels
			z.Write(keep)                                           // a bytes.Buffer never fails
			z.Close()
		} else {
			c.best(&out, keep, 0)
			if spare := len(data) - out.Len(); spare > 0 {
				out.Reset()
				c.best(&out, keep, spare)
			}
		}
		if whole && out.Len() <= len(data) || keep == nil {
			clear(data[copy(data, out.Bytes()):])
			return
		}
	}
}

// best writes content with gzip. A comment takes so many bytes more.
func (c *codec) best(out *bytes.Buffer, content []byte, comment int) {
	z, _ := gzip.NewWriterLevel(out, gzip.BestCompression) // fails only for unknown levels
	if comment > 1 {                                       // and the zero behind it; one byte is left over as it is
		z.Comment = string(bytes.Repeat([]byte{' '}, comment-1))
	}
	z.Write(content)
	z.Close()
}
