package folder

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
)

// sessions writes the tables of recorded sessions and of their acts. A zero value is
// an empty field. A last column is left out where no row has a value in it.
func (e *encoder) sessions(list []model.Session) {
	var sessions, acts bytes.Buffer
	ofSession, ofAct := len(sessionColumns)-1, len(actColumns)-1
	if slices.ContainsFunc(list, func(s model.Session) bool { return s.Begun }) {
		ofSession++
	}
	if slices.ContainsFunc(list, func(s model.Session) bool { return len(s.Entry) > 0 }) {
		ofAct++
	}
	appendRow(&sessions, sessionColumns[:ofSession])
	appendRow(&acts, actColumns[:ofAct])
	var after []byte
	for i := range list {
		s := &list[i]
		appendRow(&sessions, []string{s.User, s.Behavior, s.Browser, seconds(s.Start), account(s.Account), mark(s.Begun)}[:ofSession])
		for k, a := range slices.Concat(s.Entry, s.Acts) {
			entry := k < len(s.Entry)
			if !entry {
				k -= len(s.Entry)
			}
			after = after[:0]
			for _, w := range a.After {
				if len(after) > 0 {
					after = append(after, ' ')
				}
				after = strconv.AppendInt(after, int64(w)+1, 10)
			}
			delay := ""
			if a.Delay != 0 {
				delay = seconds(a.Delay)
			}
			appendRow(&acts, []string{strconv.Itoa(i + 1), strconv.Itoa(k + 1), a.Endpoint, a.Variant, string(after), delay, a.Strand,
				some(a.Conn), some(a.Row), some(a.Status), takes(a.Takes), a.Step, a.Outcome, some(a.Poll), echoes(a.Echoes), mark(entry)}[:ofAct])
		}
	}
	e.files = append(e.files, file{dataFolder + sessionsFile, sessions.Bytes()}, file{dataFolder + actsFile, acts.Bytes()})
}

// account writes values of columns.
func account(list []model.Field) string {
	pairs := make([]string, len(list))
	for i, f := range list {
		pairs[i] = url.QueryEscape(f.Ref) + "=" + url.QueryEscape(f.Value)
	}
	return strings.Join(pairs, "&")
}

// mark writes yes, or nothing.
func mark(set bool) string {
	if set {
		return yes
	}
	return ""
}

// some returns a number, "" for 0.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// takes writes where the values of an act come from.
func takes(list []model.Take) string {
	var b []byte
	for i, t := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		switch t.Act {
		case model.Own:
			b = append(b, '-')
			continue
		case model.Latest:
			b = append(b, '.')
			continue
		}
		b = strconv.AppendInt(b, int64(t.Act)+1, 10)
		if t.Source != 0 || t.Match != 0 {
			b = append(b, '.')
			b = strconv.AppendInt(b, int64(t.Source)+1, 10)
		}
		if t.Match != 0 {
			b = append(b, '.')
			b = strconv.AppendInt(b, int64(t.Match)+1, 10)
		}
		if t.Element != 0 {
			b = append(b, '~')
			b = strconv.AppendInt(b, int64(t.Element), 10)
		}
	}
	return string(b)
}

// elements writes the table of elements of lists: a row for the value and for each text.
func (e *encoder) elements(list []model.Element) {
	var b bytes.Buffer
	appendRow(&b, elementColumns)
	for i := range list {
		row := func(is, text string) { appendRow(&b, []string{strconv.Itoa(i + 1), is, text}) }
		row(elementValue, list[i].Value)
		own := elementOwn
		if list[i].All {
			own = elementAll
		}
		for _, t := range list[i].Own {
			row(own, t)
		}
		for _, o := range list[i].Others {
			row(elementOther, o.Text)
			row(otherValue, o.Value)
		}
	}
	e.files = append(e.files, file{dataFolder + elementsFile, b.Bytes()})
}

// echoes writes what an answer shows of earlier acts.
func echoes(list []model.Echo) string {
	var b []byte
	for i, e := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(e.Act)+1, 10)
		if e.Room > 0 {
			b = append(b, '.')
			b = strconv.AppendInt(b, int64(e.Room), 10)
		}
		b = append(b, ':')
		b = append(b, url.PathEscape(e.Place)...)
	}
	return string(b)
}
