package cmd

import (
	"errors"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// usersFound is what flow stat --users says. Its JSON keys are stable.
type usersFound struct {
	Users     int            `json:"users"`
	Sessions  int            `json:"sessions"`
	RestsOn   map[string]int `json:"rests_on"` // users by the evidence that tells them apart
	Thin      int            `json:"thin"`     // users that nothing names
	ByConn    int            `json:"by_connection"`
	ByAddress int            `json:"by_address"`
	Joined    int            `json:"joined_by_odds"` // times that a user went on where another may have come
	Pooled    int            `json:"pooled_connections"`
	Shared    []string       `json:"shared"`
	Robots    int            `json:"robots"`
	Pollers   int            `json:"pollers"`
	Idle      float64        `json:"idle_s"` // pause that ends a session
	CutStart  int            `json:"cut_start"`
	CutEnd    int            `json:"cut_end"`

	lines []string // the same in sentences
}

// findUsers finds the users of a recording. It passes over what is damaged.
func findUsers(o flowfile.ReaderOptions, path string) (*usersFound, error) {
	conns, found := &session.Conns{}, &usersFound{}
	o.ReuseBodies, o.Conn = true, conns.Add
	var r session.Report
	err := session.Find(func(yield func(*flow.Flow, error) bool) {
		for f, err := range o.Flows(path) {
			if errors.As(err, new(*flowfile.CorruptError)) {
				continue
			}
			if !yield(f, err) {
				return
			}
		}
	}, session.Options{Every: true, Conns: conns, Report: &r}, func(session.Visit) error {
		found.Sessions++
		return nil
	})
	if err != nil {
		return nil, err
	}
	found.Users, found.RestsOn, found.Thin, found.ByConn, found.ByAddress = r.Users, r.Rests, r.Thin, r.ByConn, r.ByAddress
	found.Joined, found.Pooled, found.Shared, found.CutStart, found.CutEnd = r.Joined, r.Pooled, append([]string{}, r.Shared...), r.CutStart, r.CutEnd
	found.Idle = r.Idle.Seconds()
	found.Robots, found.Pollers, found.lines = r.Apart[session.Robot], r.Apart[session.Poller], r.Lines()
	return found, nil
}
