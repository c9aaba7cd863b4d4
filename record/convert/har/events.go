package har

import (
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// An eventMessage is a server-sent event as Chrome writes it.
type eventMessage struct {
	Time unixSeconds `json:"time"` // Unix time, or since another moment
	Name loose.Text  `json:"eventName"`
	ID   loose.Text  `json:"eventId"`
	Data loose.Text  `json:"data"`
}

// events reads server-sent events. Where their times are of another clock than that of
// the entry, the first of them comes with the first byte.
func events(f *flow.Flow, list loose.List[eventMessage]) {
	var shift time.Duration
	for i := range list {
		at, ok := loose.Seconds(string(list[i].Time))
		if since := at.Sub(f.Start); i == 0 && ok && (since < 0 || since > 24*time.Hour) {
			shift = f.FirstByte - since
		}
		m := flow.Message{Kind: flow.MessageEvent, At: f.FirstByte}
		if ok {
			m.At = max(at.Sub(f.Start)+shift, 0)
		}
		m.Data = list[i].block()
		m.Size = int64(len(m.Data))
		f.Messages = append(f.Messages, m)
		f.Done = max(f.Done, m.At)
	}
}

// block returns the lines of the event (WHATWG HTML, section 9.2.6).
func (e *eventMessage) block() []byte {
	var lines []string
	if e.Name != "" && e.Name != "message" {
		lines = append(lines, "event: "+string(e.Name))
	}
	if e.ID != "" {
		lines = append(lines, "id: "+string(e.ID))
	}
	for line := range strings.SplitSeq(string(e.Data), "\n") {
		lines = append(lines, "data: "+line)
	}
	return []byte(strings.Join(lines, "\n"))
}

// eventOf returns an event as Chrome writes it.
func eventOf(start time.Time, m *flow.Message) eventMessage {
	e := eventMessage{Time: message(start, m).Time, Name: "message"}
	var data []string
	for line := range strings.SplitSeq(string(m.Data), "\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			e.Name = loose.Text(value)
		case "id":
			e.ID = loose.Text(value)
		case "data":
			data = append(data, value)
		}
	}
	e.Data = loose.Text(strings.Join(data, "\n"))
	return e
}
