package folder

import (
	"bytes"
	"strconv"

	"github.com/starling-load/starling/model"
)

// sessions writes the tables of recorded sessions and of their acts. A zero value is
// an empty field.
func (e *encoder) sessions(list []model.Session) {
	var sessions, acts bytes.Buffer
	appendRow(&sessions, sessionColumns)
	appendRow(&acts, actColumns)
	var after []byte
	for i := range list {
		s := &list[i]
		appendRow(&sessions, []string{s.User, s.Behavior, s.Browser, seconds(s.Start)})
		for k := range s.Acts {
			a := &s.Acts[k]
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
				some(a.Conn), some(a.Row), some(a.Status)})
		}
	}
	e.files = append(e.files, file{dataFolder + sessionsFile, sessions.Bytes()}, file{dataFolder + actsFile, acts.Bytes()})
}

// some returns a number, "" for 0.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
