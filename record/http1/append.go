package http1

import "strconv"

// AppendRequestLine appends the first line of a request. A character that would end the
// line becomes a space. The other append functions do the same.
func AppendRequestLine(b []byte, method, target, version string) []byte {
	b = append(appendLine(b, method), ' ')
	b = append(appendLine(b, target), ' ')
	return append(appendLine(b, version), "\r\n"...)
}

// AppendStatusLine appends the first line of a response. status is from 100 to 999.
func AppendStatusLine(b []byte, version string, status int, reason string) []byte {
	b = append(appendLine(b, version), ' ')
	b = append(strconv.AppendInt(b, int64(status), 10), ' ')
	return append(appendLine(b, reason), "\r\n"...)
}

// AppendField appends a field.
func AppendField(b []byte, name, value string) []byte {
	b = append(appendLine(b, name), ": "...)
	return append(appendLine(b, value), "\r\n"...)
}

// AppendEnd appends the empty line that ends a head or a trailer section.
func AppendEnd(b []byte) []byte { return append(b, "\r\n"...) }

// AppendChunk appends data as one chunk. It appends nothing if data is empty, since an
// empty chunk ends the body.
func AppendChunk(b, data []byte) []byte {
	if len(data) == 0 {
		return b
	}
	b = append(strconv.AppendUint(b, uint64(len(data)), 16), "\r\n"...)
	return append(append(b, data...), "\r\n"...)
}

// AppendLastChunk appends the chunk that ends a body. Trailer fields may follow, and
// then AppendEnd.
func AppendLastChunk(b []byte) []byte { return append(b, "0\r\n"...) }

// appendLine appends text with a space for each CR, LF and NUL (RFC 9110, section 5.5).
func appendLine(b []byte, text string) []byte {
	for {
		i := 0
		for i < len(text) && text[i] != '\r' && text[i] != '\n' && text[i] != 0 {
			i++
		}
		b = append(b, text[:i]...)
		if i == len(text) {
			return b
		}
		b = append(b, ' ')
		text = text[i+1:]
	}
}
