package replay

import (
	"fmt"
	"net/url"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

// Single returns the source that sends one request in a loop, without pause:
// a GET of rawURL. With a rate, each arrival is one request; with fixed users,
// each user repeats it on its connection until the run ends.
func Single(rawURL string, p Plan) (Source, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse URL: %w", err)
	}
	s := &single{origins: p.Origins(""), endless: p.Users > 0}
	s.act = Act{
		Endpoint: "GET " + u.EscapedPath(),
		Request: client.Request{Keep: -1, Request: flow.Request{
			Method: "GET", Target: u.RequestURI(),
			Headers: flow.Headers{{Name: "User-Agent", Value: "starling"}, {Name: "Accept", Value: "*/*"}},
		}},
	}
	if u.Path == "" {
		s.act.Endpoint = "GET /"
	}
	return s, nil
}

// single is the Source of one request.
type single struct {
	origins []Origin
	act     Act
	endless bool
}

// Session implements Source.
func (s *single) Session(_, _ uint64) Session { return &loop{source: s} }

// Origins implements Source.
func (s *single) Origins() []Origin { return s.origins }

// A loop is a Session that repeats an act.
type loop struct {
	source *single
	made   int
}

// Next implements Session.
func (l *loop) Next(over *Answer) []Act {
	if over != nil && !l.source.endless {
		return nil
	}
	a := l.source.act
	a.ID = l.made
	l.made++
	return []Act{a}
}

// Fill implements Session. It does nothing: the request is complete.
func (l *loop) Fill(*Act) {}
