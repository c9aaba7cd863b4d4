package codec

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// MaxText is the length in bytes up to which a content coding is removed.
const MaxText = 8 << 20

// Inflate removes one content coding ("gzip", "deflate", "br", "zstd"; RFC 9110,
// section 8.4.1; "" and "identity" are none) and returns at most MaxText bytes. whole
// is false if data is cut, broken or longer than that, or the coding is not known;
// body then holds what could be decoded.
func Inflate(data []byte, coding string) (body []byte, whole bool) {
	var r io.Reader
	switch coding {
	case "", "identity":
		return data[:min(len(data), MaxText)], len(data) <= MaxText
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, false
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
			return nil, false
		}
		defer z.Close()
		r = z
	default:
		return nil, false
	}
	out, bad := readAll(r, min(4*len(data), MaxText)+bytes.MinRead)
	if len(out) > MaxText {
		return out[:MaxText], false
	}
	return out, !bad
}

// readAll reads r to its end, but at most MaxText+1 bytes. out takes no more memory
// than that. size is the number of bytes to expect.
func readAll(r io.Reader, size int) (out []byte, bad bool) {
	const most = MaxText + 1
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

// compress applies a content coding. Equal texts give equal bytes. A write to a
// buffer cannot fail.
func compress(k Kind, s string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	switch k {
	case Gzip:
		w = gzip.NewWriter(&b)
	case Deflate:
		w = zlib.NewWriter(&b)
	case Brotli:
		w = brotli.NewWriterLevel(&b, brotli.DefaultCompression)
	default:
		z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return ""
		}
		w = z
	}
	if _, err := io.WriteString(w, s); err != nil {
		return ""
	}
	if err := w.Close(); err != nil {
		return ""
	}
	return b.String()
}
