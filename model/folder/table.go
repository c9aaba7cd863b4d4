package folder

import (
	"bytes"
	"fmt"
	"strings"
)

// The tables in data/ are comma separated values after RFC 4180 with a header line.
// Reading gives back every byte that was written, since recorded form fields contain
// line breaks. (encoding/csv would turn "\r\n" within quotes into "\n".)

// appendTable appends header and rows to buf.
func appendTable(buf *bytes.Buffer, header []string, rows [][]string) {
	appendRow(buf, header)
	for _, row := range rows {
		appendRow(buf, row)
	}
}

func appendRow(buf *bytes.Buffer, row []string) {
	for i, field := range row {
		if i > 0 {
			buf.WriteByte(',')
		}
		// Without quotes, a row of one empty field would be a blank line, and a
		// byte order mark at the beginning of the file would be lost.
		if strings.ContainsAny(field, "\",\r\n\ufeff") || len(row) == 1 && field == "" {
			buf.WriteByte('"')
			buf.WriteString(strings.ReplaceAll(field, `"`, `""`))
			buf.WriteByte('"')
		} else {
			buf.WriteString(field)
		}
	}
	buf.WriteByte('\n')
}

// A tableError says where and why a file is not a table.
type tableError struct {
	line   int
	reason string
}

func (e *tableError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// parseTable splits data into the header and the rows, see eachRow.
func parseTable(data []byte) (header []string, rows [][]string, err error) {
	err = eachRow(data, func(_ int, row []string) bool {
		if header == nil {
			header = row
		} else {
			rows = append(rows, row)
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	return header, rows, nil
}

// eachRow calls f for the header and for every row of data, with its line, until
// f returns false. All rows have as many fields as the header. A byte order mark,
// "\r\n" and blank lines, as spreadsheets write them, are accepted. The error is
// a *tableError.
func eachRow(data []byte, f func(line int, row []string) bool) error {
	text := strings.TrimPrefix(string(data), "\ufeff")
	fields := 0
	for line := 1; text != ""; {
		if rest, blank := cutBreak(text); blank {
			text = rest
			line++
			continue
		}
		row, rest, lines, err := parseRow(text, line)
		if err != nil {
			return err
		}
		if fields == 0 {
			fields = len(row)
		} else if len(row) != fields {
			return &tableError{line, fmt.Sprintf("%d fields, but the header has %d", len(row), fields)}
		}
		if !f(line, row) {
			return nil
		}
		text = rest
		line += lines
	}
	if fields == 0 {
		return &tableError{1, "the file is empty: the first line must name the columns"}
	}
	return nil
}

// parseRow reads the row at the beginning of text and returns what follows it
// and how many lines it took.
func parseRow(text string, line int) (row []string, rest string, lines int, err error) {
	for {
		var field string
		if strings.HasPrefix(text, `"`) {
			var ok bool
			if field, text, ok = cutQuoted(text[1:]); !ok {
				return nil, "", 0, &tableError{line + lines, `a quote is not closed`}
			}
			lines += strings.Count(field, "\n")
		} else {
			end := strings.IndexAny(text, ",\n")
			if end < 0 {
				end = len(text)
			}
			if end > 0 && (end == len(text) || text[end] == '\n') && text[end-1] == '\r' {
				end--
			}
			field, text = text[:end], text[end:]
			if strings.Contains(field, `"`) {
				return nil, "", 0, &tableError{line + lines, `a quote within a field that does not begin with one: write "…""…"`}
			}
		}
		row = append(row, field)
		if rest, over := cutBreak(text); over || text == "" {
			return row, rest, lines + 1, nil
		}
		if text[0] != ',' {
			return nil, "", 0, &tableError{line + lines, `text after a closing quote`}
		}
		text = text[1:]
	}
}

// cutQuoted returns the field up to the closing quote, with doubled quotes
// made single, and what follows.
func cutQuoted(text string) (field, rest string, ok bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, `"`)
		if !found {
			return "", "", false
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		text = after[1:]
	}
}

// cutBreak removes a line break from the beginning of text, if there is one.
func cutBreak(text string) (rest string, found bool) {
	if rest, found = strings.CutPrefix(text, "\n"); found {
		return rest, true
	}
	return strings.CutPrefix(text, "\r\n")
}
