package redact

import "bytes"

// maxHeader is the length of the longest first line of a table in text, in bytes.
const maxHeader = 4096

// A csvTable is a table in text (RFC 4180), whose first line names the columns.
type csvTable struct {
	comma   byte
	columns []class
	column  int // of the next field
}

// csv walks a table in text. It reports false if no column is that of a secret.
func (w *walker) csv(data []byte, declared bool) bool {
	t, n := w.csvTable(data, declared)
	if n == 0 {
		return false
	}
	w.csvRows(&t, data[n:])
	return true
}

// csvTable reads the first line of a table, and returns its length with its end. declared
// says that the media type is that of tables; otherwise the line has to look like names.
// The length is 0 if no column is that of a secret.
func (w *walker) csvTable(data []byte, declared bool) (t csvTable, n int) {
	line := data[:min(len(data), maxHeader)]
	if n = bytes.IndexByte(line, '\n') + 1; n == 0 {
		return t, 0
	}
	line = line[:n-1]
	if t.comma = delimiterOf(line); t.comma == 0 && !declared {
		return t, 0
	}
	secret := false
	for at := 0; at <= len(line) && len(t.columns) < maxColumns; {
		start, end, next := csvField(line, at, t.comma)
		name := bytes.TrimSpace(line[start:end])
		if !declared && !nameLike(name) {
			return t, 0
		}
		c := plain
		if len(name) > 0 {
			c = w.scope.field(name)
		}
		if !declared {
			c = min(c, loose)
		}
		secret = secret || c >= likely
		t.columns = append(t.columns, c)
		at = next
	}
	if !secret || n >= len(data) || !declared && (len(t.columns) < 2 || csvFields(data[n:], t.comma) != len(t.columns)) {
		return t, 0
	}
	return t, n
}

// csvRows walks rows of a table, or pieces of them that follow each other.
func (w *walker) csvRows(t *csvTable, data []byte) {
	for at := 0; at < len(data); {
		start, end, next := csvField(data, at, t.comma)
		c := plain
		if t.column < len(t.columns) {
			c = t.columns[t.column]
		}
		if value := bytes.Trim(data[start:end], " \t\r"); c > plain || len(value) > 5 {
			w.field(c, value)
		}
		if at = next; next <= len(data) {
			if t.column++; data[next-1] == '\n' {
				t.column = 0
			}
		}
	}
}

// delimiterOf returns the character between the names of a first line, or 0.
func delimiterOf(line []byte) byte {
	best, most := byte(0), 0
	for _, c := range []byte(",;\t|") {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// csvField returns the bounds of the field at offset at, without its quotes, and the offset
// behind the character that ends it.
func csvField(b []byte, at int, comma byte) (start, end, next int) {
	if at < len(b) && b[at] == '"' {
		for end = at + 1; end < len(b); end++ {
			if b[end] == '"' {
				if end+1 >= len(b) || b[end+1] != '"' {
					break
				}
				end++
			}
		}
		next = min(end+1, len(b))
		for next < len(b) && b[next] != comma && b[next] != '\n' {
			next++
		}
		return at + 1, end, next + 1
	}
	for end = at; end < len(b) && b[end] != comma && b[end] != '\n'; end++ {
	}
	return at, end, end + 1
}

// csvFields returns the number of fields of the first line of b.
func csvFields(b []byte, comma byte) int {
	for at, n := 0, 1; ; n++ {
		_, _, next := csvField(b, at, comma)
		if next > len(b) || b[next-1] == '\n' || n > maxColumns {
			return n
		}
		at = next
	}
}

// nameLike reports whether b looks like the name of a column.
func nameLike(b []byte) bool {
	if len(b) > 40 {
		return false
	}
	for _, c := range b {
		if !isWord(c) && c != ' ' && c != '.' && c < 0x80 {
			return false
		}
	}
	return true
}
